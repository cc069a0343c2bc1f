"""What goes into a replay, and what it leaves: values alone, which are named without moto."""

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
"""What the world's hosts decide of; an alarm over anything else is as the events tell."""


class ReplayedEvent(msgspec.Struct, frozen=True):
    """An envelope, how long after the start it is delivered, and what its alarm ``counts``.

    Where that is empty the alarm's metric says it (`ALARM_METRICS`). What is ``lost`` is not delivered.
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
    """What a replay left. ``dead`` counts the messages that no handler could deal with.

    ``refused`` are the levers that could not be pulled, and why; ``control`` is the ledger of
    the kill switch, ``changes`` what was done to the fleet, ``policy`` the text of the profile
    that was in force, ``ran`` every invocation of a function, ``updates`` the change events that
    PagerDuty accepted.
    """

    start: datetime
    end: datetime
    chapters: tuple[IncidentLedger, ...]
    pages: tuple[Received, ...]
    dead: int
    refused: tuple[str, ...] = ()
    control: tuple[Entry, ...] = ()
    changes: tuple[str, ...] = ()
    policy: str = ""
    ran: tuple[FunctionRun, ...] = ()
    updates: tuple[Changed, ...] = ()
