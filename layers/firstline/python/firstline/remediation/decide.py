"""Decide: from a situation to the next step, with its whole reasoning.

The rules stand in the order of the runbook, and the first that has something to say decides:
bound the effort; let what is under way end; judge the fix; close; look; fix; confirm; wait, and
not for ever.
A decision to wait carries its reasons like any other.
"""

from collections.abc import Callable

from firstline.remediation.decision import Decision
from firstline.remediation.rules import fixing, handing_over, looking, raising, recovering, waiting
from firstline.remediation.situation import Situation

RULES: tuple[Callable[[Situation], Decision | None], ...] = (
    handing_over.not_known_here,
    handing_over.went_astray,
    handing_over.outgrown,
    raising.short_group,
    handing_over.bounded,
    recovering.storm_gathers,
    waiting.fix_not_found,
    looking.fix_under_way,
    looking.look_under_way,
    handing_over.alarm_gone,
    looking.fix_to_verify,
    fixing.refresh_to_cancel,
    recovering.recovered,
    waiting.group_not_whole,
    handing_over.no_hosts,
    handing_over.silent_hosts,
    looking.hosts_to_look_at,
    looking.approved_to_confirm,
    handing_over.nothing_to_watch,
    fixing.next_fix,
    fixing.more_capacity,
    handing_over.beyond_mending,
    looking.targets_to_confirm,
    recovering.alarm_to_clear,
)
"""The rules in the order of asking."""


def decide(situation: Situation) -> Decision:
    """The next step of *situation*. Pure: the same situation gives the same decision."""
    for rule in RULES:
        decision = rule(situation)
        if decision is not None:
            return handing_over.later(decision, situation)
    return handing_over.later(waiting.watch(situation), situation)
