"""The store: what one transaction writes, and what is read of it."""

from datetime import datetime
from typing import Protocol

import msgspec

from firstline.diagnosis.external_events import ExternalEvents
from firstline.ids import CorrelationKey, Digest, IncidentId, SignalKey
from firstline.incidents.approvals import Approval
from firstline.incidents.handled_alarms import HandledAlarms, handled_alarms
from firstline.incidents.incident import Incident
from firstline.ledger.chain import Entry
from firstline.remediation.kill_switch import KillSwitch
from firstline.remediation.limits import Lease, Limits
from firstline.signal import Severity, Signal
from firstline.signals.storm import Openings

DUE_MAX = 25
"""How many incidents one reading of what is due gives; the next begins after its last."""
ACTIONS_MAX = 100
"""The most actions of one transaction (DynamoDB API reference, TransactWriteItems)."""
WAITING_MAX = 100
"""The most signals that one load reads, more than one transaction removes; a storm's inbox may
hold thousands."""


class Joined(msgspec.Struct, frozen=True):
    """A signal in an open incident's inbox.

    ``severity`` is the one that it was received with, which orders the inbox. It is None where an
    earlier version stored the signal; such a signal may be of any severity.
    """

    incident: IncidentId
    signal: Signal
    severity: Severity | None = None

    @property
    def place(self) -> tuple[str, SignalKey]:
        """What tells it from others of its inbox. Lower ones are read first: none, P1 to P4."""
        return self.severity or "", self.signal.key


class Loaded(msgspec.Struct, frozen=True):
    """An incident, the gravest `WAITING_MAX` signals of its inbox, and people's answers by time."""

    incident: Incident
    inbox: tuple[Joined, ...]
    approvals: tuple[Approval, ...] = ()


class Given(msgspec.Struct, frozen=True):
    """A person's answer to a proposal of an incident, which waits for it like a signal.

    It is written only while the incident still has ``version``: an answer to a plan that has been
    carried out meanwhile is refused. A denial is written a second time, where `Fence` looks.
    """

    incident: IncidentId
    version: int
    approval: Approval


class Fence(msgspec.Struct, frozen=True, kw_only=True):
    """What an intent rests on: it is written only while all of it still stands (I15, I18, I22).

    ``switch`` is the version of the kill switch that was read, 0 where there was none; ``events``
    that of the guards' answers on external events around ``group``; and ``plan`` of ``incident``
    has no denial.
    """

    switch: int
    group: str
    events: int
    incident: IncidentId
    plan: Digest


class LeaseWrite(msgspec.Struct, frozen=True):
    """The lease to write, and the fence that must still stand when it is written."""

    lease: Lease
    fence_read: int


class Heard(msgspec.Struct, frozen=True):
    """The latest transition of an alarm that was processed: what is older comes late (I3, I14)."""

    arn: str
    at: datetime


class OpeningsWrite(msgspec.Struct, frozen=True):
    """What opened lately in a fleet, to write over the version that it has."""

    fleet: str
    openings: Openings


class CircumstancesWrite(msgspec.Struct, frozen=True):
    """What goes on around a group, to write over the version that it has."""

    group: str
    circumstances: ExternalEvents


class Paged(msgspec.Struct, frozen=True):
    """A page that PagerDuty took, by its key or another note of it, and when."""

    note: str
    at: datetime


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One transaction: all of it is written, or none.

    ``incident`` is stored with ``version`` one higher than given, if the stored one still has
    the given version (0: if there is none); ``folded`` of its inbox and ``taken`` of its approvals
    are then gone. ``processed`` must be new. ``opens`` claims the cause for the incident and must
    be free; ``closes`` frees it, and keeps what the episode accounts for. ``switch`` is stored like
    the incident, one version higher. ``heard`` must not be older than the one that stands. What
    ``fence`` names must still stand. ``paged`` notes a page that was sent and that no incident
    holds.
    """

    incident: Incident | None = None
    entries: tuple[Entry, ...] = ()
    processed: SignalKey | None = None
    opens: CorrelationKey | None = None
    closes: CorrelationKey | None = None
    joined: Joined | None = None
    folded: tuple[Joined, ...] = ()
    given: Given | None = None
    taken: tuple[Approval, ...] = ()
    switch: KillSwitch | None = None
    lease: LeaseWrite | None = None
    heard: Heard | None = None
    openings: OpeningsWrite | None = None
    circumstances: CircumstancesWrite | None = None
    fence: Fence | None = None
    paged: Paged | None = None

    @property
    def actions(self) -> int:
        """How many items its transaction writes, removes or checks: at most `ACTIONS_MAX`."""
        claims = (self.processed, self.opens, self.closes)
        items = (self.incident, self.joined, self.switch, self.lease, self.paged)
        hints = (self.heard, self.openings, self.circumstances)
        answer = 0 if self.given is None else 2 if self.given.approval.granted else 3
        fence = 0 if self.fence is None else 3
        folded = {each.place for each in self.folded}
        kept = self.incident is not None and bool(self.closes) and handled_alarms(self.incident)
        several = len(self.entries) + len(folded) + len(self.taken)
        return sum(map(bool, (*claims, *items, *hints, kept))) + answer + fence + several


class Due(msgspec.Struct, frozen=True):
    """An incident whose wake is overdue, or that owes a page."""

    incident: IncidentId
    generation: int
    next_wake_at: datetime


class Store(Protocol):
    """Incidents, inboxes, processed keys, leases and the ledger."""

    def load(self, incident: IncidentId) -> Loaded | None:
        """The incident with what waits for it, read consistently; None if there is none.

        Raises `Unreadable` where any of it cannot be understood.
        """

    def commit(self, change: Change) -> None:
        """Write *change*; raises `CommitConflict` saying what was contested.

        Raises `InvariantViolation` for a change of no action, or of more than `ACTIONS_MAX`, and
        `Unwritable` for one that the store takes at no time.
        """

    def open_incident(self, cause: CorrelationKey) -> IncidentId | None:
        """The incident that has *cause* open now."""

    def accounted(self, cause: CorrelationKey) -> HandledAlarms | None:
        """What the last P1 episode of *cause* that ended accounts for, read consistently."""

    def limits(self, group: str) -> Limits:
        """Lease, kill switch and circumstances, read consistently.

        A switch that cannot be understood is on; the others that cannot be raise
        `InvariantViolation`.
        """

    def switch(self) -> KillSwitch:
        """The kill switch alone, read consistently; one that cannot be understood is on."""

    def openings(self, fleet: str) -> Openings:
        """What opened lately in *fleet*; what cannot be understood is as if nothing had."""

    def paged(self, note: str) -> datetime | None:
        """When the page of *note* was sent, if that was noted within 30 days; consistent."""

    def due(self, by: datetime, after: Due | None = None) -> tuple[Due, ...]:
        """Incidents whose ``next_wake_at`` is not after *by*, oldest first, at most `DUE_MAX`.

        Those that come behind *after*, where it is given.
        """

    def open_now(self, most: int) -> tuple[IncidentId, ...]:
        """Incidents that have not ended, the latest first, at most *most*; moments late."""

    def escalated(self, most: int) -> tuple[IncidentId, ...]:
        """Incidents that a person was given, the latest opened first, at most *most*; moments late.

        They stay in this list for good: nothing records when their alarms are OK again.
        """

    def closed(self, most: int) -> tuple[IncidentId, ...]:
        """Incidents that are over, the latest opened first, at most *most*; moments late."""

    def entries(self, incident: IncidentId) -> tuple[Entry, ...]:
        """The incident's ledger in order."""

    def last_entries(self, incident: IncidentId, most: int) -> tuple[Entry, ...]:
        """The last entries of the incident's ledger in order, at most *most*; moments late."""
