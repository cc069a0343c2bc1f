"""Errors, classed by what should happen next.

    FirstlineError
    ├── Malformed     what came in is wrong: asking again cannot help; tell its sender
    ├── Unavailable   a dependency failed or did not answer in time: ask again later
    │   └── Busy      other workers keep the store from it: nothing was written
    ├── Conflict      somebody else wrote first: read again, then think again
    └── Bug           a rule of our own is broken: stop, and never go on from here
        └── Abandoned     an incident is not for this code: leave it, and page a person
            ├── Unreadable    what is stored cannot be understood
            └── Unwritable    the store refuses it for good

An unknown outcome of a mutation is none of these: it is a value (see ``ports.Unsettled``).
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar


class FirstlineError(Exception):
    """Everything that firstline raises by itself."""


class InvalidInput(FirstlineError):
    """The input cannot be understood or used; a line for each fault says how to mend it."""

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines)
        self.lines = lines

    def __str__(self) -> str:
        return "\n".join(self.lines)


class DependencyUnavailable(FirstlineError):
    """A dependency failed, throttled or hung; nothing is known of a write that was under way."""


class Busy(DependencyUnavailable):
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


class CommitConflict(FirstlineError):
    """A condition of a commit did not hold, so none of it was written."""

    def __init__(self, contested: Contested) -> None:
        super().__init__(f"another writer was first: {contested}")
        self.contested = contested


class InvariantViolation(FirstlineError):
    """An invariant of our own does not hold."""


class Abandoned(InvariantViolation):
    """An incident with which nothing can be done here: leave it, and page a person.

    ``severity`` and ``opened_at`` are what is known of it without its text; "" and None for
    nothing.
    """

    what: ClassVar[str]

    def __init__(
        self, incident: str, why: str, severity: str = "", opened_at: datetime | None = None
    ) -> None:
        super().__init__(f"{incident or 'a change'} {self.what}: {why}")
        self.incident = incident
        self.why = why
        self.severity = severity
        self.opened_at = opened_at


class Unreadable(Abandoned):
    """A stored incident that this code cannot read: newer code stored it, or it is spoilt."""

    what = "cannot be read by this code"


class Unwritable(Abandoned):
    """The store refuses a change for good: an item above its limit, or a form that it never takes.

    ``incident`` is the one that was to be written, "" for none.
    """

    what = "cannot be stored"
