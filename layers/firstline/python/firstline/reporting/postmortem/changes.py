"""Changes to the runbook or the policy that an incident suggests (R42), by step or key."""

from collections.abc import Iterator

from firstline.actions.restart_parent import RESTART_PARENT
from firstline.config.channels import channel
from firstline.diagnosis.evidence import HostReport
from firstline.ledger.entries import PageDelivered, PlanAnswered, PlanProposed, ResponseMeasured
from firstline.reporting.events import events
from firstline.reporting.postmortem.choices import denials_by_guard
from firstline.reporting.postmortem.fixes import Fix
from firstline.reporting.postmortem.formatting import list_names, pluralise
from firstline.reporting.postmortem.incident_facts import IncidentFacts
from firstline.reporting.postmortem.record import Record, host_reports
from firstline.reporting.postmortem.report import Advice, Choice, advice
from firstline.signal import Condition

DENIALS_MIN = 3
"""A guard with so many denials, and without a fix that passed, is reported."""
PROFILE_KEYS: dict[str, str] = {
    "action_is_allowed": "[[actions]] autonomy",
    "attempts_are_left": "[policy] attempts_per_target_max",
    "breaker_is_closed": "[policy] failed_fixes_max",
    "budget_is_left": "[policy] budget_percent",
    "cooldown_is_over": "[policy] cooldown_seconds",
    "healthy_floor_stays": "[policy] healthy_floor_percent",
    "mode_enforces": "the deployment's mode",
    "no_deployment_in_progress": "[policy] freeze_seconds",
    "no_storm": "[policy] storm_scopes_max",
    "serving_host_stays": "[fleet] concurrent_instances_safe",
    "nothing_is_unsaved": "[fleet] restarts_can_lose_vaults",
}
"""The profile's key that decides a guard's answer."""
RESPONSE_STEPS = {"P1": "R01", "P2": "R02", "P3": "R03", "P4": "R04"}

BY_CONDITION: dict[str, tuple[str, ...]] = {
    Condition.USER_AFFECTED: (
        "R26 idle vaults are not evicted: the least recently used one is, when memory is short",
        "R24 vault processes run inside the enclave: a host's list shows none",
    ),
    Condition.MEMORY_PRESSURE: (
        "R27 most of a host's memory is the enclave's: watch the enclave's reserved memory",
        "R30 the eviction's limits are built into the image: a change is a release",
    ),
    Condition.KMS_THROTTLING: (
        "R32 KMS is called only at unlocks: there is no attestation frequency to set",
        "R34 the supervisor has no key cache: the step does not apply",
    ),
    Condition.NATS_DISCONNECTED: (
        "R16 the hosts have no nats command: test the port, and use the end-to-end probe",
        "R37 expired credentials look like a closed port: check their expiry too",
    ),
}
"""Where the runbook and a fleet of this kind disagree, whatever happened."""


def changes(
    record: Record, facts: IncidentFacts, fixed: tuple[Fix, ...], made: tuple[Choice, ...]
) -> tuple[Advice, ...]:
    """Each once, those that this incident showed first."""
    if not facts.opened:
        return ()
    suggestions = (
        *_units(record),
        *_gentler(fixed),
        *_late(record),
        *_denied(made, fixed),
        *_unanswered(record),
        *_unaccepted_pages(record),
        *map(advice, BY_CONDITION.get(facts.condition, ())),
    )
    return tuple(dict.fromkeys(suggestions))


def _units(record: Record) -> Iterator[Advice]:
    """A unit that is active while its enclave is gone: the runbook's look would call it well."""
    hosts = [
        host
        for host, report in host_reports(record)
        if isinstance(report, HostReport)
        and (report.enclave_unit, report.enclave_state) == ("active", "none")
    ]
    if hosts:
        fact = f"on {list_names(hosts)} the enclave's unit was active while no enclave ran"
        yield Advice("R15", f"{fact}: list the enclaves, a unit's state is no proof")


def _gentler(fixed: tuple[Fix, ...]) -> Iterator[Advice]:
    helped = [each.target for each in fixed if each.action == RESTART_PARENT.name and each.helped]
    if helped:
        fact = f"a restart of the parent alone helped on {list_names(helped)}"
        yield Advice("R17", f"{fact}: it keeps vaults unlocked, so it comes first")


def _late(record: Record) -> Iterator[Advice]:
    late = {each.severity: each for each in events(record, ResponseMeasured) if not each.met}
    for severity, it in sorted(late.items()):
        yield Advice(
            RESPONSE_STEPS.get(severity, "R01"),
            f"response after {it.seconds} s; the target is {it.target_seconds} s:"
            " find out what delayed the page",
        )


def _denied(made: tuple[Choice, ...], fixed: tuple[Fix, ...]) -> Iterator[Advice]:
    """Guards that stopped every fix; a guard that stopped a wrong one did its work."""
    if any(each.sent for each in fixed):
        return
    for guard, (why, times) in denials_by_guard(made).items():
        if times >= DENIALS_MIN:
            fact = f"{guard} stopped every fix, {pluralise(times, 'time')}: {why}"
            yield Advice(PROFILE_KEYS.get(guard, "docs/GUARDS.md"), fact)


def _unanswered(record: Record) -> Iterator[Advice]:
    proposed = [each for each in events(record, PlanProposed) if each.approvable]
    if proposed and not any(events(record, PlanAnswered)):
        fact = f"no answer to the request for {list_names(each.action for each in proposed)}"
        yield Advice(
            "[policy] approval_seconds",
            f"{fact}: check the time limit, and whether the request was read",
        )


def _unaccepted_pages(record: Record) -> Iterator[Advice]:
    keys = [
        each.key
        for each in events(record, PageDelivered)
        if each.outcome == "pending" and channel(each.channel).awaited
    ]
    if keys:
        yield Advice("R44", f"a page needed retries: {list_names(keys)}")
