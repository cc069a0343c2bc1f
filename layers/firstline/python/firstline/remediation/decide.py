"""Decide: from a situation to the next step, with the whole reasoning.

The rules are in the order of the runbook, and the first that returns a decision wins: bound the
effort; wait for running work; judge the fix; close; look; fix; confirm; wait, within a limit. A
decision to wait has its reasons like any other.

The answer of every guard is part of the entry.
"""

from collections.abc import Callable

from firstline.remediation.decision import Decision
from firstline.remediation.rules import escalate, fix, look, raise_severity, resolve, wait
from firstline.remediation.situation import Situation

RULES: tuple[Callable[[Situation], Decision | None], ...] = (
    escalate.action_unknown,
    escalate.wrong_refresh,
    escalate.incident_too_large,
    raise_severity.short_group,
    escalate.limit_reached,
    resolve.storm_gathering,
    wait.fix_not_found,
    look.fix_under_way,
    look.look_under_way,
    escalate.alarm_deleted,
    look.fix_to_verify,
    fix.refresh_to_cancel,
    resolve.recovered,
    wait.group_incomplete,
    escalate.no_hosts,
    escalate.silent_hosts,
    look.hosts_to_look_at,
    look.approved_to_confirm,
    escalate.no_alarm,
    fix.next_fix,
    fix.more_capacity,
    escalate.not_repairable,
    look.targets_to_confirm,
    resolve.alarm_to_clear,
)
"""The rules in order of precedence."""


def decide(situation: Situation) -> Decision:
    """The next step of *situation*. Pure: the same situation gives the same decision."""
    for rule in RULES:
        decision = rule(situation)
        if decision is not None:
            return escalate.delay_escalation(decision, situation)
    return escalate.delay_escalation(wait.watch(situation), situation)
