import copy
from datetime import datetime
from typing import Any

import pytest

from firstline.diagnosis.evidence import (
    AlarmReading,
    AlarmState,
    Group,
    HostEvidence,
    HostHistory,
    TargetHealth,
    Unknown,
)
from firstline.ids import InstanceId
from firstline.incidents.incident import Incident, Target
from firstline.ledger.chain import Kind
from firstline.ledger.entries import HostsInspected, HostsVerified
from firstline.remediation.execution import Answer, Pending
from firstline.remediation.update import FleetObservation, IncidentUpdate, apply_observation
from firstline.signal import Condition
from tests.builders import (
    ALARM,
    NOW,
    OK,
    PROFILE,
    A,
    B,
    C,
    ago,
    balancer,
    evidence,
    group,
    host,
    hosts,
    incident,
    look,
    report,
    saying,
    target,
    targets,
)
from tests.remediation.situations import limits

UNREAD, MENDED = Unknown("throttled"), target(A, verified=9)
UP, DOWN = saying(report(up=True)), saying(report())
ENTERED = HostHistory(in_service_at=NOW)
BROKEN = saying(Unknown("the command ended as Failed"), "Failed")


def learnt(held: Incident, *, fleet: str = "runbook", **seen: object) -> IncidentUpdate:
    """The update by one observation, by default of a firing alarm and of dead hosts."""
    values: dict[str, Any] = {"evidence": evidence(hosts=held.hosts), "limits": limits()} | seen
    bare = copy.replace(PROFILE, fleet=copy.replace(PROFILE.fleet, target_group=""))
    return apply_observation(
        held, FleetObservation(**values), PROFILE if fleet == "runbook" else bare, NOW
    )


@pytest.mark.parametrize(
    ("held", "seen", "scope"),
    [
        (incident(targets=(), hosts={}), group(B, A), targets(A, B)),
        (incident(targets=(), hosts={}), group(A, C, lifecycle="Pending"), ()),
        (incident(), UNREAD, targets()),
        (incident(), group(A, B, C, lifecycle="Pending"), ()),
        (
            incident(targets=(target(A, verified=9),), hosts={}),
            group(A, C),
            (target(A, verified=9), target(C, history=ENTERED)),
        ),
        # the group was empty for a while: it is not read for the first time
        (incident(targets=()), group(B, A), targets(A, B, history=ENTERED)),
        (incident(targets=(target(A), target(B, verified=9))), group(A), targets(A)),
        (incident(scope=B), group(A, B, C), targets(B)),
        (incident(scope=B), group(A, C), ()),
        (incident(condition=Condition.UNCLASSIFIED, targets=()), group(A), ()),
    ],
)
def test_the_scope_follows_the_group(
    held: Incident, seen: Group | Unknown, scope: tuple[Target, ...]
) -> None:
    """I13: the hosts in service now, with their known state; an unread group changes nothing.

    A later host has its own start; of hosts at the first reading the start is unknown.
    """
    unread = evidence(group=seen, target_health=UNREAD)
    assert learnt(held, evidence=unread).incident.targets == scope


@pytest.mark.parametrize(
    ("alarm", "last", "readings", "read_at"),
    [
        (OK, ago(10), 3, NOW),
        (OK, None, 3, NOW),
        (OK, ago(9), 2, ago(9)),
        (ALARM, ago(10), 0, None),
        (AlarmReading(AlarmState.INSUFFICIENT_DATA), ago(10), 0, None),
        (UNREAD, ago(10), 0, None),
    ],
)
def test_only_an_alarm_that_is_ok_adds_to_the_row(
    alarm: AlarmReading | Unknown,
    last: datetime | None,
    readings: int,
    read_at: datetime | None,
) -> None:
    """I4: no data is never recovery, and two wakes at once are one reading."""
    held = incident(clear_readings=2, clear_read_at=last)
    after = learnt(held, evidence=evidence(alarm=alarm)).incident
    assert (after.clear_readings, after.clear_read_at) == (readings, read_at)


@pytest.mark.parametrize(
    "answers",
    [None, {}, {A: DOWN, B: DOWN}, {A: DOWN, B: DOWN, C: Pending()}],
)
def test_a_look_is_read_when_all_have_answered(answers: dict[InstanceId, Answer] | None) -> None:
    """Until then, and within its time, nothing is taken in."""
    held = incident(look=look(), hosts={})
    after = learnt(held, look=answers)
    assert after == IncidentUpdate(held)


def test_a_look_that_all_have_answered_is_taken_in_at_once() -> None:
    """Each report is as old as the look, and the ledger has them all."""
    held = incident(look=look(), hosts=hosts(A, age=500))
    after = learnt(held, look={A: DOWN, B: UP, C: BROKEN})
    assert after.incident.look is None
    assert after.incident.hosts == {
        A: HostEvidence(report(), ago(10)),
        B: HostEvidence(report(up=True), ago(10)),
        C: HostEvidence(Unknown("the command ended as Failed"), ago(10)),
    }
    (event,) = after.events
    assert isinstance(event, HostsInspected)
    assert (event.action, event.token) == ("look_host", "c" * 32)
    found: Any = event.to_ledger()["hosts"]
    assert found[A]["enclave_state"] == "none"
    assert found[C] == {"type": "unknown", "why": "the command ended as Failed"}


@pytest.mark.parametrize("answers", [None, {A: UP}, {A: UP, B: Pending(), C: Pending()}])
def test_silence_is_the_answer_after_the_time_of_a_look(
    answers: dict[InstanceId, Answer] | None,
) -> None:
    """A host that says nothing is unknown, and its silent looks are counted."""
    held = incident(look=look(until=0), targets=targets(silent=1), hosts={})
    after = learnt(held, look=answers).incident
    silent = {each.id: each.silent for each in after.targets}
    assert silent == ({A: 0, B: 2, C: 2} if answers else {A: 2, B: 2, C: 2})
    assert after.hosts[B] == HostEvidence(Unknown("no answer in time"), ago(10))


@pytest.mark.parametrize(
    ("fleet", "health", "readings"),
    [
        ("runbook", balancer("healthy"), {A: 2, B: 0, C: 1}),
        ("runbook", UNREAD, {A: 0, B: 0, C: 1}),
        ("without a load balancer", UNREAD, {A: 2, B: 0, C: 1}),
    ],
)
def test_a_good_reading_needs_every_reader_of_the_fleet(
    fleet: str, health: object, readings: dict[object, int]
) -> None:
    """I23: a host that was not looked at keeps the readings that it has."""
    held = incident(look=look(A, B), targets=targets(readings=1))
    seen = evidence(target_health=health)
    after = learnt(held, fleet=fleet, evidence=seen, look={A: UP, B: DOWN}).incident
    assert {each.id: each.readings for each in after.targets} == readings


def test_a_host_that_left_while_it_was_looked_at_is_no_target() -> None:
    """Its answer is kept as evidence alone."""
    held = incident(look=look(A, B), targets=targets(A, B))
    after = learnt(held, evidence=evidence(group=group(A)), look={A: UP, B: UP}).incident
    assert [each.id for each in after.targets] == [A]
    assert B in after.hosts


def test_a_target_is_verified_at_k_and_dead_again_when_it_is_proven() -> None:
    """Each change of what is verified is news."""
    held = incident(
        look=look(A),
        targets=(target(A, readings=2), target(B, verified=60), target(C, verified=60)),
        hosts={B: host(age=9), C: host(up=True)},
    )
    seen = evidence(target_health=TargetHealth({A: "healthy", B: "unhealthy", C: "healthy"}))
    after = learnt(held, evidence=seen, look={A: UP})
    assert {each.id: each.verified_at for each in after.incident.targets} == {
        A: NOW,
        B: None,
        C: ago(60),
    }
    assert [each for each in after.events if each.kind is Kind.VERIFICATION] == [
        HostsVerified(verified=(A,), doubted=(B,), readings_needed=3),
    ]
    assert after.finished_attempt is None
