"""The store: what one transaction writes, and what is read of it."""

from datetime import datetime
from typing import Protocol

import msgspec

from firstline.diagnosis.external_events import Circumstances
from firstline.ids import Cause, Digest, IncidentId, SignalKey
from firstline.incidents.accounted import Accounted
from firstline.incidents.approvals import Approval
from firstline.incidents.incident import Incident
from firstline.ledger.chain import Entry
from firstline.remediation.kill_switch import Switch
from firstline.remediation.limits import Lease, Limits
from firstline.signal import Signal
from firstline.signals.storm import Openings


class Joined(msgspec.Struct, frozen=True):
    """A signal on its way into an open incident's inbox."""

    incident: IncidentId
    signal: Signal


class Loaded(msgspec.Struct, frozen=True):
    """An incident, the inbox that waits for it, and what people said to its proposals."""

    incident: Incident
    inbox: tuple[Signal, ...]
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
    circumstances: Circumstances


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One transaction: all of it is written, or none.

    ``incident`` is stored with ``version`` one higher than given, if the stored one still has
    the given version (0: if there is none); ``folded`` of its inbox and ``taken`` of its approvals
    are then gone. ``processed`` must be new. ``opens`` claims the cause for the incident and must
    be free; ``closes`` frees it, and keeps what the episode accounts for. ``switch`` is stored like
    the incident, one version higher. ``heard`` must not be older than the one that stands. What
    ``fence`` names must still stand.
    """

    incident: Incident | None = None
    entries: tuple[Entry, ...] = ()
    processed: SignalKey | None = None
    opens: Cause | None = None
    closes: Cause | None = None
    joined: Joined | None = None
    folded: tuple[SignalKey, ...] = ()
    given: Given | None = None
    taken: tuple[Approval, ...] = ()
    switch: Switch | None = None
    lease: LeaseWrite | None = None
    heard: Heard | None = None
    openings: OpeningsWrite | None = None
    circumstances: CircumstancesWrite | None = None
    fence: Fence | None = None


class Due(msgspec.Struct, frozen=True):
    """An incident whose wake is overdue, or that owes a page."""

    incident: IncidentId
    generation: int
    next_wake_at: datetime


class Store(Protocol):
    """Incidents, inboxes, processed keys, leases and the ledger."""

    def load(self, incident: IncidentId) -> Loaded | None:
        """The incident with its inbox, read consistently; None if there is none."""

    def commit(self, change: Change) -> None:
        """Write *change*; raises `Conflict` saying what was contested."""

    def open_incident(self, cause: Cause) -> IncidentId | None:
        """The incident that has *cause* open now."""

    def accounted(self, cause: Cause) -> Accounted | None:
        """What the last P1 episode of *cause* that ended accounts for, read consistently."""

    def limits(self, group: str) -> Limits:
        """Lease, kill switch and circumstances, read consistently.

        A switch that cannot be understood is on; the others that cannot be raise `Bug`.
        """

    def switch(self) -> Switch:
        """The kill switch alone, read consistently; one that cannot be understood is on."""

    def openings(self, fleet: str) -> Openings:
        """What opened lately in *fleet*; what cannot be understood is as if nothing had."""

    def due(self, by: datetime) -> tuple[Due, ...]:
        """Incidents whose ``next_wake_at`` is not after *by*, oldest first, at most 25."""

    def open_now(self, most: int) -> tuple[IncidentId, ...]:
        """Incidents that have not ended, the latest first, at most *most*; moments late."""

    def entries(self, incident: IncidentId) -> tuple[Entry, ...]:
        """The incident's ledger in order."""
