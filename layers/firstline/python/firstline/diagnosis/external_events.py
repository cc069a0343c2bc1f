"""Circumstances: what goes on around the fleet that was told by events, and not yet ended.

An AWS Health issue of our Region, a security finding on an instance, a change calendar that is
closed, an alarm that is muted: each is kept until its end is told, or until it is too old to be
believed. Guards read them; paging never does.
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

type Sort = Literal["health", "finding", "calendar", "mute"]

KEPT_MAX = 100
"""As many of each sort as one small item holds. What concerns the fleet is never forgotten for
another: with more of them no fix goes on."""
FULL = "more than can be kept"
ISSUE_AGE_MAX = timedelta(hours=6)
"""An issue that nobody updates for so long is taken as over (I18): AWS may leave one open."""
KEPT_FOR = timedelta(days=30)
"""A finding or a calendar of which no end was told; their events are best effort."""
SERVICES = frozenset({"EC2", "KMS", "ELASTICLOADBALANCING", "SSM", "AUTOSCALING"})
"""The services whose issue makes a fix doubtful."""
GRAVE = frozenset({"HIGH", "CRITICAL"})
"""Severities of a finding that keep its instance as evidence (I22)."""
_READ = frozenset({"EventTypeCategory", "InstanceId", "Name", "Service"})
MUTE_MAX = timedelta(days=15)
"""As long as a mute window lasts at most (CloudWatch user guide, alarm mute rules)."""
_AGES: dict[Sort, timedelta] = {
    "mute": MUTE_MAX,
    "health": ISSUE_AGE_MAX,
    "calendar": KEPT_FOR,
    "finding": KEPT_FOR,
}
_SORTS: dict[SignalKind, Sort] = {
    SignalKind.HEALTH: "health",
    SignalKind.FINDING: "finding",
    SignalKind.CALENDAR: "calendar",
}


def concerns(signal: Signal) -> bool:
    """Whether *signal* tells of a fleet's surroundings."""
    return _sort(signal) is not None


def names_suspects(signal: Signal) -> bool:
    """Whether *signal* is a grave finding on instances, of this fleet or of another."""
    return signal.kind is SignalKind.FINDING and bool(_about(signal))


def _sort(signal: Signal) -> Sort | None:
    muted = signal.kind is SignalKind.ALARM and Mark.MUTED in signal.marks
    return "mute" if muted else _SORTS.get(signal.kind)


def known_words(signal: Signal) -> dict[str, str]:
    """What *signal* says that is kept of it anyway, by dimension; nothing for any other signal."""
    told = signal.dimensions.items() if concerns(signal) else ()
    return {name: redact(value) for name, value in told if name in _READ}


class Circumstance(msgspec.Struct, frozen=True):
    """The last event of one: ``about`` is the service, the instances, or the calendar.

    It is empty once it has ended, and kept, so that an event that comes late begins nothing.
    ``ours`` is whether it concerns the fleet, or may: a finding on one of its hosts, a mute of an
    alarm that is listed. ``until`` is when a mute window ends.
    """

    sort: Sort
    name: str
    about: str
    at: datetime
    ours: bool = True
    until: datetime | None = None

    def goes_on(self, now: datetime) -> bool:
        """Whether it is not over at *now*, as far as is known."""
        ended = self.until is not None and self.until <= now
        return bool(self.about) and not ended and now - self.at < _AGES[self.sort]


class ExternalEvents(msgspec.Struct, frozen=True):
    """All that are known, oldest first; ``version`` is the one that was read.

    ``answers`` rises where a guard's answer on this fleet changes, and only then: a fix rests on
    it, and noise must not veto one.
    """

    version: int = 0
    known: tuple[Circumstance, ...] = ()
    answers: int = 0

    def told(self, signal: Signal, fleet: frozenset[InstanceId] | None = None) -> "ExternalEvents":
        """With what *signal* tells; an end, or a later event of the same thing, replaces it.

        *fleet* are the instances of the group; None where they are not known.
        """
        sort, about = _sort(signal), _about(signal)
        name = signal.dimensions.get("Name", signal.subject) if sort != "mute" else about or ""
        mine = [each for each in self.known if (each.sort, each.name) == (sort, name)]
        if sort is None or about is None or any(each.at > signal.at for each in mine):
            return self  # no guard's business, or it comes late
        ours = _ours(signal, about, fleet)
        others = tuple(each for each in self.known if each not in mine)
        event = Circumstance(sort, name, about, signal.at, ours, signal.muted_until)
        known = _bounded(others, event)
        after = copy.replace(self, known=known)
        changed = _answers(after, signal.at) != _answers(self, signal.at)
        return copy.replace(after, answers=self.answers + changed)

    def full(self, sort: Sort, now: datetime) -> datetime | None:
        """Until when something of *sort* is not known, since there was no room for it."""
        lost = [each.at for each in self.known if (each.sort, each.name) == (sort, FULL)]
        until = max(lost) + _AGES[sort] if lost else now
        return until if now < until else None

    def issues(self, now: datetime) -> tuple[str, ...]:
        """The services of open issues in our Region that were told lately."""
        return self._about("health", now)

    def closed_calendars(self, now: datetime) -> tuple[str, ...]:
        """The change calendars that are closed."""
        return self._about("calendar", now)

    def suspects(self, now: datetime) -> tuple[InstanceId, ...]:
        """The instances that a grave finding is about."""
        named = (each.split() for each in self._about("finding", now))
        return tuple(sorted(InstanceId(each) for each in set(chain.from_iterable(named))))

    def muted(self, arn: str, since: datetime, now: datetime) -> datetime | None:
        """Until when the alarm is muted; a window whose end is not known lasts for 15 days.

        An event from before *since* does not count: what the alarm sent then was not muted.
        """
        ends = (
            each.until or each.at + MUTE_MAX
            for each in self.live("mute", now)
            if each.about == redact(arn) and each.at >= since
        )
        return max(ends, default=None)

    def mute_ended(self, arn: str, since: datetime, now: datetime) -> bool:
        """Whether a mute window of the alarm, of which an event came, ended after *since*."""
        ends = (
            each.until or each.at + MUTE_MAX
            for each in self.known
            if (each.sort, each.about) == ("mute", redact(arn))
        )
        return any(since < end <= now for end in ends)

    def _about(self, sort: Sort, now: datetime) -> tuple[str, ...]:
        return tuple(sorted({each.about for each in self.live(sort, now)}))

    def live(self, sort: Sort, now: datetime) -> Iterator[Circumstance]:
        """Those of *sort* that go on, as far as is known."""
        for each in self.known:
            if each.sort == sort and each.name != FULL and each.goes_on(now):
                yield each


def _ours(signal: Signal, about: str, fleet: frozenset[InstanceId] | None) -> bool:
    """Whether *signal* concerns the fleet, or may: an alarm that nobody listed licenses no fix."""
    match signal.kind:
        case SignalKind.ALARM:
            return signal.subject != signal.arn
        case SignalKind.FINDING:
            return fleet is None or bool(fleet & set(about.split()))
        case _:
            return True


def _answers(events: ExternalEvents, now: datetime) -> tuple[object, ...]:
    """What guards answer by on this fleet."""
    suspects = {each.about for each in events.live("finding", now) if each.ours}
    full = tuple(events.full(sort, now) for sort in _AGES)
    mutes = {(each.about, each.until) for each in events.live("mute", now) if each.ours}
    return events.issues(now), events.closed_calendars(now), suspects, mutes, full


def _bounded(known: tuple[Circumstance, ...], event: Circumstance) -> tuple[Circumstance, ...]:
    """*known* with *event*: what is over goes first, then the oldest that is not of the fleet.

    Where all of its sort concerns the fleet, *event* is lost, and that is known.
    """
    known = (*known, event)
    mine = [each for each in known if each.sort == event.sort and each.name != FULL]
    if len(mine) <= KEPT_MAX:
        return known
    over = [each for each in mine if not each.goes_on(event.at)]
    gone = next(iter([*over, *(each for each in mine if not each.ours), event]))
    kept = tuple(each for each in known if each is not gone)
    if gone is not event or not event.ours:
        return kept
    others = tuple(each for each in kept if (each.sort, each.name) != (event.sort, FULL))
    return (*others, Circumstance(event.sort, FULL, FULL, event.at))


def _about(signal: Signal) -> str | None:
    """What *signal* says goes on, empty when it is over; None when it is no guard's business."""
    where = signal.dimensions
    match signal.kind:
        case SignalKind.HEALTH:
            service = where.get("Service", "")
            if where.get("EventTypeCategory") != "issue" or service not in SERVICES:
                return None
            goes_on, about = signal.state == "open" and Mark.ENDED not in signal.marks, service
        case SignalKind.ALARM:
            return redact(signal.arn)  # as entries of the ledger name it
        case SignalKind.FINDING:
            if "InstanceId" not in where:
                return None
            goes_on, about = signal.state in GRAVE, where["InstanceId"]
        case _:
            goes_on, about = signal.state == "CLOSED", where.get("Name", signal.subject)
    return about if goes_on else ""
