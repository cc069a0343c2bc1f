"""A replacement is judged by what it launched, which first boots and then has its own time."""

import copy
from typing import Any

import pytest

from firstline.diagnosis.evidence import Group, HostHistory, Instance, Unknown
from firstline.ids import InstanceId
from firstline.incidents.incident import Attempt, Incident, Target
from firstline.remediation.update import FleetObservation, IncidentUpdate, apply_observation
from tests.builders import (
    NOW,
    PROFILE,
    A,
    B,
    C,
    ago,
    answered,
    evidence,
    group,
    look,
    report,
    saying,
    target,
    verifying,
)
from tests.remediation.situations import limits, situation

UNREAD = Unknown("throttled")
TIMEOUT = int(PROFILE.verify_timeout("replace_instance").total_seconds())


def replaced(seconds: float, **fields: Any) -> Attempt:  # noqa: ANN401 - as `attempt`
    """`A` was replaced so many seconds ago; the group had no other host."""
    return answered(seconds, **{"action": "replace_instance", "known": (A,)} | fields)


def listed(*in_service: InstanceId, pending: str = "") -> Group:
    """One host is wanted: these are in service, and `C` is in another lifecycle state."""
    there = tuple(Instance(each, "InService", "Healthy") for each in in_service)
    other = (Instance(C, pending, "Healthy"),) if pending else ()
    return Group(desired=1, instances=there + other)


def learnt(held: Incident, seen: Group | Unknown, **fields: Any) -> IncidentUpdate:  # noqa: ANN401 - as Observation
    """The update by this group."""
    read = evidence(group=seen, target_health=UNREAD, hosts=held.hosts)
    return apply_observation(
        held, FleetObservation(evidence=read, limits=limits(), **fields), PROFILE, NOW
    )


def entered(seconds: float, id_: InstanceId = B) -> Target:
    """A target that came into service so many seconds ago."""
    return target(id_, history=HostHistory(in_service_at=ago(seconds)))


@pytest.mark.parametrize(
    ("current", "seen", "waits"),
    [
        # nothing came of it in time
        (replaced(TIMEOUT - 1), listed(), True),
        (replaced(TIMEOUT), listed(), False),
        # what boots is waited for
        (replaced(9 * TIMEOUT), listed(pending="Pending"), True),
        (replaced(9 * TIMEOUT), listed(pending="Pending:Wait"), True),
        (replaced(TIMEOUT), listed(pending="Terminating"), False),
        (replaced(TIMEOUT), UNREAD, False),
        # what boots beside a restart is none of its doing
        (answered(TIMEOUT, target=A), listed(A, pending="Pending"), False),
    ],
)
def test_an_instance_that_boots_keeps_a_replacement_from_being_judged(
    current: Attempt, seen: Group | Unknown, *, waits: bool
) -> None:
    """However long it takes; it has not even begun to answer."""
    after = learnt(verifying(current, targets=(), hosts={}), seen).incident
    assert after.attempts[-1].helped is (None if waits else False)


@pytest.mark.parametrize(
    ("targets", "waits"),
    [
        ((entered(TIMEOUT - 1),), True),
        ((entered(TIMEOUT),), False),
        ((entered(9 * TIMEOUT), entered(1, C)), True),
        # those that were there from the first reading have no time of their own
        ((target(B),), False),
    ],
)
def test_a_host_that_came_later_has_its_own_verify_time(
    targets: tuple[Target, ...], *, waits: bool
) -> None:
    """Counted from when it was in service, and not from the order to launch it."""
    held = verifying(replaced(9 * TIMEOUT), targets=targets, hosts={})
    after = learnt(held, listed(*(each.id for each in targets))).incident
    assert after.attempts[-1].helped is (None if waits else False)


def test_a_host_that_came_before_the_answer_gives_a_fix_no_less_time() -> None:
    """The later of both counts."""
    held = verifying(replaced(TIMEOUT - 1), targets=(entered(3 * TIMEOUT),), hosts={})
    assert learnt(held, listed(B)).incident.attempts[-1].helped is None


def test_the_replacement_of_a_host_is_a_target() -> None:
    """Of an incident about one host: what was launched since its first replacement."""
    held = verifying(replaced(60, known=(A, B)), targets=(target(A),), hosts={}, scope=A)
    once = learnt(held, listed(A, B, C)).incident
    assert [each.id for each in once.targets] == [A, C]
    earlier = copy.replace(replaced(9 * TIMEOUT), helped=False)
    twice = copy.replace(held, attempts=(earlier, *held.attempts))
    assert [each.id for each in learnt(twice, listed(B, C)).incident.targets] == [B, C]


def test_the_only_host_of_a_group_is_replaced() -> None:
    """The group is empty for a while; the next host is new, and is awaited."""
    held = verifying(replaced(9 * TIMEOUT), targets=(target(A),))
    empty = learnt(held, listed(pending="Pending")).incident
    assert empty.targets == ()
    after = learnt(empty, listed(C)).incident
    assert after.targets == (target(C, history=HostHistory(in_service_at=NOW)),)
    assert after.attempts[-1].helped is None
    assert situation(incident=after).progressed_at == NOW


def test_a_refresh_has_the_time_for_one_more_with_each_host_that_is_back() -> None:
    """Counted from the last that came in."""
    current = replaced(9 * TIMEOUT, action="refresh_fleet", hosts=(A,))
    back = copy.replace(target(B, verified=1), history=HostHistory(in_service_at=ago(TIMEOUT)))
    held = verifying(current, targets=(back, target(A)), hosts={})
    seen = Group(desired=2, instances=group(A, B).instances)
    assert learnt(held, seen).incident.attempts[-1].helped is None
    late = copy.replace(back, history=HostHistory(in_service_at=ago(2 * TIMEOUT)))
    held = copy.replace(held, targets=(late, target(A)))
    assert learnt(held, seen).incident.attempts[-1].helped is False


def test_a_look_records_since_when_a_host_is_silent() -> None:
    """A host's history stays until the next look."""
    held = verifying(replaced(60), look=look(B), targets=(target(B),), hosts={})
    silent = learnt(held, listed(B), look={B: saying(UNREAD, "Failed")}).incident
    assert silent.targets[0].history == HostHistory(silent_at=NOW)
    known = situation(incident=silent).evidence
    assert known.histories == {B: HostHistory(silent_at=NOW)}
    received = copy.replace(silent, look=look(B))
    back = learnt(received, listed(B), look={B: saying(report(up=True))}).incident
    assert back.targets[0].history == HostHistory()
