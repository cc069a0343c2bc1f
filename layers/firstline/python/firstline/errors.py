"""Errors, classed by what the caller should do next.

    FirstlineError
    ├── InvalidInput            the input is wrong: report it to its sender, do not retry
    ├── DependencyUnavailable   a dependency failed or timed out: retry later
    │   └── Busy                concurrent transactions block the store: nothing was written
    ├── CommitConflict          another writer was first: read again, then decide again
    └── InvariantViolation      a rule of firstline is broken: stop
        └── Abandoned           this code cannot handle an incident: leave it, page a person
            ├── Unreadable      the stored text cannot be parsed
            └── Unwritable      the store refuses it permanently

An unknown outcome of a mutation is a value, not an error (see ``ports.Unsettled``).
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar


class FirstlineError(Exception):
    """Base class of every error that firstline raises."""


class InvalidInput(FirstlineError):
    """The input cannot be parsed or used; each line names one fault and how to correct it."""

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines)
        self.lines = lines

    def __str__(self) -> str:
        return "\n".join(self.lines)


class DependencyUnavailable(FirstlineError):
    """A dependency failed, throttled or timed out; a pending write may or may not have happened."""


class Busy(DependencyUnavailable):
    """Every try met other transactions on the same items."""


class Contested(StrEnum):
    """The condition that a commit found violated; the first in this order is reported.

    A redelivery explains the others, so it comes first.
    """

    PROCESSED = "processed"
    CORRELATION_KEY = "correlation-key"
    VERSION = "version"
    LEASE = "lease"
    ENTRY = "entry"
    HEARD = "heard"
    OPENINGS = "openings"
    CIRCUMSTANCES = "circumstances"
    SWITCH = "switch"
    DENIED = "denied"
    BUSY = "busy"
    """Another transaction held the same items: nothing was written, try again."""


class CommitConflict(FirstlineError):
    """A condition of a commit did not hold, so none of it was written."""

    def __init__(self, contested: Contested) -> None:
        super().__init__(f"another writer was first: {contested}")
        self.contested = contested


class InvariantViolation(FirstlineError):
    """An invariant of firstline does not hold."""


class Abandoned(InvariantViolation):
    """An incident that this code cannot handle: leave it, and page a person.

    ``severity`` and ``opened_at`` are known without its text; "" and None where they are not.
    """

    problem: ClassVar[str]

    def __init__(
        self, incident: str, why: str, severity: str = "", opened_at: datetime | None = None
    ) -> None:
        super().__init__(f"{incident or 'a change'} {self.problem}: {why}")
        self.incident = incident
        self.why = why
        self.severity = severity
        self.opened_at = opened_at


class Unreadable(Abandoned):
    """A stored incident that this code cannot parse: newer code stored it, or it is corrupt."""

    problem = "cannot be read by this code"


class Unwritable(Abandoned):
    """The store refuses a change permanently: an item above its size limit, or an invalid form.

    ``incident`` is the one that was to be written, "" for none.
    """

    problem = "cannot be stored"
