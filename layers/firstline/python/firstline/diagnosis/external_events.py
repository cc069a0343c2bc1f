"""Active external events that block fixes until they end or expire.

They are AWS Health issues of our Region, security findings on instances, closed change calendars
and muted alarms. Each is kept until an event ends it, or until it is too old. Guards read them;
paging never does.

Events of SSM, EC2, calendars and AWS Health, and those of Auto Scaling and KMS without a rule, are
``context``: they are recorded and open nothing. The transaction of the event writes this item next
to the lease, and guards read both in one request. The item holds 100 events of each sort; if all of
a sort concern the fleet, the loss is recorded, and no fix runs until the lost event would be too
old.

A suppressed alarm, or one with disabled actions, pages but permits no fix, also if that happens
after the opening: people keep automation away in this way. A muted alarm is recorded only, and no
fix depends on it until its window ends or it fires unmuted.
"""

import copy
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Literal

import msgspec

from firstline.ids import InstanceId
from firstline.redaction import redact
from firstline.signal import Mark, Signal, SignalKind

type EventSort = Literal["health", "finding", "calendar", "mute"]

EVENTS_PER_SORT_MAX = 100
"""Events of one sort that are kept, so that the item stays small.

An event that concerns the fleet is never dropped for another: beyond this limit no fix goes on.
"""
OVERFLOW = "more events than the limit"
ISSUE_AGE_MAX = timedelta(hours=6)
"""An issue without an update for so long is taken as over (I18): AWS may leave one open."""
EVENT_AGE_MAX = timedelta(days=30)
"""Expiry of a finding or a calendar without an end event; their events are best effort."""
SERVICES = frozenset({"EC2", "KMS", "ELASTICLOADBALANCING", "SSM", "AUTOSCALING"})
"""Services whose open issue blocks fixes."""
GRAVE = frozenset({"HIGH", "CRITICAL"})
"""Severities of a finding that keep its instance as evidence (I22)."""
_KEPT_DIMENSIONS = frozenset({"EventTypeCategory", "InstanceId", "Name", "Service"})
MUTE_DURATION_MAX = timedelta(days=15)
"""Maximum length of a mute window (CloudWatch user guide, alarm mute rules)."""
_AGES: dict[EventSort, timedelta] = {
    "mute": MUTE_DURATION_MAX,
    "health": ISSUE_AGE_MAX,
    "calendar": EVENT_AGE_MAX,
    "finding": EVENT_AGE_MAX,
}
_SORTS: dict[SignalKind, EventSort] = {
    SignalKind.HEALTH: "health",
    SignalKind.FINDING: "finding",
    SignalKind.CALENDAR: "calendar",
}


def is_external_event(signal: Signal) -> bool:
    """True if *signal* is an external event of a sort that is kept."""
    return _sort(signal) is not None


def is_grave_finding(signal: Signal) -> bool:
    """True if *signal* is a grave finding on instances, of this fleet or of another."""
    return signal.kind is SignalKind.FINDING and bool(_subject(signal))


def _sort(signal: Signal) -> EventSort | None:
    muted = signal.kind is SignalKind.ALARM and Mark.MUTED in signal.marks
    return "mute" if muted else _SORTS.get(signal.kind)


def known_words(signal: Signal) -> dict[str, str]:
    """The dimensions of *signal* that are kept; empty for a signal that is no external event."""
    dimensions = signal.dimensions.items() if is_external_event(signal) else ()
    return {name: redact(value) for name, value in dimensions if name in _KEPT_DIMENSIONS}


class ExternalEvent(msgspec.Struct, frozen=True):
    """The last event of one subject: ``about`` is the service, the instances, or the calendar.

    ``about`` is empty once it has ended; the event is kept, so that a late one opens nothing.
    ``ours`` is true where it concerns the fleet, or may: a finding on one of its hosts, a mute
    of a listed alarm. ``until`` is the end of a mute window.
    """

    sort: EventSort
    name: str
    about: str
    at: datetime
    ours: bool = True
    until: datetime | None = None

    def is_active(self, now: datetime) -> bool:
        """True if it is not known to be over at *now*."""
        ended = self.until is not None and self.until <= now
        return bool(self.about) and not ended and now - self.at < _AGES[self.sort]


class ExternalEvents(msgspec.Struct, frozen=True):
    """All known events, oldest first; ``version`` is the one that was read.

    ``answers`` rises only where a guard's answer on this fleet changes: a fix depends on it,
    and unrelated events must not veto one.
    """

    version: int = 0
    known: tuple[ExternalEvent, ...] = ()
    answers: int = 0

    def with_signal(
        self, signal: Signal, fleet: frozenset[InstanceId] | None = None
    ) -> "ExternalEvents":
        """The events after *signal*; an end, or a later event of a subject, replaces the earlier.

        *fleet* are the instances of the group; None where they are not known.
        """
        sort, subject = _sort(signal), _subject(signal)
        name = signal.dimensions.get("Name", signal.subject) if sort != "mute" else subject or ""
        mine = [each for each in self.known if (each.sort, each.name) == (sort, name)]
        if sort is None or subject is None or any(each.at > signal.at for each in mine):
            return self  # no guard needs it, or it is late
        ours = _concerns_fleet(signal, subject, fleet)
        others = tuple(each for each in self.known if each not in mine)
        event = ExternalEvent(sort, name, subject, signal.at, ours, signal.muted_until)
        known = _within_limit(others, event)
        after = copy.replace(self, known=known)
        changed = _answers(after, signal.at) != _answers(self, signal.at)
        return copy.replace(after, answers=self.answers + changed)

    def overflow_until(self, sort: EventSort, now: datetime) -> datetime | None:
        """The end of the time in which events of *sort* may be missing for lack of room."""
        lost = [each.at for each in self.known if (each.sort, each.name) == (sort, OVERFLOW)]
        until = max(lost) + _AGES[sort] if lost else now
        return until if now < until else None

    def issues(self, now: datetime) -> tuple[str, ...]:
        """The services with open issues in our Region."""
        return self._subjects("health", now)

    def closed_calendars(self, now: datetime) -> tuple[str, ...]:
        """The change calendars that are closed."""
        return self._subjects("calendar", now)

    def suspects(self, now: datetime) -> tuple[InstanceId, ...]:
        """The instances with a grave finding."""
        named = (each.split() for each in self._subjects("finding", now))
        return tuple(sorted(InstanceId(each) for each in set(chain.from_iterable(named))))

    def muted(self, arn: str, since: datetime, now: datetime) -> datetime | None:
        """The end of the alarm's mute window; a window without a known end lasts 15 days.

        An event from before *since* does not count: what the alarm sent then was not muted.
        """
        ends = (
            each.until or each.at + MUTE_DURATION_MAX
            for each in self.active("mute", now)
            if each.about == redact(arn) and each.at >= since
        )
        return max(ends, default=None)

    def mute_ended(self, arn: str, since: datetime, now: datetime) -> bool:
        """True if a mute window of the alarm, known by its event, ended after *since*."""
        ends = (
            each.until or each.at + MUTE_DURATION_MAX
            for each in self.known
            if (each.sort, each.about) == ("mute", redact(arn))
        )
        return any(since < end <= now for end in ends)

    def _subjects(self, sort: EventSort, now: datetime) -> tuple[str, ...]:
        return tuple(sorted({each.about for each in self.active(sort, now)}))

    def active(self, sort: EventSort, now: datetime) -> Iterator[ExternalEvent]:
        """The active events of *sort*."""
        for each in self.known:
            if each.sort == sort and each.name != OVERFLOW and each.is_active(now):
                yield each


def _concerns_fleet(signal: Signal, subject: str, fleet: frozenset[InstanceId] | None) -> bool:
    """True if *signal* concerns the fleet, or may: an unlisted alarm licenses no fix."""
    match signal.kind:
        case SignalKind.ALARM:
            return signal.subject != signal.arn
        case SignalKind.FINDING:
            return fleet is None or bool(fleet & set(subject.split()))
        case _:
            return True


def _answers(events: ExternalEvents, now: datetime) -> tuple[object, ...]:
    """Everything that guards on this fleet read."""
    suspects = {each.about for each in events.active("finding", now) if each.ours}
    full = tuple(events.overflow_until(sort, now) for sort in _AGES)
    mutes = {(each.about, each.until) for each in events.active("mute", now) if each.ours}
    return events.issues(now), events.closed_calendars(now), suspects, mutes, full


def _within_limit(
    known: tuple[ExternalEvent, ...], event: ExternalEvent
) -> tuple[ExternalEvent, ...]:
    """*known* with *event*: ended events are dropped first, then the oldest of other fleets.

    Where all of its sort concern the fleet, *event* is dropped, and the overflow is recorded.
    """
    known = (*known, event)
    mine = [each for each in known if each.sort == event.sort and each.name != OVERFLOW]
    if len(mine) <= EVENTS_PER_SORT_MAX:
        return known
    over = [each for each in mine if not each.is_active(event.at)]
    gone = next(iter([*over, *(each for each in mine if not each.ours), event]))
    kept = tuple(each for each in known if each is not gone)
    if gone is not event or not event.ours:
        return kept
    others = tuple(each for each in kept if (each.sort, each.name) != (event.sort, OVERFLOW))
    return (*others, ExternalEvent(event.sort, OVERFLOW, OVERFLOW, event.at))


def _subject(signal: Signal) -> str | None:
    """The subject of *signal*'s event, empty when it is over; None when no guard needs it."""
    where = signal.dimensions
    match signal.kind:
        case SignalKind.HEALTH:
            service = where.get("Service", "")
            if where.get("EventTypeCategory") != "issue" or service not in SERVICES:
                return None
            active, subject = signal.state == "open" and Mark.ENDED not in signal.marks, service
        case SignalKind.ALARM:
            return redact(signal.arn)  # as entries of the ledger name it
        case SignalKind.FINDING:
            if "InstanceId" not in where:
                return None
            active, subject = signal.state in GRAVE, where["InstanceId"]
        case _:
            active, subject = signal.state == "CLOSED", where.get("Name", signal.subject)
    return subject if active else ""
