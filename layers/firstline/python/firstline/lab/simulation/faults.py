"""Faults: what may go wrong at each effect that the ports have, and why the rest cannot."""

import functools
from datetime import timedelta
from enum import StrEnum

from firstline.adapters.aws.sns_notifier import Topic
from firstline.adapters.pagerduty.notifier import Api
from firstline.controller.ports import Ports


class Fault(StrEnum):
    """What becomes of one remote request."""

    NONE = "none"
    ERROR = "error"
    THROTTLE = "throttle"
    SLOW = "slow"
    HANG = "hang"
    PAUSE = "pause"
    TIMEOUT_BEFORE = "timeout-before"
    TIMEOUT_AFTER = "timeout-after"
    DUPLICATE = "duplicate"
    CRASH_BEFORE = "crash-before"
    CRASH_AFTER = "crash-after"
    STALE = "stale"
    MISSING = "missing"


SLOW = timedelta(seconds=2)
CONNECTING = timedelta(seconds=1)
"""As long as a client tries to connect."""
PATIENCE = timedelta(seconds=3)
"""As long as a client waits for an answer."""
LAST_GASP = timedelta(seconds=1)
"""A worker that is paused goes on for so long before its function's timeout ends it."""
STALE = timedelta(seconds=5)
"""As old as an answer may be where AWS reads with eventual consistency."""

WRITES = frozenset(
    {
        "hosts.fix",
        "hosts.look",
        "pager.change",
        "pager.note",
        "pager.post",
        "scaling.fix",
        "store.commit",
        "team.publish",
        "wakes.queue",
    }
)
"""Effects that change something outside: ``PORT.METHOD``."""
TWICE = frozenset({"wakes.queue"})
"""What a network may deliver twice by itself: messages."""
EVENTUAL = frozenset(
    {
        "fleet.alarms",
        "fleet.answering",
        "fleet.firing",
        "fleet.group",
        "fleet.muted",
        "fleet.statuses",
        "fleet.target_health",
        "hosts.answers",
        "hosts.connections",
        "hosts.find",
        "scaling.departure",
        "scaling.find",
        "scaling.refreshes",
        "store.due",
    }
)
"""Reads whose answer may be of a while ago: the fleet's, and the one index of the store."""
PARTIAL = frozenset(
    {
        "fleet.answering",
        "fleet.group",
        "fleet.statuses",
        "fleet.target_health",
        "hosts.answers",
        "hosts.connections",
    }
)
"""Evidence that may come without what was asked for."""
UNASKED = {
    "store.closed": "no worker asks what is over: the console does",
    "store.escalated": "no worker asks what a person was given: the console does",
    "store.last_entries": "no worker reads the ledger: the console does",
    "store.open_now": "no worker asks what is open: the console does",
}
"""Methods of the ports that no run can reach, and why."""

APART = frozenset({"clock", "executors", "notifiers"})
"""Of the ports: time is the simulation's own, no shipped action has another executor, and the
requests of the notifiers stand in ``VENDORS``."""
VENDORS: dict[str, type] = {"pager": Api, "team": Topic}
"""What the shipped notifiers ask of vendors, by the names that their effects have."""


def effects() -> tuple[str, ...]:
    """Every remote request that a worker can make: the ports' methods, but for the clock's."""
    ports = {name: kind for name, kind in Ports.__annotations__.items() if name not in APART}
    ports |= VENDORS
    names = (f"{port}.{each}" for port, kind in ports.items() for each in _methods(kind))
    return tuple(each for each in names if each not in UNASKED)


def _methods(port: type) -> list[str]:
    return [name for name, each in vars(port).items() if callable(each) and name[0] != "_"]


@functools.cache
def possible(effect: str) -> tuple[Fault, ...]:
    """The faults that *effect* (``PORT.METHOD``) can have, the dull one first."""
    return tuple(each for each in Fault if impossible(effect, each) is None)


def impossible(effect: str, fault: Fault) -> str | None:
    """Why *effect* cannot have *fault*; None if it can."""
    allowed, why = LIMITED.get(fault, (None, ""))
    return why if allowed is not None and effect not in allowed else None


LIMITED: dict[Fault, tuple[frozenset[str], str]] = {
    Fault.TIMEOUT_AFTER: (WRITES, "a read has no effect that could come before its timeout"),
    Fault.CRASH_AFTER: (WRITES, "after a read nothing is there that was not there before it"),
    Fault.DUPLICATE: (TWICE, "it is sent once, and no network delivers it twice"),
    Fault.STALE: (EVENTUAL, "it writes, is read consistently, or never changes in a run"),
    Fault.MISSING: (PARTIAL, "it is no evidence of hosts, or comes as a whole or not at all"),
}
"""Faults that only some effects can have, and why the others cannot."""
