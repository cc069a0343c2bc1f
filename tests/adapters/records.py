"""An incident, its signals and its entries, for the store to keep."""

import copy
from datetime import datetime, timedelta

from firstline.controller.ports.store import Change, InboxSignal, LeaseWrite
from firstline.diagnosis.evidence import HostEvidence, Unknown
from firstline.ids import CorrelationKey, Digest, IncidentId, InstanceId, SignalKey
from firstline.incidents.incident import Incident
from firstline.ledger.chain import Chain, Entry, Kind, Provenance, append
from firstline.remediation.limits import Lease
from firstline.signal import Component, Condition, Severity, Signal
from tests.adapters.backends import T0

CAUSE = CorrelationKey("vettid#complete-outage")
ID = IncidentId("inc-0123456789abcdef0123")
OTHER_ID = IncidentId("inc-fedcba98765432100123")
KEY = SignalKey("arn:aws:cloudwatch:alarm|-|ALARM|2026-03-01T12:00:00Z")
SECOND = timedelta(seconds=1)
LEASE = Lease(group="vaults", fence=1, holder=ID)


def incident(id_: IncidentId = ID) -> Incident:
    return Incident(
        id=id_,
        correlation_key=CAUSE,
        condition=Condition.COMPLETE_OUTAGE,
        severity=Severity.P1,
        component=Component.FLEET,
        rule="all vaults inaccessible",
        alarm="healthy-hosts",
        alarm_arn="arn:aws:cloudwatch:us-east-1:111122223333:alarm:healthy-hosts",
        opening=KEY,
        signalled_at=T0,
        opened_at=T0,
        joined_at=T0,
        next_wake_at=T0 + SECOND,
        wake_generation=4,
    )


def looked_at(held: Incident, *numbers: int, at: datetime = T0) -> Incident:
    """*held* with evidence of *at* on these hosts, in items that its next commit writes."""
    named = {host_id(number): HostEvidence(Unknown(f"{at:%S}"), at) for number in numbers}
    versions = dict.fromkeys(named, held.version + 1)
    hosts = {**held.hosts, **named}
    return copy.replace(held, hosts=hosts, host_versions={**held.host_versions, **versions})


def host_id(number: int) -> InstanceId:
    """The id of a host."""
    return InstanceId(f"i-{number:017x}")


def signal(number: int) -> Signal:
    return Signal(
        key=SignalKey(f"key {number}"),
        source="cloudwatch.alarm",
        subject="healthy-hosts",
        state="ALARM",
        at=T0 + number * SECOND,
        account="111122223333",
        region="us-east-1",
        dimensions={"TargetGroup": "\u00fc\u2028\U0001f512"},
    )


def entries(id_: IncidentId = ID, count: int = 1) -> tuple[Entry, ...]:
    """The first *count* links of the incident's chain."""
    chain, made = Chain(), []
    by = Provenance(policy=Digest("0" * 64), code="test")
    for number in range(count):
        chain, entry = append(chain, id_, Kind.SIGNAL, T0, by, {"number": number})
        made.append(entry)
    return tuple(made)


OPENING = Change(incident=incident(), entries=entries(), processed=KEY, opens=CAUSE)
FULL = Change(
    incident=incident(),
    entries=entries(),
    processed=KEY,
    opens=CAUSE,
    inbox_signal=InboxSignal(ID, signal(1), Severity.P2),
    lease=LeaseWrite(LEASE, fence_read=0),
)
