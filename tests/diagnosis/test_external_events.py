"""External events: begun, ended, expired."""

import copy
from datetime import timedelta
from typing import Any

import pytest

from firstline.diagnosis.external_events import (
    EVENTS_PER_SORT_MAX,
    OVERFLOW,
    EventSort,
    ExternalEvents,
    is_external_event,
)
from firstline.ids import InstanceId, SignalKey
from firstline.signal import Mark, Signal, SignalKind
from firstline.signals.sources.envelope import parse
from tests.builders import HOME, NOW, ago
from tests.events import EVENTS

NOTHING = ExternalEvents()
ISSUE = Signal(
    key=SignalKey("k"),
    kind=SignalKind.HEALTH,
    source="aws.health",
    subject="AWS_EC2_OPERATIONAL_ISSUE",
    state="open",
    at=NOW,
    account=HOME.account,
    region=HOME.region,
    dimensions={"Name": "arn:issue", "Service": "EC2", "EventTypeCategory": "issue"},
)
FINDING = copy.replace(
    ISSUE,
    kind=SignalKind.FINDING,
    subject="arn:finding",
    state="HIGH",
    dimensions={"InstanceId": "i-0a1b2c3d4e5f60711"},
)
FREEZE = copy.replace(
    ISSUE,
    kind=SignalKind.CALENDAR,
    subject="change calendar",
    state="CLOSED",
    dimensions={"Name": "arn:calendar"},
)


def of(signal: Signal, known: ExternalEvents) -> tuple[str, ...]:
    """The known events of *signal*'s sort."""
    return {
        SignalKind.HEALTH: known.issues,
        SignalKind.FINDING: known.suspects,
        SignalKind.CALENDAR: known.closed_calendars,
    }[signal.kind](NOW)


@pytest.mark.parametrize(
    ("signal", "over", "about"),
    [
        (ISSUE, copy.replace(ISSUE, state="closed"), "EC2"),
        (ISSUE, copy.replace(ISSUE, marks=(Mark.ENDED,)), "EC2"),
        (FINDING, copy.replace(FINDING, state="OVER"), "i-0a1b2c3d4e5f60711"),
        (FINDING, copy.replace(FINDING, state="LOW"), "i-0a1b2c3d4e5f60711"),
        (FREEZE, copy.replace(FREEZE, state="OPEN"), "arn:calendar"),
    ],
)
def test_an_event_is_known_until_its_end(signal: Signal, over: Signal, about: str) -> None:
    """A second word on the same thing is no second thing, and a late one begins nothing."""
    known = NOTHING.with_signal(signal).with_signal(copy.replace(signal, at=NOW))
    assert (of(signal, known), len(known.known)) == ((about,), 1)
    ended = known.with_signal(copy.replace(over, at=NOW))
    assert of(signal, ended) == of(signal, ended.with_signal(copy.replace(signal, at=ago(1)))) == ()


@pytest.mark.parametrize(
    "signal",
    [
        copy.replace(ISSUE, dimensions=ISSUE.dimensions | {"EventTypeCategory": "scheduledChange"}),
        copy.replace(ISSUE, dimensions=ISSUE.dimensions | {"Service": "S3"}),
        copy.replace(FINDING, dimensions={}),
    ],
)
def test_an_event_that_no_guard_needs_is_not_kept(signal: Signal) -> None:
    """I18: a scheduled change, a service that no fix needs, a finding on no instance."""
    assert NOTHING.with_signal(signal).known == ()


def test_a_late_word_does_not_undo_a_later_one() -> None:
    """Health sends its events in no order."""
    known = NOTHING.with_signal(ISSUE)
    assert known.with_signal(copy.replace(ISSUE, state="closed", at=ago(1))) == known


@pytest.mark.parametrize(
    ("signal", "age"), [(ISSUE, timedelta(hours=6)), (FINDING, timedelta(days=30))]
)
def test_an_old_event_expires(signal: Signal, age: timedelta) -> None:
    """I18: an issue whose end was lost does not stop fixes for ever."""
    just = copy.replace(signal, at=NOW - age + timedelta(seconds=1))
    assert of(signal, NOTHING.with_signal(just)) != ()
    assert of(signal, NOTHING.with_signal(copy.replace(signal, at=NOW - age))) == ()


def numbered(signal: Signal, number: int, **other: Any) -> Signal:  # noqa: ANN401 - its fields
    """One more of the sort of *signal*."""
    named = signal.dimensions | {"Name": f"arn:{number}"}
    return copy.replace(signal, dimensions=named, **other)


def names(known: ExternalEvents) -> set[str]:
    return {each.name for each in known.known}


OTHERS = frozenset({InstanceId("i-0fffffffffffffff1")})
"""A group that none of the findings here is about."""


def test_an_ended_event_makes_room_first() -> None:
    """Ended, or too old to be believed; the others are all kept."""
    known = NOTHING.with_signal(numbered(ISSUE, 0, at=NOW - timedelta(hours=6)))
    known = known.with_signal(numbered(ISSUE, 1, state="closed"))
    for number in range(2, EVENTS_PER_SORT_MAX + 2):
        known = known.with_signal(numbered(ISSUE, number))
    assert names(known) == {f"arn:{number}" for number in range(2, EVENTS_PER_SORT_MAX + 2)}
    assert known.overflow_until("health", NOW) is None


def test_findings_on_other_hosts_evict_nothing_of_the_fleet() -> None:
    """I22: a noisy account frees no evidence, opens no calendar, and ends no issue."""
    known = NOTHING.with_signal(FREEZE).with_signal(ISSUE).with_signal(FINDING)
    for number in range(2 * EVENTS_PER_SORT_MAX):
        known = known.with_signal(numbered(FINDING, number), OTHERS)
    assert known.closed_calendars(NOW) == ("arn:calendar",)
    assert known.issues(NOW) == ("EC2",)
    assert FINDING.subject in names(known)
    assert len(known.known) == EVENTS_PER_SORT_MAX + 2
    assert known.overflow_until("finding", NOW) is None


@pytest.mark.parametrize(
    ("signal", "sort", "age"),
    [(ISSUE, "health", timedelta(hours=6)), (FINDING, "finding", timedelta(days=30))],
)
def test_an_overflow_of_the_fleets_events_is_known(
    signal: Signal, sort: EventSort, age: timedelta
) -> None:
    """I18, I22: until it would be too old to be believed; nothing that was kept is forgotten."""
    known = NOTHING
    for number in range(EVENTS_PER_SORT_MAX):
        known = known.with_signal(numbered(signal, number))
    assert known.overflow_until(sort, NOW) is None
    lost = known.with_signal(numbered(signal, EVENTS_PER_SORT_MAX)).with_signal(
        numbered(signal, EVENTS_PER_SORT_MAX + 1)
    )
    assert lost.overflow_until(sort, NOW) == NOW + age
    assert lost.overflow_until(sort, NOW + age) is None
    assert names(lost) == {*names(known), OVERFLOW}
    assert of(signal, lost) == of(signal, known)


@pytest.mark.parametrize("signal", [ISSUE, FINDING, FREEZE])
def test_the_answers_rise_where_one_changes(signal: Signal) -> None:
    """With the beginning and the end, and not with a second event of the same thing."""
    begun = NOTHING.with_signal(signal)
    again = begun.with_signal(numbered(signal, 2)) if signal is ISSUE else begun.with_signal(signal)
    over = begun.with_signal(copy.replace(signal, state="OPEN" if signal is FREEZE else "closed"))
    assert (begun.answers, again.answers, over.answers) == (1, 1, 2)


def test_noise_changes_no_answer() -> None:
    """A finding on a host of another fleet is kept, for the host may join this one."""
    noise = NOTHING.with_signal(FINDING, OTHERS)
    assert (noise.answers, noise.suspects(NOW)) == (0, ("i-0a1b2c3d4e5f60711",))
    mine = NOTHING.with_signal(FINDING, OTHERS | {InstanceId("i-0a1b2c3d4e5f60711")})
    assert mine.answers == 1


MUTE = copy.replace(
    ISSUE,
    kind=SignalKind.ALARM,
    subject="healthy-hosts",
    arn="arn:alarm",
    state="ALARM",
    marks=(Mark.MUTED,),
    muted_until=NOW + timedelta(hours=1),
)


def test_mutes_of_others_evict_none_of_the_fleet() -> None:
    """Mutes of unlisted alarms and ended windows make room, and change no answer."""
    known = NOTHING
    for number in range(EVENTS_PER_SORT_MAX):
        known = known.with_signal(copy.replace(MUTE, subject=f"arn:{number}", arn=f"arn:{number}"))
    assert known.answers == 0
    mine = known.with_signal(MUTE)
    assert (mine.answers, mine.overflow_until("mute", NOW)) == (1, None)
    assert mine.muted("arn:alarm", NOW, NOW) == MUTE.muted_until
    ended = NOTHING
    for number in range(EVENTS_PER_SORT_MAX):
        over = copy.replace(MUTE, arn=f"arn:{number}", at=ago(60), muted_until=NOW)
        ended = ended.with_signal(over)
    assert ended.with_signal(MUTE).overflow_until("mute", NOW) is None


def test_a_finding_on_several_hosts_keeps_each() -> None:
    """One of them is enough for it to concern the fleet."""
    both = {"InstanceId": "i-0a1b2c3d4e5f60711 i-0fffffffffffffff1"}
    known = NOTHING.with_signal(copy.replace(FINDING, dimensions=both), OTHERS)
    assert known.suspects(NOW) == ("i-0a1b2c3d4e5f60711", "i-0fffffffffffffff1")
    assert known.answers == 1


def test_another_kind_of_signal_is_no_event() -> None:
    """An alarm is no circumstance."""
    alarm = copy.replace(ISSUE, kind=SignalKind.ALARM)
    assert NOTHING.with_signal(alarm) == NOTHING
    assert not is_external_event(alarm)


@pytest.mark.parametrize(
    ("file", "known"),
    [
        ("health.issue-open", ("EC2",)),
        ("health.issue-closed", ()),
        ("health.issue-resolved-but-open", ()),
        ("guardduty.high", ("i-0a1b2c3d4e5f60718",)),
        ("guardduty.attack-sequence", ("i-0a1b2c3d4e5f60711", "i-0a1b2c3d4e5f60712")),
        ("guardduty.low", ()),
        ("securityhub.high", ("i-0a1b2c3d4e5f60718",)),
        ("securityhub.resolved", ()),
        ("ssm.calendar-closed", ("arn:aws:ssm:us-east-1:111122223333:document/release-calendar",)),
    ],
)
def test_the_envelopes_have_it(file: str, known: tuple[str, ...]) -> None:
    """As they are sent."""
    signal = copy.replace(parse((EVENTS / f"{file}.json").read_bytes(), HOME, NOW), at=NOW)
    assert is_external_event(signal)
    assert of(signal, NOTHING.with_signal(signal)) == known


@pytest.mark.parametrize(
    ("since_seconds", "now_seconds", "ended"),
    [(-1, 0, True), (0, 0, False), (-1, -1, False), (-3600, 3600, True)],
)
def test_a_mute_window_has_ended_since(
    since_seconds: int, now_seconds: int, *, ended: bool
) -> None:
    """After the first instant, and by the second; of this alarm, and of no other."""
    known = NOTHING.with_signal(MUTE)
    end = NOW + timedelta(hours=1)
    since, now = (end + timedelta(seconds=it) for it in (since_seconds, now_seconds))
    assert known.mute_ended("arn:alarm", since, now) is ended
    assert not known.mute_ended("arn:other", since, now)


def test_a_mute_window_without_an_end_lasts_for_the_longest() -> None:
    """CloudWatch has none that is longer than 15 days."""
    known = NOTHING.with_signal(copy.replace(MUTE, muted_until=None))
    end = NOW + timedelta(days=15)
    assert not known.mute_ended("arn:alarm", NOW, end - timedelta(seconds=1))
    assert known.mute_ended("arn:alarm", NOW, end)
