"""Items: how the two tables hold what the store is given, attribute by attribute.

    incidents   pk              sk              attributes
                <incident>      incident        body version status severity opened_at
                                                [due next_wake_at wake_generation]
                                                open
                <incident>      inbox#-<n>-<d.> body severity
                <incident>      approval#<d.>   body
                deny#<incident> <plan>          ttl
                processed#<d.>  -               ttl
                paged#<digest>  -               at ttl
                cause#<cause>   -               incident
                cause#<cause>   ended           body
                group#<group>   lease           body fence
                alarm#<arn>     heard           at ttl
                group#<group>   circumstances   body version answers
                fleet#<fleet>   openings        body version
                control         switch          body version
    ledger      incident        sequence        body hash

``due`` is the partition of a sparse index, so an incident without a next wake is not in it.
``open`` is that of an index of all incidents by their opening, in three lists: ``yes`` of those
that have not ended, ``escalated`` and ``closed``. An item changes its list once. ``severity`` and
``opened_at`` are there for code that cannot read the body.

What waits for an incident is read in the descending order of ``sk``, so ``n`` is 4 for P1 and 1
for P4. An earlier version stored a signal as ``inbox#<digest>``, which comes before the others.
"""

import copy
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from firstline.controller.ports.store import AlarmTransition, DueIncident, InboxSignal, PageReceipt
from firstline.diagnosis.external_events import ExternalEvents
from firstline.errors import InvariantViolation, Unreadable
from firstline.ids import CorrelationKey, Digest, IncidentId, SignalKey, digest
from firstline.incidents import incident as incidents
from firstline.incidents.approvals import Approval
from firstline.incidents.handled_alarms import HandledAlarms
from firstline.incidents.incident import Incident, Status
from firstline.ledger.chain import Entry
from firstline.remediation.kill_switch import KillSwitch
from firstline.remediation.limits import Lease
from firstline.signal import Severity, Signal
from firstline.signals.storm import Openings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

type Item = Mapping[str, AttributeValueTypeDef]
type Key = dict[str, AttributeValueTypeDef]

DUE = "yes"
OPEN, ESCALATED, CLOSED = "yes", "escalated", "closed"
"""The lists of the index ``open``."""
INBOX = "inbox#"
APPROVAL = "approval#"
PROCESSED_KEPT = timedelta(days=30)
"""How long a redelivery is known; SQS keeps a message 14 days at most."""


# --- keys ------------------------------------------------------------------------------------


def text(value: str) -> "AttributeValueTypeDef":
    """A string attribute."""
    return {"S": value}


def number(value: int) -> "AttributeValueTypeDef":
    """A number attribute."""
    return {"N": str(value)}


def _key(pk: str, sk: str) -> Key:
    return {"pk": text(pk), "sk": text(sk)}


def incident_key(incident: IncidentId) -> Key:
    """Where the aggregate is."""
    return _key(incident, "incident")


def inbox_key(joined: InboxSignal) -> Key:
    """Where the signal waits for its incident."""
    ranks = {each: f"-{rank}-" for rank, each in enumerate(reversed(Severity), start=1)}
    rank = ranks[joined.severity] if joined.severity else ""
    return _key(joined.incident, f"{INBOX}{rank}{digest(joined.signal.key.encode())}")


def approval_key(incident: IncidentId, approval: Approval) -> Key:
    """Where *approval* waits for *incident*: each word that was said has a place of its own."""
    return _key(incident, f"{APPROVAL}{digest(msgspec.json.encode(approval))}")


def denial_key(incident: IncidentId, plan: Digest) -> Key:
    """Where it stands that a person denied *plan* of *incident*, for as long as a plan may live."""
    return _key(f"deny#{incident}", plan)


def cause_key(cause: CorrelationKey) -> Key:
    """Where the open incident of *cause* is named."""
    return _key(f"cause#{cause}", "-")


def paged_key(note: str) -> Key:
    """Where it stands that the page of *note* was sent."""
    return _key(f"paged#{digest(note.encode())}", "-")


def ended_key(cause: CorrelationKey) -> Key:
    """Where it stands what the last P1 episode of *cause* accounts for."""
    return _key(f"cause#{cause}", "ended")


def lease_key(group: str) -> Key:
    """Where the lease of *group* is."""
    return _key(f"group#{group}", "lease")


def openings_key(fleet: str) -> Key:
    """Where it is noted what opened lately in *fleet*."""
    return _key(f"fleet#{fleet}", "openings")


def external_events_key(group: str) -> Key:
    """Where it is noted what goes on around *group*."""
    return _key(f"group#{group}", "circumstances")


SWITCH_KEY = _key("control", "switch")


# --- to items --------------------------------------------------------------------------------


def stamp(at: datetime) -> str:
    """*at* in UTC with microseconds: of one width, so that texts sort as instants do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _json(value: object) -> "AttributeValueTypeDef":
    return text(msgspec.json.encode(value).decode())


def _ttl(now: datetime) -> "AttributeValueTypeDef":
    """Housekeeping: DynamoDB deletes the item after it."""
    return number(int((now + PROCESSED_KEPT).timestamp()))


def incident_item(incident: Incident) -> Item:
    """The aggregate, under the version that it has."""
    item = {
        **incident_key(incident.id),
        "body": text(incidents.encode(incident)),
        "version": number(incident.version),
        "status": text(incident.status),
        "severity": text(incident.severity),
        "open": text(_index_list(incident.status)),
        "opened_at": text(stamp(incident.opened_at)),
    }
    if incident.next_wake_at is None:
        return item
    return item | {
        "due": text(DUE),
        "next_wake_at": text(stamp(incident.next_wake_at)),
        "wake_generation": number(incident.wake_generation),
    }


def _index_list(status: Status) -> str:
    if not status.ended:
        return OPEN
    return ESCALATED if status is Status.HANDED_OVER else CLOSED


def inbox_item(joined: InboxSignal) -> Item:
    """A signal in an inbox."""
    item = {**inbox_key(joined), "body": _json(joined.signal)}
    return item | ({"severity": text(joined.severity)} if joined.severity else {})


def approval_item(incident: IncidentId, approval: Approval) -> Item:
    """A person's word on a proposal."""
    return {**approval_key(incident, approval), "body": _json(approval)}


def denial_item(incident: IncidentId, plan: Digest, now: datetime) -> Item:
    """A denied plan."""
    return {**denial_key(incident, plan), "ttl": _ttl(now)}


def processed_item(signal: SignalKey, now: datetime) -> Item:
    """A processed key: *signal* was dealt with."""
    return {**_key(f"processed#{digest(signal.encode())}", "-"), "ttl": _ttl(now)}


def paged_item(paged: PageReceipt) -> Item:
    """A page that was sent."""
    return {**paged_key(paged.note), "at": text(stamp(paged.at)), "ttl": _ttl(paged.at)}


def cause_item(cause: CorrelationKey, incident: IncidentId) -> Item:
    """The claim of *incident* on *cause*."""
    return {**cause_key(cause), "incident": text(incident)}


def ended_item(cause: CorrelationKey, accounted: HandledAlarms) -> Item:
    """What a P1 episode of *cause* that ends accounts for."""
    return {**ended_key(cause), "body": _json(accounted)}


def lease_item(lease: Lease) -> Item:
    """A lease beside the fence that its next write must find."""
    return {**lease_key(lease.group), "body": _json(lease), "fence": number(lease.fence)}


def transition_item(heard: AlarmTransition, now: datetime) -> Item:
    """The latest transition of an alarm, whose ARN comes from outside."""
    key = _key(f"alarm#{digest(heard.arn.encode())}", "heard")
    return {**key, "at": text(stamp(heard.at)), "ttl": _ttl(now)}


def openings_item(fleet: str, openings: Openings) -> Item:
    """What opened lately, under the version that it has."""
    return {**openings_key(fleet), "body": _json(openings), "version": number(openings.version)}


def external_events_item(group: str, circumstances: ExternalEvents) -> Item:
    """What goes on, under the version that it has, and that of the guards' answers on it."""
    counters = {
        "version": number(circumstances.version),
        "answers": number(circumstances.answers),
    }
    return {**external_events_key(group), "body": _json(circumstances), **counters}


def switch_item(switch: KillSwitch) -> Item:
    """The kill switch, under the version that it has."""
    return {**SWITCH_KEY, "body": _json(switch), "version": number(switch.version)}


def entry_item(entry: Entry) -> Item:
    """A link of a chain: the bytes that were hashed, as they are."""
    return {
        "incident": text(entry.incident),
        "sequence": number(entry.sequence),
        "body": text(entry.body),
        "hash": text(entry.hash),
    }


# --- from items ------------------------------------------------------------------------------


def attribute(item: Item, name: str) -> str:
    """A string or number attribute as text; raises `InvariantViolation` when it is missing."""
    value = item.get(name, {})
    found = value.get("S", value.get("N"))
    if found is None:
        raise InvariantViolation(f"a stored item has no {name}")
    return found


def incident_of(item: Item) -> Incident:
    """The aggregate; raises `InvariantViolation` when it cannot be read."""
    return incidents.decode(attribute(item, "body"))


def unreadable(incident: IncidentId, aggregate: Item, why: str) -> Unreadable:
    """What stands beside the text of an *aggregate* that cannot be read."""
    severity, opened_at = aggregate.get("severity", {}), aggregate.get("opened_at", {})
    try:
        since = datetime.fromisoformat(opened_at.get("S", ""))
    except ValueError:
        since = None
    return Unreadable(incident, why, severity.get("S", ""), since)


def inbox_signal_of(item: Item) -> InboxSignal:
    """The signal of an inbox item.

    Raises `InvariantViolation`: to skip one would lose what it said.
    """
    incident = IncidentId(attribute(item, "pk"))
    try:
        severity = Severity(attribute(item, "severity")) if "severity" in item else None
    except ValueError as error:
        raise InvariantViolation(f"a stored signal does not fit its schema: {error}") from error
    return InboxSignal(incident, _body(item, Signal), severity)


def approval_of(item: Item) -> Approval:
    """A person's word; raises `InvariantViolation`: to skip one would lose a no."""
    return _body(item, Approval)


def lease_of(item: Item, group: str) -> Lease:
    """The lease.

    Raises `InvariantViolation` when it cannot be read or names another group or fence.
    """
    lease = _body(item, Lease)
    if (lease.group, str(lease.fence)) != (group, attribute(item, "fence")):
        raise InvariantViolation(f"the stored lease of {group} is at odds with its own attributes")
    return lease


def openings_of(item: Item) -> Openings:
    """What opened lately; one that cannot be read holds nothing, and is written over."""
    version = int(attribute(item, "version"))
    try:
        return copy.replace(_body(item, Openings), version=version)
    except InvariantViolation:
        return Openings(version)


def handled_alarms_of(item: Item) -> HandledAlarms:
    """What the last P1 episode accounts for; raises `InvariantViolation` when it cannot be read."""
    return _body(item, HandledAlarms)


def external_events_of(item: Item) -> ExternalEvents:
    """What goes on; raises `InvariantViolation`: what cannot be read may be a reason not to act."""
    version = int(attribute(item, "version"))
    return copy.replace(_body(item, ExternalEvents), version=version)


def switch_of(item: Item) -> KillSwitch:
    """The kill switch; one that cannot be read counts as thrown."""
    try:
        switch, version = _body(item, KillSwitch), attribute(item, "version")
    except InvariantViolation as error:
        return KillSwitch(pauses=(), unreadable=str(error))
    if str(switch.version) != version:
        return KillSwitch(pauses=(), unreadable="it is at odds with its own version")
    return switch


def due_key(due: DueIncident) -> Key:
    """The place of *due* in the index: its keys, and the table's."""
    at = {"due": text(DUE), "next_wake_at": text(stamp(due.next_wake_at))}
    return {**incident_key(due.incident), **at}


def entry_of(item: Item) -> Entry:
    """The link as it was written; only ``ledger/verify.py`` judges it."""
    return Entry(
        incident=IncidentId(attribute(item, "incident")),
        sequence=int(attribute(item, "sequence")),
        body=attribute(item, "body"),
        hash=Digest(attribute(item, "hash")),
    )


def due_of(item: Item) -> DueIncident:
    """What the index tells of an incident."""
    return DueIncident(
        incident=IncidentId(attribute(item, "pk")),
        generation=int(attribute(item, "wake_generation")),
        next_wake_at=datetime.fromisoformat(attribute(item, "next_wake_at")),
    )


def _body[T](item: Item, type_: type[T]) -> T:
    try:
        return msgspec.json.decode(attribute(item, "body"), type=type_)
    except (ValueError, RecursionError) as error:
        raise InvariantViolation(
            f"a stored {type_.__name__.lower()} does not fit its schema: {error}"
        ) from error
