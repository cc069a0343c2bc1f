"""Errors, classed by what should happen next.

    FirstlineError
    ├── Malformed     what came in is wrong: asking again cannot help; tell its sender
    ├── Unavailable   a dependency failed or did not answer in time: ask again later
    │   └── Busy      other workers keep the store from it: nothing was written
    ├── Conflict      somebody else wrote first: read again, then think again
    └── Bug           a rule of our own is broken: stop, and never go on from here
        ├── Unreadable    a stored incident is not for this code: leave it, and page a person
        └── Unwritable    the store takes it in no form that is tried again: page a person

An unknown outcome of a mutation is none of these: it is a value (see ``ports.Unsettled``).
"""

from datetime import datetime
from enum import StrEnum


class FirstlineError(Exception):
    """Everything that firstline raises by itself."""


class Malformed(FirstlineError):
    """The input cannot be understood or used; the message says how to mend it in one line."""


class Unavailable(FirstlineError):
    """A dependency failed, throttled or hung; nothing is known of a write that was under way."""


class Busy(Unavailable):
    """Other transactions on the same items were under way each time that it was tried."""


class Contested(StrEnum):
    """What a commit found already taken; the first says most: a redelivery explains the others."""

    PROCESSED = "processed"
    CAUSE = "cause"
    VERSION = "version"
    LEASE = "lease"
    ENTRY = "entry"
    HEARD = "heard"
    OPENINGS = "openings"
    CIRCUMSTANCES = "circumstances"
    SWITCH = "switch"
    DENIED = "denied"
    BUSY = "busy"
    """Another transaction on the same items was under way: nothing was written, try again."""


class Conflict(FirstlineError):
    """A condition of a commit did not hold, so none of it was written."""

    def __init__(self, contested: Contested) -> None:
        super().__init__(f"another writer was first: {contested}")
        self.contested = contested


class Bug(FirstlineError):
    """An invariant of our own does not hold."""


class Unreadable(Bug):
    """A stored incident that this code cannot read: newer code stored it, or it is spoilt.

    ``severity`` and ``opened_at`` stand beside its text; an item without them gives "" and None.
    """

    def __init__(
        self, incident: str, why: str, severity: str = "", opened_at: datetime | None = None
    ) -> None:
        super().__init__(f"{incident} cannot be read by this code: {why}")
        self.incident = incident
        self.why = why
        self.severity = severity
        self.opened_at = opened_at


class Unwritable(Bug):
    """The store refuses a change for good: an item above its limit, or a form that it never takes.

    Trying again cannot help. ``incident`` is the one that was to be written, "" for none;
    ``severity`` and ``opened_at`` are of the incident as it was to be written.
    """

    def __init__(
        self, incident: str, why: str, severity: str = "", opened_at: datetime | None = None
    ) -> None:
        super().__init__(f"{incident or 'a change'} cannot be stored: {why}")
        self.incident = incident
        self.why = why
        self.severity = severity
        self.opened_at = opened_at
