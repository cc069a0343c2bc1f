"""Circumstances: what goes on around the fleet that was told by events, and not yet ended.

An AWS Health issue of our Region, a security finding on an instance, a change calendar that is
closed: each is kept until its end is told, or until it is too old to be believed. Guards read
them; paging never does.
"""

import copy
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from firstline.ids import InstanceId
from firstline.redaction import redact
from firstline.signal import Mark, Signal, SignalKind

type Sort = Literal["health", "finding", "calendar"]

KEPT_MAX = 100
"""As many as one small item holds; with more the oldest are forgotten."""
ISSUE_AGE_MAX = timedelta(hours=6)
"""An issue that nobody updates for so long is taken as over (I18): AWS may leave one open."""
KEPT_FOR = timedelta(days=30)
"""A finding or a calendar of which no end was told; their events are best effort."""
SERVICES = frozenset({"EC2", "KMS", "ELASTICLOADBALANCING", "SSM", "AUTOSCALING"})
"""The services whose issue makes a fix doubtful."""
GRAVE = frozenset({"HIGH", "CRITICAL"})
"""Severities of a finding that keep its instance as evidence (I22)."""
_READ = frozenset({"EventTypeCategory", "InstanceId", "Name", "Service"})
_SORTS: dict[SignalKind, Sort] = {
    SignalKind.HEALTH: "health",
    SignalKind.FINDING: "finding",
    SignalKind.CALENDAR: "calendar",
}


def concerns(signal: Signal) -> bool:
    """Whether *signal* tells of a fleet's surroundings."""
    return signal.kind in _SORTS


def known_words(signal: Signal) -> dict[str, str]:
    """What *signal* says that is kept of it anyway, by dimension; nothing for any other signal."""
    told = signal.dimensions.items() if concerns(signal) else ()
    return {name: redact(value) for name, value in told if name in _READ}


class Circumstance(msgspec.Struct, frozen=True):
    """The last that was told of one: ``about`` is the service, the instance, or the calendar.

    It is empty once the end was told, and kept, so that a word that comes late begins nothing.
    """

    sort: Sort
    name: str
    about: str
    at: datetime


class Circumstances(msgspec.Struct, frozen=True):
    """All that are known, oldest first; ``version`` is the one that was read."""

    version: int = 0
    known: tuple[Circumstance, ...] = ()

    def told(self, signal: Signal) -> "Circumstances":
        """With what *signal* tells; an end, or a later word on the same thing, replaces it."""
        sort = _SORTS.get(signal.kind)
        if sort is None:
            return self
        name = signal.dimensions.get("Name", signal.subject)
        mine = [each for each in self.known if (each.sort, each.name) == (sort, name)]
        if any(each.at > signal.at for each in mine):
            return self  # it comes late
        about = _about(signal)
        if about is None:
            return self
        others = [each for each in self.known if (each.sort, each.name) != (sort, name)]
        known = [*others, Circumstance(sort, name, about, signal.at)]
        # what is over is forgotten first
        ended = [each for each in known if not each.about][: max(len(known) - KEPT_MAX, 0)]
        kept = tuple(each for each in known if each not in ended)
        return copy.replace(self, known=kept[-KEPT_MAX:])

    def issues(self, now: datetime) -> tuple[str, ...]:
        """The services of open issues in our Region that were told lately."""
        return self._about("health", now, ISSUE_AGE_MAX)

    def closed_calendars(self, now: datetime) -> tuple[str, ...]:
        """The change calendars that are closed."""
        return self._about("calendar", now, KEPT_FOR)

    def suspects(self, now: datetime) -> tuple[InstanceId, ...]:
        """The instances that a grave finding is about."""
        return tuple(map(InstanceId, self._about("finding", now, KEPT_FOR)))

    def _about(self, sort: Sort, now: datetime, age_max: timedelta) -> tuple[str, ...]:
        told = (each for each in self.known if each.sort == sort and now - each.at < age_max)
        return tuple(sorted({each.about for each in told if each.about}))


def _about(signal: Signal) -> str | None:
    """What *signal* says goes on, empty when it is over; None when it is no guard's business."""
    where = signal.dimensions
    match signal.kind:
        case SignalKind.HEALTH:
            service = where.get("Service", "")
            if where.get("EventTypeCategory") != "issue" or service not in SERVICES:
                return None
            goes_on, about = signal.state == "open" and Mark.ENDED not in signal.marks, service
        case SignalKind.FINDING:
            if "InstanceId" not in where:
                return None
            goes_on, about = signal.state in GRAVE, where["InstanceId"]
        case _:
            goes_on, about = signal.state == "CLOSED", where.get("Name", signal.subject)
    return about if goes_on else ""
