"""The digest: minor incidents go to the team on the next business day, in one message (R04)."""

import copy
from datetime import timedelta

import pytest

from firstline.config.business_day import BusinessDay
from firstline.config.profile import Profile, Rule
from firstline.controller.ports.messaging import Wake
from firstline.controller.reconcile import reconcile
from firstline.controller.sweep import SWEEP_DURATION_MAX, SweepResult, sweep
from firstline.errors import DependencyUnavailable, InvariantViolation
from firstline.ids import IncidentId
from firstline.incidents.incident import Status
from firstline.ledger.chain import Kind
from firstline.signal import Severity
from tests.builders import PROFILE
from tests.controller.rig import START, ZERO, Rig, later, raising
from tests.events import EVENTS

UNLADDERED = copy.replace(PROFILE, ladders=())
MORNING = START.replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=1)
THROTTLED = (EVENTS / "cloudtrail.kms-throttled.json").read_bytes()


def minor(profile: Profile = UNLADDERED, *events: bytes) -> Rig:
    """A rig that receives P4s at night, by default two; nothing is sent yet."""

    def low(rule: Rule) -> Rule:
        return copy.replace(rule, severity=Severity.P4)

    rig = Rig(profile=copy.replace(profile, rules=tuple(map(low, profile.rules))))
    for each in events or (ZERO, THROTTLED):
        rig.hear(each)
    return rig


def at_night(rig: Rig) -> list[IncidentId]:
    """Both have ended by then."""
    while rig.waiting:
        rig.turn()
    return list(rig.tables.incidents)


def morning(rig: Rig, minutes: float = 0) -> SweepResult:
    rig.world.advance(MORNING + timedelta(minutes=minutes))
    return sweep(rig.system)


def test_a_p4_is_in_the_digest_of_the_next_business_day() -> None:
    """Two of them are one message; how they stand by then is in it."""
    rig = minor()
    ids = at_night(rig)
    assert sweep(rig.system).oldest_page_age == timedelta(0)
    assert (rig.posts, rig.world.notices, len(ids)) == ([], [], 2)
    assert rig.incident().next_wake_at == MORNING
    assert morning(rig) == SweepResult()
    ((at, subject, message),) = rig.world.notices
    assert (at, subject) == (MORNING, "firstline: minor incidents of vettid, 2 in total")
    first, *lines = message.split("\n")
    assert first == subject
    assert sorted(each.rpartition(" ")[2] for each in lines) == sorted(f"({each})" for each in ids)
    assert all("P4 " in each and "; escalated (" in each for each in lines)
    assert rig.posts == []
    assert [rig.incident(number).next_wake_at for number in (0, 1)] == [None, None]
    assert [each["channel"] for each in rig.entries_of(Kind.PAGE)] == ["digest"]
    assert morning(rig, 1) == SweepResult()
    assert len(rig.world.notices) == 1


def test_the_digest_shows_that_an_incident_ended() -> None:
    """The team need not look at it."""
    rig = minor()
    at_night(rig)
    rig.store(copy.replace(rig.incident(), status=Status.RESOLVED), version=rig.incident().version)
    morning(rig)
    assert "; resolved (" in rig.world.notices[0][2]


def test_a_refused_digest_is_retried() -> None:
    """It is pending from its hour on."""
    rig = minor()
    at_night(rig)
    rig.script.failing.add("publish")
    assert morning(rig).oldest_page_age == timedelta(0)
    assert morning(rig, 2).oldest_page_age == timedelta(minutes=2)
    assert rig.world.notices == []
    rig.script.failing.clear()
    morning(rig, 3)
    assert len(rig.world.notices) == 1


def test_a_slow_sweep_sends_the_digest_first() -> None:
    """Incidents that take all the time of each sweep do not keep the team from it."""
    rig = minor()
    ids = at_night(rig)
    rig.world.advance(MORNING)
    sleep = rig.system.ports.clock.sleep
    rig.script.after(
        "publish", lambda: rig.script.before("load", lambda: sleep(1.1 * SWEEP_DURATION_MAX))
    )
    sweep(rig.system)
    assert len(rig.world.notices) == 1
    assert [rig.incident(number).next_wake_at for number in range(len(ids))] == [None, None]


@pytest.mark.parametrize(("name", "told"), [("load", 1), ("commit", 2)])
def test_a_slow_digest_leaves_time_for_incidents(name: str, told: int) -> None:
    """Ten seconds to read, and ten to record; the next sweep sends the rest."""
    rig = minor()
    at_night(rig)
    rig.world.advance(MORNING)
    sleep = rig.system.ports.clock.sleep
    rig.script.before(name, lambda: sleep(timedelta(seconds=11)))
    assert sweep(rig.system) == SweepResult()
    assert f", {told} in total" in rig.world.notices[0][1]
    waits = [rig.incident(number).next_wake_at for number in (0, 1)]
    assert waits.count(None) == 1
    morning(rig, 1)
    assert [rig.incident(number).next_wake_at for number in (0, 1)] == [None, None]


def test_a_digest_of_what_cannot_be_read_is_of_the_others() -> None:
    """It is in a later digest, without a wake."""
    rig = minor()
    at_night(rig)
    rig.script.before("load", raising(InvariantViolation("corrupt")))
    assert morning(rig, 1).woken == 0
    assert ", 1 in total" in rig.world.notices[0][1]


def test_what_joined_a_trouble_of_the_digest_wakes_it() -> None:
    """Its wake was lost, and what the digest says of it could not be read."""
    rig = minor(PROFILE, ZERO)
    held = rig.incident()
    early = tuple(copy.replace(each, due_at=rig.world.now) for each in held.pages)
    rig.store(copy.replace(held, pages=early), version=held.version)
    rig.hear(later(5))
    rig.waiting.clear()
    rig.script.before("load", raising(DependencyUnavailable("throttled")))
    assert (sweep(rig.system).woken, rig.world.notices) == (1, [])


def test_a_wake_in_the_morning_does_not_spin() -> None:
    """Reconcile neither sends a digest line nor wakes itself for it."""
    rig = minor()
    at_night(rig)
    rig.world.advance(MORNING)
    reconcile(Wake(rig.id(), rig.incident().wake_generation), rig.system)
    assert (rig.waiting, rig.world.notices) == ([], [])
    assert rig.incident().next_wake_at == MORNING


def test_an_open_incident_continues_after_its_digest() -> None:
    """It is sent once, and stays open."""
    rig = minor(PROFILE, ZERO)
    held = rig.until(lambda held: held.wakes > 2)
    early = tuple(copy.replace(each, due_at=rig.world.now) for each in held.pages)
    rig.store(copy.replace(held, pages=early, next_wake_at=rig.world.now), version=held.version)
    sweep(rig.system)
    assert len(rig.world.notices) == 1
    at_night(rig)
    assert rig.incident().status is Status.RESOLVED
    assert len(rig.world.notices) == 1


def test_an_uncommitted_digest_line_is_sent_again() -> None:
    """Twice is better than never."""
    rig = minor()
    at_night(rig)
    rig.script.failing.add("commit")
    assert morning(rig).failed == 1
    rig.script.failing.clear()
    morning(rig, 1)
    assert len(rig.world.notices) == 2


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles"])
def test_the_morning_is_the_fleets(zone: str) -> None:
    """The profile says where the team lives."""
    there = copy.replace(UNLADDERED, business_day=BusinessDay(time_zone=zone))
    rig = minor(there, ZERO)
    (page,) = rig.incident().pages
    assert page.due_at == BusinessDay(time_zone=zone).after(START)
    assert page.due_at != MORNING
