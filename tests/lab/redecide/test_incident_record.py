"""Record: entries as the story of an incident; what was never read is unknown."""

import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Never

import pytest

from firstline.diagnosis.evidence import Refreshes, Unknown
from firstline.diagnosis.preflight import PreflightFacts
from firstline.errors import DependencyUnavailable, InvalidInput
from firstline.lab.redecide.incident_record import incident_record, signals
from firstline.lab.redecide.ports import PastFleet, PastInvestigation, PastNotifier
from firstline.lab.redecide.recorded_world import NEVER, RecordedWorld
from firstline.lab.redecide.redecision import redecide
from firstline.monitoring.alarm_metric import window
from firstline.notifications import pages as paging
from firstline.notifications.delivery import Accepted
from firstline.notifications.notification import Notification, notification
from firstline.notifications.origin import Origin
from firstline.remediation.execution import FixOrder, LookOrder
from firstline.signal import SignalKind
from tests.builders import PROFILE, incident
from tests.lab.redecide import records

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_chain_that_is_no_incident_has_no_story() -> None:
    """A signal that opened nothing, the chain of the switch, and none at all."""
    result, _ = records.outage()
    noted = records.edited(result.opening, lambda data: data.update(disposition="context"))
    paused = copy.replace(result.opening, kind="pause")
    assert [
        incident_record(each) for each in ([], [noted], [paused], [result.reconciles[0].decision])
    ] == [None] * 4


def test_every_entry_stands_in_its_turn() -> None:
    """What came before the decision, and the intent with what came of it."""
    result, _ = records.outage()
    fix = next(
        turn for turn in result.reconciles if turn.decision.data["plan"] and turn.entries_after
    )
    assert [each.kind for each in fix.entries_after] == ["intent", "outcome"]
    entries = [result.opening]
    for turn in result.reconciles:
        entries += [*turn.entries_before, turn.decision, *turn.entries_after]
    entries += result.tail
    assert [each.entry.sequence for each in entries] == list(range(1, len(entries) + 1))


def test_the_alarms_metric_stands_in_the_turn_that_ended_the_incident() -> None:
    """It is no conclusion: with it and without it the past is decided again as it was."""
    incident, policies = records.outage()
    last = incident.reconciles[-1]
    assert [each.kind for each in last.entries_after][-1:] == ["metric"]
    assert "metric" not in {each.kind for each in incident.tail}
    before = copy.replace(last, entries_after=last.entries_after[:-1])
    without = copy.replace(incident, reconciles=(*incident.reconciles[:-1], before))
    for each in (incident, without):
        assert (redecide(each, policies).differences, redecide(each, policies).why) == ((), "")


def test_what_arrived_stands_by_the_commit_that_took_it_in() -> None:
    """A commit's signals are its last entry; what people said after that is of the next one."""
    result, _ = records.outage()
    turn = result.reconciles[0]
    signal = copy.replace(result.opening, kind="signal")
    word, page = copy.replace(signal, kind="approval"), copy.replace(signal, kind="page")
    entries_before = (word, signal, page, signal, word)
    expected = ((word, signal), (signal,), (word,))
    assert copy.replace(turn, entries_before=entries_before).arrivals == expected
    assert copy.replace(turn, entries_before=(page,)).arrivals == ()


def test_a_signal_of_an_older_entry_is_told_by_its_source() -> None:
    """An alarm's, from before entries told which parser read it; of others no parser is known."""
    result, _ = records.outage()
    old = records.edited(result.opening, lambda data: data.pop("kind"))
    assert [each.kind for each in signals(old)] == [SignalKind.ALARM]
    other = records.edited(old, lambda data: data.update(source="aws.ec2"))
    assert [each.kind for each in signals(other)] == [SignalKind.UNREAD]


def test_a_signal_without_its_instant_cannot_be_judged_again() -> None:
    """It is refused by its name: no instant is made up."""
    result, _ = records.outage()
    undated = records.edited(result.opening, lambda data: data.pop("signalled_at"))
    with pytest.raises(InvalidInput, match="the signal of healthy-hosts has no signalled_at"):
        signals(undated)


def test_a_signal_of_an_instant_that_cannot_be_is_of_its_entrys() -> None:
    """An earlier version recorded it as it came."""
    result, _ = records.outage()
    old = records.edited(
        result.opening, lambda data: data.update(signalled_at="0001-01-01T00:00:00Z")
    )
    assert [each.at for each in signals(old)] == [result.opening.at]


def test_nothing_is_looked_up_in_the_past() -> None:
    """What a hand-over looked up is in its entry, and no decision rests on it."""
    past, at, alarm = PastInvestigation(), datetime(2026, 3, 11, tzinfo=UTC), PROFILE.alarms.made[0]
    reads: tuple[Callable[[], object], ...] = (
        lambda: past.metrics(at),
        lambda: past.alarm_metric(alarm, window(alarm, at, at)),
        lambda: past.external_metric("an ARN", at, at),
        past.issues,
        past.launch_template,
        lambda: past.releases(at),
        lambda: past.placement(()),
        lambda: past.lets_out((), 4222),
        lambda: past.routes(()),
        lambda: past.peerings(()),
    )
    for read in reads:
        with pytest.raises(DependencyUnavailable, match=NEVER.why):
            read()


def test_what_only_a_sweep_asks_is_not_in_the_record() -> None:
    """What it opened is."""
    at = datetime(2026, 3, 11, tzinfo=UTC)
    past = PastFleet(RecordedWorld(now=at, later=at))
    with pytest.raises(DependencyUnavailable, match=NEVER.why):
        past.firing(())


def test_mute_rules_are_as_they_were_around_a_fix() -> None:
    """Also where they could not be read then; of a turn without a fix none was recorded."""
    at = datetime(2026, 3, 11, tzinfo=UTC)
    present = RecordedWorld(now=at, later=at)
    past = PastFleet(present)
    with pytest.raises(DependencyUnavailable, match=NEVER.why):
        past.muted("arn:one")
    present.preflight = PreflightFacts(refreshes=Refreshes(), muted=("arn:one",))
    assert (past.muted("arn:one"), past.muted("arn:two")) == (True, False)
    present.preflight = PreflightFacts(refreshes=Refreshes(), muted=Unknown("throttled"))
    with pytest.raises(DependencyUnavailable, match="throttled"):
        past.muted("arn:one")


def test_what_was_never_read_is_said_to_be_missing() -> None:
    """And what could not be read then cannot be read now, for the same reason."""
    result, _ = records.outage()
    at = result.opening.at
    present = RecordedWorld(at, at)
    with pytest.raises(DependencyUnavailable, match=NEVER.why):
        present.known("limits", present.observed.limits)
    assert present.missing == {"limits"}


class Unasked:
    """`Deeds` that nothing may ask."""

    def send(self, order: LookOrder | FixOrder) -> Never:
        raise AssertionError(order)

    def deliver(self, notification: Notification) -> Never:
        raise AssertionError(notification)


def test_updates_are_taken() -> None:
    """No decision rests on whether one was."""
    origin = Origin(fleet="vettid", region="us-east-1", mode="enforce")
    past = PastNotifier(Unasked())
    quiet = notification(paging.drill_heartbeat(incident()), origin)
    assert past.deliver(quiet) == Accepted()
