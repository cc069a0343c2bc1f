"""The store of the in-memory backend: `controller.ports.store.Store` in dictionaries."""

import contextlib
import copy
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec

from firstline.controller.ports.store import (
    ACTIONS_MAX,
    DUE_MAX,
    INBOX_READ_MAX,
    Change,
    DueIncident,
    Fence,
    InboxSignal,
    LoadedIncident,
    OperatorAnswer,
)
from firstline.diagnosis.evidence import HostEvidence
from firstline.diagnosis.external_events import ExternalEvents
from firstline.errors import CommitConflict, Contested, InvariantViolation, Unreadable, Unwritable
from firstline.ids import CorrelationKey, Digest, IncidentId, InstanceId, SignalKey
from firstline.incidents import incident as incidents
from firstline.incidents.approvals import Approval
from firstline.incidents.handled_alarms import HandledAlarms, handled_alarms
from firstline.incidents.incident import Incident, Status
from firstline.lab.twin.effects import Effects
from firstline.ledger.chain import Entry
from firstline.remediation.kill_switch import OFF, KillSwitch
from firstline.remediation.limits import Lease, Limits
from firstline.signals.storm import Openings

ITEM_BYTES_MAX = 400 * 1024
"""DynamoDB's limit of an item."""


class Row(NamedTuple):
    """The attributes of an aggregate outside its text, readable without it."""

    version: int
    due: DueIncident | None
    severity: str
    opened_at: datetime
    status: Status


class Tables(msgspec.Struct):
    """The store's contents; aggregates are JSON text, as in a table.

    ``hosts`` has the evidence in items of its own, each with the version in which it was written.
    """

    incidents: dict[IncidentId, str] = {}
    hosts: dict[IncidentId, dict[InstanceId, tuple[int, HostEvidence]]] = {}
    rows: dict[IncidentId, Row] = {}
    inboxes: dict[IncidentId, dict[tuple[str, SignalKey], InboxSignal]] = {}
    processed: set[SignalKey] = set()
    paged: dict[str, datetime] = {}
    joined: list[InboxSignal] = []
    causes: dict[CorrelationKey, IncidentId] = {}
    accounted: dict[CorrelationKey, HandledAlarms] = {}
    leases: dict[str, Lease] = {}
    entries: dict[IncidentId, list[Entry]] = {}
    switch: KillSwitch = OFF
    approvals: dict[IncidentId, list[Approval]] = {}
    denied: set[tuple[IncidentId, Digest]] = set()
    heard: dict[str, datetime] = {}
    openings: dict[str, Openings] = {}
    circumstances: dict[str, ExternalEvents] = {}
    journal: list[Entry | OperatorAnswer] = []
    """Every entry and approval in the order of their commits."""

    def incident(self, id_: IncidentId, text: str) -> Incident:
        """Return the incident whose aggregate is *text*, with the evidence of its host items.

        A host whose item is missing or older is left out, as by the adapter. Raises
        `InvariantViolation` if the text cannot be read.
        """
        incident = incidents.decode(text)
        versions, items = incident.host_versions, self.hosts.get(id_, {})
        hosts = {
            host: evidence
            for host, (written, evidence) in items.items()
            if host in versions and written >= versions[host]
        }
        return copy.replace(incident, hosts={**hosts, **incident.hosts})


type Stored = Callable[[str, Row], str]
"""An aggregate's text, as it is found by who may not be the code that wrote it."""


def as_it_is(text: str, _row: Row) -> str:
    """Return the text unchanged: this code wrote it."""
    return text


class MemoryStore:
    """`Store` in dictionaries; a commit checks every condition before it writes.

    *stored* gives the text that this code reads in place of an aggregate's.
    """

    def __init__(self, effects: Effects, stored: Stored = as_it_is) -> None:
        self.tables = Tables()
        self._effects = effects
        self._stored = stored

    def load(self, incident: IncidentId) -> LoadedIncident | None:
        """See `firstline.controller.ports.store.Store`."""
        return self._effects.effect("store", "store.load", lambda: self._load(incident))

    def commit(self, change: Change) -> None:
        """See `firstline.controller.ports.store.Store`."""
        self._effects.effect("store", "store.commit", lambda: self._commit(change))

    def open_incident(self, key: CorrelationKey) -> IncidentId | None:
        """See `firstline.controller.ports.store.Store`."""
        return self._effects.effect(
            "store", "store.open_incident", lambda: self.tables.causes.get(key)
        )

    def accounted(self, key: CorrelationKey) -> HandledAlarms | None:
        """See `firstline.controller.ports.store.Store`."""
        return self._effects.effect(
            "store", "store.accounted", lambda: self.tables.accounted.get(key)
        )

    def limits(self, group: str) -> Limits:
        """See `firstline.controller.ports.store.Store`."""
        tables = self.tables
        return self._effects.effect(
            "store",
            "store.limits",
            lambda: Limits(
                tables.leases.get(group, Lease(group=group)),
                tables.switch,
                tables.circumstances.get(group, ExternalEvents()),
            ),
        )

    def switch(self) -> KillSwitch:
        """See `firstline.controller.ports.store.Store`."""
        return self._effects.effect("store", "store.switch", lambda: self.tables.switch)

    def openings(self, fleet: str) -> Openings:
        """See `firstline.controller.ports.store.Store`."""
        return self._effects.effect(
            "store", "store.openings", lambda: self.tables.openings.get(fleet, Openings())
        )

    def paged(self, note: str) -> datetime | None:
        """See `firstline.controller.ports.store.Store`."""
        return self._effects.effect("store", "store.paged", lambda: self.tables.paged.get(note))

    def due(self, by: datetime, after: DueIncident | None = None) -> tuple[DueIncident, ...]:
        """See `firstline.controller.ports.store.Store`."""
        return self._effects.effect("store", "store.due", lambda: self._due(by, after))

    def open_now(self, most: int) -> tuple[IncidentId, ...]:
        """See `firstline.controller.ports.store.Store`."""
        return self._effects.effect("store", "store.open_now", lambda: self._latest(most, _is_open))

    def escalated(self, most: int) -> tuple[IncidentId, ...]:
        """See `firstline.controller.ports.store.Store`."""
        return self._effects.effect(
            "store", "store.escalated", lambda: self._latest(most, _is_escalated)
        )

    def closed(self, most: int) -> tuple[IncidentId, ...]:
        """See `firstline.controller.ports.store.Store`."""
        return self._effects.effect("store", "store.closed", lambda: self._latest(most, _is_closed))

    def entries(self, incident: IncidentId) -> tuple[Entry, ...]:
        """See `firstline.controller.ports.store.Store`."""
        entries = self.tables.entries
        return self._effects.effect(
            "store", "store.entries", lambda: tuple(entries.get(incident, ()))
        )

    def readable(self) -> Iterator[Incident]:
        """Return every incident that this code can read now."""
        for id_, text in self.tables.incidents.items():
            with contextlib.suppress(InvariantViolation):
                yield self.tables.incident(id_, self._stored(text, self.tables.rows[id_]))

    def last_entries(self, incident: IncidentId, most: int) -> tuple[Entry, ...]:
        """See `firstline.controller.ports.store.Store`."""
        entries = self.tables.entries
        return self._effects.effect(
            "store", "store.last_entries", lambda: tuple(entries.get(incident, ())[-most:])
        )

    def _load(self, id_: IncidentId) -> LoadedIncident | None:
        text, row = self.tables.incidents.get(id_), self.tables.rows.get(id_)
        if text is None or row is None:
            return None
        inbox = self.tables.inboxes.get(id_, {})
        approvals = sorted(self.tables.approvals.get(id_, ()), key=lambda each: each.at)
        first = tuple(inbox[place] for place in sorted(inbox)[:INBOX_READ_MAX])
        try:
            incident = self.tables.incident(id_, self._stored(text, row))
        except InvariantViolation as error:
            raise Unreadable(id_, str(error), row.severity, row.opened_at) from error
        return LoadedIncident(incident, first, tuple(approvals))

    def _due(self, by: datetime, after: DueIncident | None) -> tuple[DueIncident, ...]:
        known = (each.due for each in self.tables.rows.values())
        due = [each for each in known if each is not None and each.next_wake_at <= by]
        behind = [each for each in due if after is None or _place(each) > _place(after)]
        return tuple(sorted(behind, key=_place)[:DUE_MAX])

    def _latest(self, most: int, belongs: Callable[[Row], bool]) -> tuple[IncidentId, ...]:
        found = [(row.opened_at, id_) for id_, row in self.tables.rows.items() if belongs(row)]
        latest = sorted(found, key=lambda each: each[0])
        return tuple(id_ for _, id_ in reversed(latest))[:most]

    def _commit(self, change: Change) -> None:
        _check_size(change)
        contested = next(self._contested(change), None)
        if contested is not None:
            raise CommitConflict(contested)
        tables, incident = self.tables, change.incident
        if incident is not None:
            stored = copy.replace(incident, version=incident.version + 1)
            tables.incidents[incident.id] = incidents.encode_aggregate(stored)
            items = tables.hosts.setdefault(incident.id, {})
            for host in change.stored_hosts:
                items[host] = stored.version, stored.hosts[host]
            tables.rows[incident.id] = row_of(stored)
            inbox = tables.inboxes.setdefault(incident.id, {})
            for each in change.merged_signals:
                inbox.pop(each.place, None)
            approvals = tables.approvals.get(incident.id, [])
            tables.approvals[incident.id] = [
                each for each in approvals if each not in change.applied_approvals
            ]
            self._claim(change, incident)
        for entry in change.entries:
            tables.entries.setdefault(entry.incident, []).append(entry)
            tables.journal.append(entry)
        if change.processed:
            tables.processed.add(change.processed)
        if change.lease:
            tables.leases[change.lease.lease.group] = change.lease.lease
        self._write_arrivals(change)
        self._write_levers(change)
        self._write_hints(change)

    def _write_arrivals(self, change: Change) -> None:
        if change.page_receipt:
            self.tables.paged[change.page_receipt.note] = change.page_receipt.at
        if joined := change.inbox_signal:
            self.tables.joined.append(joined)
            inbox = self.tables.inboxes.setdefault(joined.incident, {})
            inbox[joined.place] = joined

    def _claim(self, change: Change, incident: Incident) -> None:
        """Claim the correlation key, or release it with what the episode accounts for."""
        if change.opens:
            self.tables.causes[change.opens] = incident.id
        if change.closes:
            del self.tables.causes[change.closes]
            if (kept := handled_alarms(incident)) is not None:
                self.tables.accounted[change.closes] = kept

    def _write_levers(self, change: Change) -> None:
        if given := change.answer:
            self.tables.journal.append(given)
            approvals = self.tables.approvals.setdefault(given.incident, [])
            if given.approval not in approvals:
                approvals.append(given.approval)
            if not given.approval.granted:
                self.tables.denied.add((given.incident, given.approval.plan))
        if switch := change.switch:
            self.tables.switch = copy.replace(switch, version=switch.version + 1)

    def _write_hints(self, change: Change) -> None:
        if change.transition:
            self.tables.heard[change.transition.arn] = change.transition.at
        if write := change.openings:
            after = copy.replace(write.openings, version=write.openings.version + 1)
            self.tables.openings[write.fleet] = after
        if external := change.external_events:
            known = copy.replace(
                external.external_events, version=external.external_events.version + 1
            )
            self.tables.circumstances[external.group] = known

    def _contested(self, change: Change) -> Iterator[Contested]:
        """Yield the failed conditions; a redelivery comes first, since it explains the others."""
        tables, incident = self.tables, change.incident
        if change.processed in tables.processed:
            yield Contested.PROCESSED
        if change.opens in tables.causes:
            yield Contested.CORRELATION_KEY
        if incident is not None:
            if change.closes and tables.causes.get(change.closes) != incident.id:
                yield Contested.CORRELATION_KEY
            if self._version(incident.id) != incident.version:
                yield Contested.VERSION
        if change.lease is not None:
            lease = tables.leases.get(change.lease.lease.group)
            if (lease.fence if lease else 0) != change.lease.fence_read:
                yield Contested.LEASE
        if any(
            each.sequence <= len(tables.entries.get(each.incident, ())) for each in change.entries
        ):
            yield Contested.ENTRY
        yield from self._contested_levers(change)
        yield from self._contested_hints(change)

    def _contested_levers(self, change: Change) -> Iterator[Contested]:
        """Yield the conditions on operators' changes that failed."""
        given, switch = change.answer, change.switch
        if switch and switch.version != self.tables.switch.version:
            yield Contested.SWITCH
        if given and self._version(given.incident) != given.version:
            yield Contested.VERSION
        if change.fence:
            yield from self._fallen(change.fence)

    def _fallen(self, fence: Fence) -> Iterator[Contested]:
        """Yield the conditions of an intent that no longer hold."""
        switch = self.tables.switch
        if switch.version != fence.switch or switch.unreadable:
            yield Contested.SWITCH
        known = self.tables.circumstances.get(fence.group, ExternalEvents())
        if known.answers != fence.events:
            yield Contested.CIRCUMSTANCES
        if (fence.incident, fence.plan) in self.tables.denied:
            yield Contested.DENIED

    def _contested_hints(self, change: Change) -> Iterator[Contested]:
        if change.transition and change.transition.at < self.tables.heard.get(
            change.transition.arn, change.transition.at
        ):
            yield Contested.HEARD
        if write := change.openings:
            stored = self.tables.openings.get(write.fleet, Openings())
            if stored.version != write.openings.version:
                yield Contested.OPENINGS
        if external := change.external_events:
            known = self.tables.circumstances.get(external.group, ExternalEvents())
            if known.version != external.external_events.version:
                yield Contested.CIRCUMSTANCES

    def _version(self, id_: IncidentId) -> int:
        row = self.tables.rows.get(id_)
        return row.version if row else 0


def _check_size(change: Change) -> None:
    """Enforce DynamoDB's limits of actions and of an item's bytes."""
    incident = change.incident
    if incident is not None and len(incidents.encode_aggregate(incident)) > ITEM_BYTES_MAX:
        why = "Item size to update has exceeded the maximum allowed size"
        raise Unwritable(incident.id, why, incident.severity, incident.opened_at)
    if not 1 <= change.actions <= ACTIONS_MAX:
        raise InvariantViolation(
            f"a change of {change.actions} actions; a transaction holds {ACTIONS_MAX}"
        )


def _is_open(row: Row) -> bool:
    return not row.status.ended


def _is_escalated(row: Row) -> bool:
    return row.status is Status.ESCALATED


def _is_closed(row: Row) -> bool:
    return row.status.ended and not _is_escalated(row)


def row_of(stored: Incident) -> Row:
    """Return the attributes of *stored* outside its text."""
    at = stored.next_wake_at
    due = None if at is None else DueIncident(stored.id, stored.wake_generation, at)
    return Row(stored.version, due, stored.severity, stored.opened_at, stored.status)


def _place(due: DueIncident) -> tuple[datetime, IncidentId]:
    """Return its place in the index."""
    return due.next_wake_at, due.incident
