"""Faults: what may go wrong at each effect that the ports have, and what cannot."""

import functools
from datetime import timedelta
from enum import StrEnum


class Fault(StrEnum):
    """What becomes of one remote request."""

    NONE = "none"
    ERROR = "error"
    SLOW = "slow"
    HANG = "hang"
    PAUSE = "pause"
    TIMEOUT_BEFORE = "timeout-before"
    TIMEOUT_AFTER = "timeout-after"
    DUPLICATE = "duplicate"
    CRASH_BEFORE = "crash-before"
    CRASH_AFTER = "crash-after"


SLOW = timedelta(seconds=2)
PATIENCE = timedelta(seconds=3)
"""As long as a client waits for an answer."""
PAUSE_MAX = timedelta(seconds=70)
"""Longer than any function may run: a worker that is paused so long is dead when it goes on."""
WRITES = frozenset({"commit", "send", "change", "post", "publish", "queue"})
"""Effects that change something outside: the last part of `DEPENDENCY.NAME`."""
TWICE = frozenset({"wakes.queue"})
"""What a network may deliver twice by itself: messages."""


def writes(effect: str) -> bool:
    """Whether *effect* changes something outside."""
    return effect.rpartition(".")[2] in WRITES


@functools.cache
def possible(effect: str) -> tuple[Fault, ...]:
    """The faults that *effect* (``DEPENDENCY.NAME``) can have, the dull one first."""
    return tuple(each for each in Fault if impossible(effect, each) is None)


def impossible(effect: str, fault: Fault) -> str | None:
    """Why *effect* cannot have *fault*; None if it can."""
    if fault is Fault.TIMEOUT_AFTER and not writes(effect):
        return "a read has no effect that could come before its timeout"
    if fault is Fault.CRASH_AFTER and not writes(effect):
        return "after a read nothing is there that was not there before it"
    if fault is Fault.DUPLICATE and effect not in TWICE:
        return "it is sent once, and no network delivers it twice"
    return None
