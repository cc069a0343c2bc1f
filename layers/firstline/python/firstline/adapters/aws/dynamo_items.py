"""Items: the attributes of the two tables' items.

    incidents   pk              sk              attributes
                <incident>      incident        body version status severity opened_at
                                                [due next_wake_at wake_generation]
                                                open
                <incident>      inbox#-<n>-<d.> body severity
                <incident>      approval#<d.>   body
                <incident>      host#<id>       body version
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

Keys keep the words of schema 1 (``cause#``, ``heard``, ``circumstances``): what older code claimed
or recorded under them counts after an update.
"""

import contextlib
import copy
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from firstline import schema_1
from firstline.controller.ports.store import AlarmTransition, DueIncident, InboxSignal, PageReceipt
from firstline.diagnosis.evidence import HostEvidence
from firstline.diagnosis.external_events import ExternalEvents
from firstline.errors import InvariantViolation, Unreadable
from firstline.ids import CorrelationKey, Digest, IncidentId, InstanceId, SignalKey, digest
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
HOST = "host#"
PROCESSED_KEPT = timedelta(days=30)
"""The period in which a redelivery is recognized; SQS keeps a message 14 days at most."""


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
    """The key of the aggregate."""
    return _key(incident, "incident")


def inbox_key(inbox_signal: InboxSignal) -> Key:
    """The key of a signal in its incident's inbox."""
    ranks = {each: f"-{rank}-" for rank, each in enumerate(reversed(Severity), start=1)}
    rank = ranks[inbox_signal.severity] if inbox_signal.severity else ""
    return _key(inbox_signal.incident, f"{INBOX}{rank}{digest(inbox_signal.signal.key.encode())}")


def approval_key(incident: IncidentId, approval: Approval) -> Key:
    """The key of *approval* in the inbox of *incident*: each answer has its own."""
    return _key(incident, f"{APPROVAL}{digest(msgspec.json.encode(approval))}")


def host_key(incident: IncidentId, host: InstanceId) -> Key:
    """The key of the evidence of *host* in *incident*."""
    return _key(incident, f"{HOST}{host}")


def denial_key(incident: IncidentId, plan: Digest) -> Key:
    """The key of the denial of *plan*, kept as long as a plan can live."""
    return _key(f"deny#{incident}", plan)


def cause_key(key: CorrelationKey) -> Key:
    """The key of the item that names the open incident of *key*."""
    return _key(f"cause#{key}", "-")


def paged_key(note: str) -> Key:
    """The key of the receipt of the page of *note*."""
    return _key(f"paged#{digest(note.encode())}", "-")


def ended_key(key: CorrelationKey) -> Key:
    """The key of the alarms that the last P1 episode of *key* handled."""
    return _key(f"cause#{key}", "ended")


def lease_key(group: str) -> Key:
    """The key of the lease of *group*."""
    return _key(f"group#{group}", "lease")


def openings_key(fleet: str) -> Key:
    """The key of the recent openings in *fleet*."""
    return _key(f"fleet#{fleet}", "openings")


def external_events_key(group: str) -> Key:
    """The key of the external events of *group*."""
    return _key(f"group#{group}", "circumstances")


SWITCH_KEY = _key("control", "switch")


# --- to items --------------------------------------------------------------------------------


def stamp(at: datetime) -> str:
    """*at* in UTC with microseconds: of one width, so that texts sort as instants do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _json(value: object) -> "AttributeValueTypeDef":
    return text(msgspec.json.encode(value).decode())


def _ttl(now: datetime) -> "AttributeValueTypeDef":
    """The expiry, after which DynamoDB deletes the item."""
    return number(int((now + PROCESSED_KEPT).timestamp()))


def incident_item(incident: Incident) -> Item:
    """The aggregate, under its own version."""
    item = {
        **incident_key(incident.id),
        "body": text(incidents.encode_aggregate(incident)),
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


def host_item(incident: Incident, host: InstanceId) -> Item:
    """The evidence of *host*, under the version of the incident in which it is written."""
    version = number(incident.host_versions[host])
    return {
        **host_key(incident.id, host),
        "body": _json(incident.hosts[host]),
        "version": version,
    }


def _index_list(status: Status) -> str:
    if not status.ended:
        return OPEN
    return ESCALATED if status is Status.ESCALATED else CLOSED


def inbox_item(inbox_signal: InboxSignal) -> Item:
    """A signal in an inbox."""
    item = {**inbox_key(inbox_signal), "body": _json(inbox_signal.signal)}
    return item | ({"severity": text(inbox_signal.severity)} if inbox_signal.severity else {})


def approval_item(incident: IncidentId, approval: Approval) -> Item:
    """An operator's answer to a proposal."""
    return {**approval_key(incident, approval), "body": _json(approval)}


def denial_item(incident: IncidentId, plan: Digest, now: datetime) -> Item:
    """A denied plan."""
    return {**denial_key(incident, plan), "ttl": _ttl(now)}


def processed_item(signal: SignalKey, now: datetime) -> Item:
    """The idempotency key of *signal*."""
    return {**_key(f"processed#{digest(signal.encode())}", "-"), "ttl": _ttl(now)}


def paged_item(paged: PageReceipt) -> Item:
    """A page that was sent."""
    return {**paged_key(paged.note), "at": text(stamp(paged.at)), "ttl": _ttl(paged.at)}


def cause_item(key: CorrelationKey, incident: IncidentId) -> Item:
    """The claim of *incident* on *key*."""
    return {**cause_key(key), "incident": text(incident)}


def ended_item(key: CorrelationKey, accounted: HandledAlarms) -> Item:
    """The alarms that an ended P1 episode of *key* handled."""
    return {**ended_key(key), "body": _json(accounted)}


def lease_item(lease: Lease) -> Item:
    """A lease, with the fence that its next write must match."""
    return {**lease_key(lease.group), "body": _json(lease), "fence": number(lease.fence)}


def transition_item(transition: AlarmTransition, now: datetime) -> Item:
    """The latest transition of an alarm, whose ARN comes from outside."""
    key = _key(f"alarm#{digest(transition.arn.encode())}", "heard")
    return {**key, "at": text(stamp(transition.at)), "ttl": _ttl(now)}


def openings_item(fleet: str, openings: Openings) -> Item:
    """The recent openings, under their own version."""
    return {**openings_key(fleet), "body": _json(openings), "version": number(openings.version)}


def external_events_item(group: str, circumstances: ExternalEvents) -> Item:
    """The external events, under their own version and that of the guards' answers."""
    counters = {
        "version": number(circumstances.version),
        "answers": number(circumstances.answers),
    }
    return {**external_events_key(group), "body": _json(circumstances), **counters}


def switch_item(switch: KillSwitch) -> Item:
    """The kill switch, under its own version."""
    return {**SWITCH_KEY, "body": _json(switch), "version": number(switch.version)}


def entry_item(entry: Entry) -> Item:
    """A link of a chain: the hashed bytes, unchanged."""
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
    text_ = value.get("S", value.get("N"))
    if text_ is None:
        raise InvariantViolation(f"a stored item has no {name}")
    return text_


def incident_of(item: Item) -> Incident:
    """The aggregate; raises `InvariantViolation` when it cannot be read."""
    return incidents.decode(attribute(item, "body"))


def with_host_items(incident: Incident, stored: Iterable[Item]) -> Incident:
    """*incident* with the evidence in the items *stored*.

    A host is left out whose item is missing, older than the aggregate, or cannot be parsed: it is
    unknown, and inspected again. An item of a later version is used: another worker committed
    meanwhile, and this one will meet a conflict.
    """
    hosts = dict(incident.hosts)
    for item in stored:
        with contextlib.suppress(InvariantViolation, ValueError, KeyError):
            host = InstanceId(attribute(item, "sk").removeprefix(HOST))
            if int(attribute(item, "version")) >= incident.host_versions[host]:
                hosts[host] = _body(item, HostEvidence)
    return copy.replace(incident, hosts=hosts)


def unreadable(incident: IncidentId, aggregate: Item, why: str) -> Unreadable:
    """The error of an *aggregate* that cannot be parsed, with the attributes next to its body."""
    severity, opened_at = aggregate.get("severity", {}), aggregate.get("opened_at", {})
    try:
        since = datetime.fromisoformat(opened_at.get("S", ""))
    except ValueError:
        since = None
    return Unreadable(incident, why, severity.get("S", ""), since)


def inbox_signal_of(item: Item) -> InboxSignal:
    """The signal of an inbox item.

    Raises `InvariantViolation`, since skipping one would lose it.
    """
    incident = IncidentId(attribute(item, "pk"))
    try:
        severity = Severity(attribute(item, "severity")) if "severity" in item else None
    except ValueError as error:
        raise InvariantViolation(f"a stored signal does not fit its schema: {error}") from error
    return InboxSignal(incident, _body(item, Signal), severity)


def approval_of(item: Item) -> Approval:
    """An operator's answer; raises `InvariantViolation`, since skipping one would lose a denial."""
    return _body(item, Approval)


def lease_of(item: Item, group: str) -> Lease:
    """The lease.

    Raises `InvariantViolation` if it cannot be parsed or names another group or fence.
    """
    lease = _body(item, Lease)
    if (lease.group, str(lease.fence)) != (group, attribute(item, "fence")):
        raise InvariantViolation(f"the stored lease of {group} is at odds with its own attributes")
    return lease


def openings_of(item: Item) -> Openings:
    """The recent openings; empty if they cannot be parsed, and then overwritten."""
    version = int(attribute(item, "version"))
    try:
        return copy.replace(_body(item, Openings), version=version)
    except InvariantViolation:
        return Openings(version)


def handled_alarms_of(item: Item) -> HandledAlarms:
    """The alarms of the last P1 episode; raises `InvariantViolation` if they cannot be parsed."""
    return _body(item, HandledAlarms)


def external_events_of(item: Item) -> ExternalEvents:
    """The external events; raises `InvariantViolation`, since they may block a fix."""
    version = int(attribute(item, "version"))
    return copy.replace(_body(item, ExternalEvents), version=version)


def switch_of(item: Item) -> KillSwitch:
    """The kill switch; one that cannot be parsed is on."""
    try:
        switch, version = _body(item, KillSwitch), attribute(item, "version")
    except InvariantViolation as error:
        return KillSwitch(pauses=(), unreadable=str(error))
    if str(switch.version) != version:
        return KillSwitch(pauses=(), unreadable="it is at odds with its own version")
    return switch


def due_key(due: DueIncident) -> Key:
    """The position of *due* in the index: its keys, and the table's."""
    at = {"due": text(DUE), "next_wake_at": text(stamp(due.next_wake_at))}
    return {**incident_key(due.incident), **at}


def entry_of(item: Item) -> Entry:
    """The link as it was written; only ``ledger/verify.py`` verifies it."""
    return Entry(
        incident=IncidentId(attribute(item, "incident")),
        sequence=int(attribute(item, "sequence")),
        body=attribute(item, "body"),
        hash=Digest(attribute(item, "hash")),
    )


def due_of(item: Item) -> DueIncident:
    """The incident of an index item."""
    return DueIncident(
        incident=IncidentId(attribute(item, "pk")),
        generation=int(attribute(item, "wake_generation")),
        next_wake_at=datetime.fromisoformat(attribute(item, "next_wake_at")),
    )


_SCHEMA_1: dict[type, tuple[schema_1.Change, ...]] = {
    KillSwitch: schema_1.SWITCH,
    Openings: schema_1.OPENINGS,
}
"""Bodies without a version, which may have the words of schema 1."""


def _body[T](item: Item, type_: type[T]) -> T:
    try:
        if changes := _SCHEMA_1.get(type_):
            document = msgspec.json.decode(attribute(item, "body"), type=dict[str, Any])
            schema_1.upgrade(document, changes)
            return msgspec.convert(document, type=type_)
        return msgspec.json.decode(attribute(item, "body"), type=type_)
    except (ValueError, RecursionError) as error:
        raise InvariantViolation(
            f"a stored {type_.__name__.lower()} does not fit its schema: {error}"
        ) from error
