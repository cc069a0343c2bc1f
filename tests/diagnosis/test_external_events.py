"""What goes on around the fleet, from the events that tell it: begun, ended, forgotten."""

import copy
from datetime import timedelta

import pytest

from firstline.diagnosis.external_events import KEPT_MAX, Circumstances, concerns
from firstline.ids import SignalKey
from firstline.signal import Mark, Signal, SignalKind
from firstline.signals.sources.envelope import parse
from tests.builders import HOME, NOW, ago
from tests.events import EVENTS

NOTHING = Circumstances()
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


def of(signal: Signal, known: Circumstances) -> tuple[str, ...]:
    """What is known of the sort that *signal* is of."""
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
def test_what_begins_is_known_until_its_end_is_told(
    signal: Signal, over: Signal, about: str
) -> None:
    """A second word on the same thing is no second thing, and a late one begins nothing."""
    known = NOTHING.told(signal).told(copy.replace(signal, at=NOW))
    assert (of(signal, known), len(known.known)) == ((about,), 1)
    ended = known.told(copy.replace(over, at=NOW))
    assert of(signal, ended) == of(signal, ended.told(copy.replace(signal, at=ago(1)))) == ()


@pytest.mark.parametrize(
    "signal",
    [
        copy.replace(ISSUE, dimensions=ISSUE.dimensions | {"EventTypeCategory": "scheduledChange"}),
        copy.replace(ISSUE, dimensions=ISSUE.dimensions | {"Service": "S3"}),
        copy.replace(FINDING, dimensions={}),
    ],
)
def test_what_is_no_guards_business_is_not_kept(signal: Signal) -> None:
    """I18: a scheduled change, a service that no fix needs, a finding on no instance."""
    assert NOTHING.told(signal).known == ()


def test_a_late_word_does_not_undo_a_later_one() -> None:
    """Health tells its events in no order."""
    known = NOTHING.told(ISSUE)
    assert known.told(copy.replace(ISSUE, state="closed", at=ago(1))) == known


@pytest.mark.parametrize(
    ("signal", "age"), [(ISSUE, timedelta(hours=6)), (FINDING, timedelta(days=30))]
)
def test_what_nobody_tells_of_any_more_is_forgotten(signal: Signal, age: timedelta) -> None:
    """I18: an issue whose end was lost does not stop fixes for ever."""
    just = copy.replace(signal, at=NOW - age + timedelta(seconds=1))
    assert of(signal, NOTHING.told(just)) != ()
    assert of(signal, NOTHING.told(copy.replace(signal, at=NOW - age))) == ()


def test_as_many_as_an_item_holds_are_kept() -> None:
    """What is over goes first, and then the oldest."""
    known = NOTHING
    for number in range(KEPT_MAX):
        named = ISSUE.dimensions | {"Name": f"arn:{number}"}
        state = "closed" if number == 50 else "open"
        known = known.told(copy.replace(ISSUE, dimensions=named, state=state))
    for number, gone in ((KEPT_MAX, "arn:50"), (KEPT_MAX + 1, "arn:0")):
        named = ISSUE.dimensions | {"Name": f"arn:{number}"}
        assert gone in {each.name for each in known.known}
        known = known.told(copy.replace(ISSUE, dimensions=named))
        assert gone not in {each.name for each in known.known}
        assert len(known.known) == KEPT_MAX


def test_another_kind_of_signal_tells_nothing() -> None:
    """An alarm is no circumstance."""
    alarm = copy.replace(ISSUE, kind=SignalKind.ALARM)
    assert NOTHING.told(alarm) == NOTHING
    assert not concerns(alarm)


@pytest.mark.parametrize(
    ("file", "known"),
    [
        ("health.issue-open", ("EC2",)),
        ("health.issue-closed", ()),
        ("health.issue-resolved-but-open", ()),
        ("guardduty.high", ("i-0a1b2c3d4e5f60718",)),
        ("guardduty.low", ()),
        ("securityhub.high", ("i-0a1b2c3d4e5f60718",)),
        ("securityhub.resolved", ()),
        ("ssm.calendar-closed", ("arn:aws:ssm:us-east-1:111122223333:document/release-calendar",)),
    ],
)
def test_the_envelopes_tell_it(file: str, known: tuple[str, ...]) -> None:
    """As they are sent."""
    signal = copy.replace(parse((EVENTS / f"{file}.json").read_bytes(), HOME, NOW), at=NOW)
    assert concerns(signal)
    assert of(signal, NOTHING.told(signal)) == known
