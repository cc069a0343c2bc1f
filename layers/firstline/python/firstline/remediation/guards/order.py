"""The guards in their order. The list in ``docs/GUARDS.md`` is generated from this."""

from firstline.incidents import approvals
from firstline.remediation.guards import (
    alarm_state,
    attestation,
    authority,
    blast_radius,
    history,
    surroundings,
)
from firstline.remediation.guards.guard import Answer, Guard
from firstline.remediation.plan import Plan
from firstline.remediation.situation import Situation

ALL_GUARDS: tuple[Guard, ...] = (
    authority.mode_enforces,
    authority.switch_is_off,
    authority.action_is_allowed,
    alarm_state.alarm_still_fires,
    surroundings.dependency_is_well,
    surroundings.no_storm,
    surroundings.no_alarm_is_suppressed,
    surroundings.region_is_healthy,
    surroundings.calendar_is_open,
    surroundings.no_finding_on_target,
    surroundings.group_launches,
    attestation.kms_is_calm,
    blast_radius.targets_are_ours,
    blast_radius.target_is_proven_dead,
    blast_radius.budget_is_left,
    blast_radius.healthy_floor_stays,
    blast_radius.serving_host_stays,
    blast_radius.target_is_unprotected,
    blast_radius.nothing_is_unsaved,
    blast_radius.one_fix_at_a_time,
    history.attempts_are_left,
    history.cooldown_is_over,
    history.breaker_is_closed,
    surroundings.no_refresh_in_progress,
    attestation.key_is_usable,
    surroundings.no_deployment_in_progress,
    attestation.no_image_is_built,
    attestation.image_agrees,
)


def ask_guards(plan: Plan, situation: Situation) -> tuple[Answer, ...]:
    """Every guard's answer: one denial stops *plan*, and all are recorded.

    An approval of the plan overrides exactly the unknowns that the proposal named.
    """
    known = approvals.overridden_guards(situation.incident.proposals, plan.hash, situation.now)
    return tuple(_answer(guard, plan, situation, known) for guard in ALL_GUARDS)


def _answer(guard: Guard, plan: Plan, situation: Situation, known: frozenset[str]) -> Answer:
    denial = guard(plan, situation)
    overridden = denial is not None and denial.unknown and guard_name(guard) in known
    return Answer(guard_name(guard), denial, overridden)


def guard_name(guard: Guard) -> str:
    """The guard's name in the ledger: its function's name."""
    return guard.__name__
