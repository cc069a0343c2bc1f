"""Hypothesis strategies: arbitrary incidents and situations, more often plausible than not."""

import copy
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st

from firstline.config.profile import ActionPolicy
from firstline.diagnosis.evidence import (
    AlarmReading,
    AlarmState,
    Group,
    HostEvidence,
    Instance,
    InstanceStatus,
    InstanceStatuses,
    TargetHealth,
    Unknown,
)
from firstline.ids import CommandId, Digest, InstanceId, Token
from firstline.incidents.incident import Attempt, Incident, Look, Outcome, Page, Status, Target
from firstline.remediation.kill_switch import OFF, KillSwitch
from firstline.remediation.limits import AttemptRecord, Lease, Limits
from firstline.remediation.situation import Situation
from firstline.signal import Condition, Severity
from tests import builders as make
from tests.builders import ALARM_ARN, FLEET, ID, NOW, OTHER, PROFILE
from tests.remediation import situations as situated

CALM = settings(derandomize=True, deadline=None)
"""The same examples in every run, for as long as they take on a busy machine."""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
"""Any value that JSON has, shallow."""

STRANGER = InstanceId("i-0fffffffffffffff9")
UNKNOWN = st.just(Unknown("throttled"))
ids = st.sampled_from((*FLEET, STRANGER))
ages = st.integers(-300, 8000) | st.sampled_from((0, 5, 10, 30, 59, 60, 119, 120, 121, 180, 7200))
instants = ages.map(lambda age: NOW - timedelta(seconds=age))
tokens = st.sampled_from([Token(f"{n:032x}") for n in range(4)])


def maybe[T](strategy: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    """What *strategy* gives, or None."""
    return st.none() | strategy


reports = st.builds(
    make.report,
    up=st.booleans(),
    parent_unit=st.sampled_from(("active", "failed", "unknown")),
    parent_healthy=maybe(st.booleans()),
)
host_evidence = st.builds(HostEvidence, reports | reports | UNKNOWN, instants)
hosts = st.dictionaries(ids, host_evidence)
targets = st.lists(
    st.builds(
        Target,
        ids,
        readings=st.integers(0, 4),
        silent=st.integers(0, 4),
        verified_at=maybe(instants),
    ),
    unique_by=lambda each: each.id,
    max_size=4,
).map(tuple)
attempts = st.builds(
    Attempt,
    token=tokens,
    action=st.sampled_from(("restart_enclave", "restart_parent")),
    target=ids,
    plan=st.just(Digest("b" * 64)),
    fence=st.integers(0, 9),
    intended_at=instants,
    not_after=instants,
    lease_until=instants,
    command=maybe(st.just(CommandId("command-1"))),
    outcome=maybe(st.sampled_from(Outcome)),
    answered_at=maybe(instants),
    helped=maybe(st.booleans()),
).map(lambda each: each if each.answered_at else copy.replace(each, outcome=None))
"""An answer has its outcome and its time at once."""
looks = st.builds(
    Look,
    token=tokens,
    targets=st.lists(ids, unique=True, min_size=1).map(tuple),
    intended_at=instants,
    until=instants,
    command=maybe(st.just(CommandId("command-2"))),
)
pages = st.builds(
    Page,
    key=st.sampled_from((ID, f"{ID}:escalated")),
    action=st.sampled_from(("trigger", "resolve")),
    severity=st.sampled_from(Severity),
    summary=st.text(max_size=20),
    details=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2),
    queued_at=instants,
    due_at=instants,
    tries=st.integers(0, 3),
    sent_at=maybe(instants),
)


INCIDENT: dict[str, st.SearchStrategy[object]] = {
    "condition": st.sampled_from(Condition),
    "severity": st.sampled_from(Severity),
    "status": st.sampled_from(Status),
    "alarm_arn": st.sampled_from((ALARM_ARN, ALARM_ARN, "")),
    "opened_at": instants,
    "ended_at": maybe(instants),
    "targets": targets,
    "hosts": hosts,
    "clear_readings": st.integers(0, 4),
    "clear_read_at": maybe(instants),
    "recovered_at": maybe(instants),
    "returned_at": maybe(instants),
    "short_since": maybe(instants),
    "look": looks,
    "look_singly": st.booleans(),
    "attempts": st.lists(attempts, max_size=3).map(tuple),
    "pages": st.lists(pages, max_size=3).map(tuple),
    "wakes": st.integers(0, 401),
    "next_wake_at": maybe(instants),
}


@st.composite
def surprises(
    draw: st.DrawFn, facts: dict[str, st.SearchStrategy[object]], at_most: int
) -> dict[str, object]:
    """Some of *facts*, each arbitrary; whatever is left out is as the builders have it."""
    chosen = draw(st.sets(st.sampled_from(sorted(facts)), max_size=at_most))
    return {each: draw(facts[each]) for each in sorted(chosen)}


HISTORIES: tuple[dict[str, object], ...] = (
    {},
    {"targets": make.targets(verified=60), "clear_readings": 3},
    {"status": Status.VERIFYING, "attempts": (make.answered(60),)},
    {"targets": make.targets(verified=900), "clear_readings": 3, "recovered_at": make.ago(890)},
    {"condition": Condition.CAPACITY, "severity": Severity.P3, "short_since": make.ago(600)},
)


@st.composite
def incidents(draw: st.DrawFn) -> Incident:
    """Incidents in any state, also in ones that no history leads to."""
    at_most = draw(st.sampled_from((1, 3, len(INCIDENT))))
    history = draw(st.sampled_from(HISTORIES))
    return make.incident(**history | draw(surprises(INCIDENT, at_most)))


groups = st.builds(
    Group,
    desired=st.integers(0, 4),
    instances=st.lists(
        st.builds(
            Instance,
            ids,
            st.sampled_from(("InService", "InService", "Terminating")),
            st.sampled_from(("Healthy", "Unhealthy")),
        ),
        unique_by=lambda each: each.id,
        max_size=4,
    ).map(tuple),
)
healths = st.builds(
    TargetHealth, st.dictionaries(ids, st.sampled_from(("healthy", "unhealthy", "draining")))
)
statuses = st.builds(
    InstanceStatuses,
    st.dictionaries(
        ids,
        st.builds(
            InstanceStatus,
            st.sampled_from(("running", "running", "stopped", "terminated")),
            st.dictionaries(
                st.sampled_from(("system", "instance", "attached EBS")),
                st.sampled_from(("ok", "impaired", "initializing", "insufficient-data")),
            ),
        ),
    ),
)
leases = st.builds(
    Lease,
    group=st.just("group"),
    fence=st.integers(0, 9),
    holder=st.sampled_from((None, ID, OTHER)),
    until=maybe(instants),
    spent=st.lists(
        st.builds(AttemptRecord, tokens, st.just("restart_enclave"), ids, instants), max_size=3
    ).map(tuple),
)
limits = st.builds(
    Limits,
    leases,
    st.sampled_from(
        (
            OFF,
            situated.switch("everything"),
            situated.switch("complete-outage"),
            situated.switch("everything", ends=1),
            KillSwitch(pauses=(), unreadable="corrupt"),
        )
    ),
)
profiles = st.sampled_from(
    (
        PROFILE,
        situated.policy(attempts_per_target_max=9, verify_readings=1),
        copy.replace(PROFILE, ladders=()),
        copy.replace(PROFILE, actions=(ActionPolicy(name="restart_enclave", autonomy="approve"),)),
    )
)


EVIDENCE: dict[str, st.SearchStrategy[object]] = {
    "alarm": UNKNOWN | st.builds(AlarmReading, st.sampled_from(AlarmState)),
    "group": UNKNOWN | groups,
    "target_health": UNKNOWN | healths,
    "instance_statuses": UNKNOWN | statuses,
}
AROUND: dict[str, st.SearchStrategy[object]] = {
    "limits": UNKNOWN | limits,
    "profile": profiles,
    "mode": st.just("dry-run"),
}


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Situations whose diagnosis follows from their evidence, as in reconcile."""
    seen = make.evidence(**draw(surprises(EVIDENCE, 2)))
    return situated.situation(
        incident=draw(incidents()), evidence=seen, **draw(surprises(AROUND, 2))
    )
