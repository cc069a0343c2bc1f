"""The store's port: incidents, inboxes, keys, leases and the ledger, by transactions."""

from datetime import datetime
from typing import Protocol

import msgspec

from firstline.diagnosis.external_events import ExternalEvents
from firstline.ids import CorrelationKey, Digest, IncidentId, InstanceId, SignalKey
from firstline.incidents.approvals import Approval
from firstline.incidents.handled_alarms import HandledAlarms, handled_alarms
from firstline.incidents.incident import Incident
from firstline.ledger.chain import Entry
from firstline.remediation.kill_switch import KillSwitch
from firstline.remediation.limits import Lease, Limits
from firstline.signal import Severity, Signal
from firstline.signals.storm import Openings

DUE_MAX = 25
"""The most incidents of one read of the due index; the next read begins after its last."""
ACTIONS_MAX = 100
"""The most actions of one transaction (DynamoDB API reference, TransactWriteItems)."""
INBOX_READ_MAX = 100
"""The most signals of one load: more than one transaction removes.

A storm's inbox may have thousands.
"""


class InboxSignal(msgspec.Struct, frozen=True):
    """A signal in an open incident's inbox.

    ``severity`` is that of its receipt, and orders the inbox. It is None for a signal stored by an
    earlier version, which may have any severity.
    """

    incident: IncidentId
    signal: Signal
    severity: Severity | None = None

    @property
    def place(self) -> tuple[str, SignalKey]:
        """Its position in the inbox. Lower ones are read first: none, P1 to P4."""
        return self.severity or "", self.signal.key


class LoadedIncident(msgspec.Struct, frozen=True):
    """An incident, the gravest `INBOX_READ_MAX` signals of its inbox, and answers by time."""

    incident: Incident
    inbox: tuple[InboxSignal, ...]
    approvals: tuple[Approval, ...] = ()


class OperatorAnswer(msgspec.Struct, frozen=True):
    """An operator's answer to a proposal, which waits in the incident's inbox.

    It is written only if the incident still has ``version``, so an answer to a plan that was
    executed meanwhile is refused. A denial is written a second time, where `Fence` checks it.
    """

    incident: IncidentId
    version: int
    approval: Approval


class Fence(msgspec.Struct, frozen=True, kw_only=True):
    """The conditions of an intent: it is written only if all of them still hold (I15, I18, I22).

    ``switch`` is the kill switch's version that was read, 0 if there was none; ``events`` that of
    the guards' answers on external events of ``group``; and ``plan`` of ``incident`` has no denial.

    A person's decision therefore counts from its commit: if it is committed before the intent, it
    stops the fix. After a conflict the fix is decided again at once, up to five times within ten
    seconds, with a pause that differs between workers. The version of the guards' answers rises
    only where an answer on this fleet changes, so unrelated events veto no fix.

    A denial is final: it wins over an approval of the same plan in any order, and one that comes
    after the intent is refused. The result of a pause reads the lease after its commit, and names a
    fix that it came too late for.
    """

    switch: int
    group: str
    events: int
    incident: IncidentId
    plan: Digest


class LeaseWrite(msgspec.Struct, frozen=True):
    """The lease to write, and the fence that must still hold at the write."""

    lease: Lease
    fence_read: int


class AlarmTransition(msgspec.Struct, frozen=True):
    """The latest processed transition of an alarm; an older one is late (I3, I14)."""

    arn: str
    at: datetime


class OpeningsWrite(msgspec.Struct, frozen=True):
    """A fleet's recent openings, to write over the version that they have."""

    fleet: str
    openings: Openings


class ExternalEventsWrite(msgspec.Struct, frozen=True):
    """A group's external events, to write over the version that they have."""

    group: str
    external_events: ExternalEvents


class PageReceipt(msgspec.Struct, frozen=True):
    """The receipt of a page that PagerDuty accepted: its key, and the instant."""

    note: str
    at: datetime


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One transaction: all of it is written, or none.

    ``incident`` is stored with ``version`` plus one, if the stored one still has ``version`` (0: if
    there is none); ``merged_signals`` and ``applied_approvals`` are removed from its inbox.
    Evidence of ``stored_hosts`` is written to items of its own; ``host_versions`` of the incident
    names them. ``processed`` must be new. ``opens`` claims the correlation key for the incident and
    must be free; ``closes`` frees it, and stores the alarms that the episode handled. ``switch`` is
    stored like the incident. ``transition`` must not be older than the stored one. The conditions
    of ``fence`` must hold. ``page_receipt`` records a sent page that belongs to no incident.
    """

    incident: Incident | None = None
    entries: tuple[Entry, ...] = ()
    processed: SignalKey | None = None
    opens: CorrelationKey | None = None
    closes: CorrelationKey | None = None
    inbox_signal: InboxSignal | None = None
    stored_hosts: tuple[InstanceId, ...] = ()
    merged_signals: tuple[InboxSignal, ...] = ()
    answer: OperatorAnswer | None = None
    applied_approvals: tuple[Approval, ...] = ()
    switch: KillSwitch | None = None
    lease: LeaseWrite | None = None
    transition: AlarmTransition | None = None
    openings: OpeningsWrite | None = None
    external_events: ExternalEventsWrite | None = None
    fence: Fence | None = None
    page_receipt: PageReceipt | None = None

    @property
    def actions(self) -> int:
        """The number of items that it writes, removes or checks: at most `ACTIONS_MAX`."""
        claims = (self.processed, self.opens, self.closes)
        items = (self.incident, self.inbox_signal, self.switch, self.lease, self.page_receipt)
        hints = (self.transition, self.openings, self.external_events)
        answer = 0 if self.answer is None else 2 if self.answer.approval.granted else 3
        fence = 0 if self.fence is None else 3
        merged = {each.place for each in self.merged_signals}
        handled = self.incident is not None and bool(self.closes) and handled_alarms(self.incident)
        several = len(self.entries) + len(merged) + len(self.applied_approvals)
        several += len(self.stored_hosts)
        return sum(map(bool, (*claims, *items, *hints, handled))) + answer + fence + several


class DueIncident(msgspec.Struct, frozen=True):
    """An incident whose wake is overdue, or with a pending page."""

    incident: IncidentId
    generation: int
    next_wake_at: datetime


class Store(Protocol):
    """Incidents, inboxes, processed keys, leases and the ledger."""

    def load(self, incident: IncidentId) -> LoadedIncident | None:
        """The incident and its inbox, read consistently; None if there is none.

        Raises `Unreadable` if any part of it cannot be parsed.
        """

    def commit(self, change: Change) -> None:
        """Write *change*; raises `CommitConflict` with the contested part.

        Raises `InvariantViolation` for a change of no action, or of more than `ACTIONS_MAX`, and
        `Unwritable` for one that the store never accepts.
        """

    def open_incident(self, key: CorrelationKey) -> IncidentId | None:
        """The open incident of *key*."""

    def accounted(self, key: CorrelationKey) -> HandledAlarms | None:
        """The alarms that the last ended P1 episode of *key* handled, read consistently."""

    def limits(self, group: str) -> Limits:
        """The lease, the kill switch and the external events, read consistently.

        A kill switch that cannot be parsed is on; the others raise `InvariantViolation`.
        """

    def switch(self) -> KillSwitch:
        """The kill switch, read consistently; one that cannot be parsed is on."""

    def openings(self, fleet: str) -> Openings:
        """The recent openings in *fleet*; empty if they cannot be parsed."""

    def paged(self, note: str) -> datetime | None:
        """The instant of the page with this receipt, within 30 days; read consistently."""

    def due(self, by: datetime, after: DueIncident | None = None) -> tuple[DueIncident, ...]:
        """Incidents whose ``next_wake_at`` is not after *by*, oldest first, at most `DUE_MAX`.

        Only those behind *after*, if given.
        """

    def open_now(self, most: int) -> tuple[IncidentId, ...]:
        """Open incidents, the latest first, at most *most*; eventually consistent."""

    def escalated(self, most: int) -> tuple[IncidentId, ...]:
        """Escalated incidents, the latest opened first, at most *most*; eventually consistent.

        They stay in this list: nothing records that their alarms are OK again.
        """

    def closed(self, most: int) -> tuple[IncidentId, ...]:
        """Closed incidents, the latest opened first, at most *most*; eventually consistent."""

    def entries(self, incident: IncidentId) -> tuple[Entry, ...]:
        """The incident's ledger in order."""

    def last_entries(self, incident: IncidentId, most: int) -> tuple[Entry, ...]:
        """The last entries of the incident's ledger in order; eventually consistent."""
