"""The input and the result of a replay: values alone, importable without moto."""

from datetime import datetime, timedelta

import msgspec

from firstline.ids import IncidentId
from firstline.incidents.incident import Incident
from firstline.lab.twin.pager.alerts import Changed, Received
from firstline.ledger.chain import Entry

ALARM_METRICS = {
    "EnclaveAnswering": "answering",
    "HealthyHostCount": "healthy",
    "UnHealthyHostCount": "unhealthy",
}
"""The metrics that the world's hosts decide; other alarms follow their events."""


class ReplayedEvent(msgspec.Struct, frozen=True):
    """An envelope, its delay after the start, and what its alarm ``counts``.

    If that is empty the alarm's metric decides (`ALARM_METRICS`). A ``lost`` event is not
    delivered.
    """

    body: bytes
    after: timedelta
    counts: str = ""
    lost: bool = False


class IncidentLedger(msgspec.Struct, frozen=True):
    """One ledger: an incident's, or the one entry of a signal that opened none."""

    id: IncidentId
    incident: Incident | None
    entries: tuple[Entry, ...]


class FunctionRun(msgspec.Struct, frozen=True):
    """One invocation: its function, its calls (``sqs.SendMessage``) in order, their price."""

    function: str
    calls: tuple[str, ...]
    nanodollars: int


class ReplayResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a replay; ``dead`` counts the dead letters.

    ``refused`` are the rejected operator commands and why; ``control`` is the kill switch's ledger,
    ``changes`` are the changes of the fleet, ``policy`` is the text of the profile in force,
    ``ran`` has every invocation, and ``updates`` the change events that PagerDuty accepted.
    """

    start: datetime
    end: datetime
    ledgers: tuple[IncidentLedger, ...]
    pages: tuple[Received, ...]
    dead: int
    refused: tuple[str, ...] = ()
    control: tuple[Entry, ...] = ()
    changes: tuple[str, ...] = ()
    policy: str = ""
    ran: tuple[FunctionRun, ...] = ()
    updates: tuple[Changed, ...] = ()
