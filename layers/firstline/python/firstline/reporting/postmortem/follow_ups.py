"""Follow-ups (R41): proposals to prevent a recurrence. firstline does none of them."""

from collections.abc import Iterator

from firstline.diagnosis.health_checks import FailureMode
from firstline.incidents.incident import Status
from firstline.ledger.entries import HostsVerified, PlanProposed
from firstline.reporting.events import events
from firstline.reporting.postmortem.cause import known_failures
from firstline.reporting.postmortem.fixes import Fix, by_action
from firstline.reporting.postmortem.formatting import list_names
from firstline.reporting.postmortem.health import FleetKnowledge
from firstline.reporting.postmortem.incident_facts import IncidentFacts
from firstline.reporting.postmortem.record import Record, host_reports
from firstline.reporting.postmortem.report import Advice, advice
from firstline.signal import Condition

BY_FAILURE: dict[FailureMode, str] = {
    FailureMode.ENCLAVE_GONE: (
        "R40 find out why the enclave ended: the kernel's and the allocator's log"
    ),
    FailureMode.ENCLAVE_SILENT: (
        "R40 find out why the enclave did not answer: the parent's log before the start, and load"
    ),
    FailureMode.PARENT_DOWN: (
        "R40 find out why the parent ended: its unit's exit status and last lines"
    ),
    FailureMode.NATS_LOST: (
        "R35 find out why the parent did not reconnect while NATS was reachable"
    ),
    FailureMode.CREDENTIALS_ENDED: (
        "R41 renew the NATS credentials before they expire; an alarm watches the remaining days"
    ),
    FailureMode.IMAGE_MISMATCH: "R21 publish an image, its PCR0 and the key's policy in one step",
    FailureMode.KMS_REFUSES: (
        "R31 find out who changed the key's state or policy, and enforce it by a check"
    ),
    FailureMode.UNIT_MASKED: (
        "R40 find out who masked the unit, and why: it does not start while masked"
    ),
    FailureMode.UNIT_STOPPED: (
        "R40 find out who stopped the unit, and why: it does not start by itself"
    ),
    FailureMode.UNIT_INVALID: "R40 find out which deployment left a unit that systemd cannot load",
    FailureMode.HOST_LOST: (
        "R46 look for a failure of the hardware in AWS's notices for these hosts"
    ),
    FailureMode.UNKNOWN: "R40 find out what failed: no health check detects it, so one is missing",
}
"""The follow-up for each failure mode."""

BY_CONDITION: dict[str, tuple[str, ...]] = {
    Condition.MEMORY_PRESSURE: (
        "R28 compare vault processes with memory over weeks: a leak or growth",
    ),
    Condition.KMS_THROTTLING: ("R33 compare the rate of unlocks with the account's KMS quota",),
    Condition.CAPACITY: ("R46 name a second instance type or subnet for the group to launch in",),
    Condition.API_ERRORS: ("R19 find which route failed: the API's access log by status",),
    Condition.DEGRADED_LATENCY: (
        "R19 find what was slow: the percentiles of each part on the way",
    ),
    Condition.SECURITY_FINDING: (
        "R45 keep the host's evidence until the security team has answered",
    ),
    Condition.NATS_DISCONNECTED: (
        "R36 look for a restart or a lost leader of the NATS cluster at the start",
    ),
}


def follow_ups(
    record: Record, facts: IncidentFacts, worst: FleetKnowledge | None, fixed: tuple[Fix, ...]
) -> tuple[Advice, ...]:
    """Each once, the most relevant first; an escalation's own steps are in the guidance."""
    if not facts.opened:
        return ()
    proposals = (
        *(advice(BY_FAILURE[each]) for each in known_failures(worst.diagnosis if worst else None)),
        *map(advice, BY_CONDITION.get(facts.condition, ())),
        *_locked(fixed),
        *_unhelpful(fixed),
        *_relapsed(record),
        *_unanswered(record),
        *_unsaved(record),
        *_observed(facts),
    )
    return tuple(dict.fromkeys(proposals))


def _locked(fixed: tuple[Fix, ...]) -> Iterator[Advice]:
    hosts = [host for each in fixed if each.sent for host in each.vaults]
    if hosts:
        text = (
            f"expect slow unlocks for minutes: vaults on {list_names(hosts)} need their users' PIN"
        )
        yield Advice("R41", text)


def _unhelpful(fixed: tuple[Fix, ...]) -> Iterator[Advice]:
    for action, targets in by_action(fixed, helped=False).items():
        yield Advice("R41", f"find out why {action} did not help on {list_names(targets)}")


def _relapsed(record: Record) -> Iterator[Advice]:
    doubted = [host for each in events(record, HostsVerified) for host in each.doubted]
    if doubted:
        text = f"consider replacing {list_names(doubted)}: it failed again after it was verified"
        yield Advice("R18", text)


def _unanswered(record: Record) -> Iterator[Advice]:
    for each in events(record, PlanProposed):
        if not each.approvable:
            text = f"decide on {each.action} of {each.target}, which was recommended"
            yield Advice("R41", text)


def _unsaved(record: Record) -> Iterator[Advice]:
    hosts = [host for host, it in host_reports(record) if getattr(it, "restart_blockers", None)]
    if hosts:
        yield Advice(
            "R41",
            f"find the vaults that were not stored on {list_names(hosts)}: a restart loses it",
        )


def _observed(facts: IncidentFacts) -> Iterator[Advice]:
    if facts.outcome == Status.SELF_RECOVERED:
        text = f"check whether {facts.subject} flaps: its threshold or a fix is missing"
        yield Advice("R41", text)
