"""Many hosts that are lost at once: what they share is suspect, and none of them is."""

import copy
from datetime import timedelta

import pytest

from firstline.diagnosis.diagnose import CRITERIA, diagnose_host, lost_with_others
from firstline.diagnosis.evidence import (
    Answering,
    Connections,
    Evidence,
    HostEvidence,
    HostHistory,
    UnitDetail,
    Unknown,
)
from firstline.diagnosis.failure_domains import Domain
from firstline.diagnosis.health_checks import Criteria, HostHealth
from firstline.diagnosis.probe_outcome import ProbeOutcome
from firstline.ids import InstanceId
from tests.builders import (
    AGE_MAX,
    FLEET,
    NOW,
    A,
    B,
    C,
    ago,
    evidence,
    group,
    host,
    impaired,
    report,
)

D = InstanceId("i-0a1b2c3d4e5f60714")
UNREAD = Unknown("throttled")
QUIET = host(found=Unknown("no answer in time"))
CUT_OFF = HostEvidence(report(up=True, parent_healthy=False, parent_nats_connected=False), NOW)
PROBED = Answering(answers=False, at=NOW, outcome=ProbeOutcome.TIMEOUT)


def unheard(*since: tuple[InstanceId, float | None], size: int = 4) -> Evidence:
    """These hosts of the first *size* do not answer looks, each since so many seconds."""
    histories = {
        id_: HostHistory(silent_at=None if age is None else ago(age)) for id_, age in since
    }
    hosts = {id_: QUIET for id_, _ in since}
    return evidence(group=group(*(A, B, C, D)[:size]), hosts=hosts, histories=histories)


@pytest.mark.parametrize(
    ("seen", "many"),
    [
        # at least two
        (unheard((A, 60), size=1), False),
        (unheard((A, 60), size=2), False),
        (unheard((A, 60), (B, 60), size=2), True),
        # at least half of those in service
        (unheard((A, 60), (B, 60), size=3), True),
        (unheard((A, 60), (B, 60), size=4), True),
        (unheard((A, 60), size=3), False),
        (
            copy.replace(
                unheard((A, 60), (B, 60)),
                group=group(A, B, C, D, InstanceId("i-0a1b2c3d4e5f60715")),
            ),
            False,
        ),
        # within two minutes, either way
        (unheard((A, 60), (B, 180), size=2), True),
        (unheard((A, 180), (B, 60), size=2), True),
        (unheard((A, 60), (B, 181), size=2), False),
        (unheard((A, 181), (B, 60), size=2), False),
        # one that nobody saw begin has begun now
        (unheard((A, None), (B, None), size=2), True),
        (unheard((A, None), (B, 120), size=2), True),
        (unheard((A, None), (B, 121), size=2), False),
        # the host itself must be among them
        (unheard((B, 60), (C, 60), size=3), False),
        (unheard((A, 600), (B, 60), (C, 60), size=3), False),
        # one that is not in service is not
        (copy.replace(unheard((A, 60), (B, 60)), group=group(B, C)), False),
        (copy.replace(unheard((A, 60), (B, 60)), group=group(A, C)), False),
        (copy.replace(unheard((A, 60), (B, 60)), group=UNREAD), False),
    ],
)
def test_how_many_hosts_lost_at_once_are_many(seen: Evidence, *, many: bool) -> None:
    """Half or more and at least two, within 120 seconds of this one."""
    assert lost_with_others(A, Domain.SSM, seen, AGE_MAX) is many


@pytest.mark.parametrize(
    ("hosts", "connections", "many"),
    [
        ({}, Connections({A: "ConnectionLost", B: "ConnectionLost"}), True),
        ({}, Connections({A: "ConnectionLost", B: "Online"}), False),
        ({B: QUIET}, Connections({A: "ConnectionLost"}), True),
        ({B: host()}, Connections({A: "ConnectionLost"}), False),
        ({A: QUIET, B: copy.replace(QUIET, at=ago(121))}, UNREAD, False),
    ],
)
def test_a_host_is_unheard_of_by_a_look_or_by_its_connection(
    hosts: dict[InstanceId, HostEvidence], connections: Connections | Unknown, *, many: bool
) -> None:
    """Silence that is old is no silence now."""
    seen = evidence(group=group(A, B), hosts=hosts, connections=connections)
    assert lost_with_others(A, Domain.SSM, seen, AGE_MAX) is many


@pytest.mark.parametrize(
    ("seen", "many"),
    [
        (evidence(hosts={A: CUT_OFF, B: CUT_OFF}), True),
        (evidence(hosts={A: CUT_OFF, B: host(up=True), C: host(up=True)}), False),
        # the probe's silence is of every host that does not report itself dead
        (evidence(answering=PROBED), True),
        (evidence(answering=PROBED, hosts={B: host(), C: host()}), False),
        (evidence(answering=PROBED, hosts={B: host(up=True), C: host()}), True),
        (evidence(answering=PROBED, hosts={A: host()}), False),
        (evidence(answering=PROBED, hosts={A: CUT_OFF, B: host(), C: host()}), False),
        (evidence(answering=copy.replace(PROBED, outcome=ProbeOutcome.FAILED)), False),
    ],
)
def test_which_hosts_have_lost_nats(seen: Evidence, *, many: bool) -> None:
    """A host whose own report is dead would not answer the probe, whatever NATS does."""
    assert lost_with_others(A, Domain.NATS, seen, AGE_MAX) is many


def test_hosts_that_lost_nats_far_apart_are_not_many() -> None:
    """The incident saw each of them begin."""
    histories = {A: HostHistory(nats_lost_at=ago(300)), B: HostHistory(nats_lost_at=ago(420))}
    hosts = {A: CUT_OFF, B: CUT_OFF}
    seen = evidence(group=group(A, B), hosts=hosts, histories=histories)
    assert lost_with_others(A, Domain.NATS, seen, AGE_MAX)
    apart = histories | {B: HostHistory(nats_lost_at=ago(421))}
    assert not lost_with_others(A, Domain.NATS, copy.replace(seen, histories=apart), AGE_MAX)


def test_a_host_is_dead_for_this_count_by_the_fleets_own_criteria() -> None:
    """One that loops beyond a short allowance does not answer the probe for its own reasons."""
    detail = UnitDetail(sub="auto-restart", starting_seconds=120)
    loops = report(up=True, parent_unit="activating", parent_unit_detail=detail)
    seen = evidence(answering=PROBED, group=group(A, B), hosts={B: HostEvidence(loops, NOW)})
    short = Criteria(boot_allowance=timedelta(seconds=60))
    assert lost_with_others(A, Domain.NATS, seen, AGE_MAX, CRITERIA)
    assert not lost_with_others(A, Domain.NATS, seen, AGE_MAX, short)


def test_an_answer_that_shares_nothing_is_never_discounted() -> None:
    """EC2's own status checks are of each instance by itself."""
    assert not lost_with_others(A, None, unheard((A, 60), (B, 60), size=2), AGE_MAX)


LOST = Connections(dict.fromkeys(FLEET, "ConnectionLost"))


@pytest.mark.parametrize(
    ("connections", "life"),
    [(Connections({A: "ConnectionLost"}), HostHealth.DEAD), (LOST, HostHealth.UNKNOWN)],
)
def test_a_connection_that_many_lost_at_once_counts_for_nothing(
    connections: Connections, life: HostHealth
) -> None:
    """The fact is kept, and proves nothing."""
    page = evidence(connections=connections, instance_statuses=impaired(A), target_health=UNREAD)
    verdict = diagnose_host(A, page, AGE_MAX)
    assert (verdict.health, len(verdict.dead)) == (life, 2)


def test_a_probe_without_answers_counts_only_with_dead_hosts() -> None:
    """One silent NATS is one cause for three silent hosts."""
    unreadable = {"target_health": UNREAD, "answering": PROBED}
    alone = evidence(instance_statuses=impaired(A), **unreadable)
    assert diagnose_host(A, alone, AGE_MAX).health is HostHealth.UNKNOWN
    beside = evidence(instance_statuses=impaired(A), hosts={B: host(), C: host()}, **unreadable)
    assert diagnose_host(A, beside, AGE_MAX).health is HostHealth.DEAD
