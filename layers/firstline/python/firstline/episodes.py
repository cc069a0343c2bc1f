"""Episodes: what the first signal of a cause begins."""

import copy
from datetime import datetime

import msgspec

from firstline import paging
from firstline.classify import Classification
from firstline.ids import IncidentId, digest, incident_id
from firstline.incident import Incident
from firstline.ledger import Chain, Data, Entry, Kind, Provenance, append
from firstline.signals import Signal


class Opening(msgspec.Struct, frozen=True):
    """A new incident and the first entry of its ledger."""

    incident: Incident
    entry: Entry


def begin(signal: Signal, found: Classification, now: datetime, by: Provenance) -> Opening:
    """The episode that *signal* begins, with its page owed; its id follows from the signal."""
    incident = Incident(
        id=incident_id(signal.key),
        cause=found.cause,
        condition=found.condition,
        severity=found.severity,
        component=found.component,
        rule=found.rule,
        alarm=signal.subject,
        alarm_arn=signal.arn,
        opening=signal.key,
        signalled_at=signal.at,
        opened_at=now,
        next_wake_at=now,
    )
    incident = copy.replace(incident, pages=paging.opening(incident, found.why))
    chain, entry = append(incident.chain, incident.id, Kind.SIGNAL, now, by, told(signal, found))
    return Opening(copy.replace(incident, chain=chain), entry)


def note(signal: Signal, found: Classification, now: datetime, by: Provenance) -> Entry:
    """The one entry of a signal that opens nothing, under the id that it would have opened."""
    return append(Chain(), noted_id(signal), Kind.SIGNAL, now, by, told(signal, found))[1]


def noted_id(signal: Signal) -> IncidentId:
    """Where the entry of a signal that opens nothing is kept."""
    return incident_id(signal.key)


def told(signal: Signal, found: Classification) -> Data:
    """What the ledger says of a signal: names of ours and its key, never its free text."""
    return {
        "disposition": found.disposition,
        "why": found.why,
        "rule": found.rule,
        "severity": found.severity,
        "condition": found.condition,
        "source": signal.source,
        "subject": signal.subject,
        "state": signal.state,
        "signalled_at": signal.at.isoformat(),
        "key_digest": digest(signal.key.encode()),
        "marks": list(signal.marks),
    }
