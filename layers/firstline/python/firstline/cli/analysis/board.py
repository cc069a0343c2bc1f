"""The console's views of ledger chains in memory, as of a given time.

The alarm states of an escalated incident are those of the last signals in any chain.
"""

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from firstline.diagnosis.evidence import AlarmReading, Alarms, AlarmState
from firstline.errors import InvalidInput
from firstline.ids import IncidentId
from firstline.incidents.incident import Status
from firstline.ledger.chain import Kind
from firstline.ledger.entries import (
    DecisionMade,
    PauseChanged,
    SignalReceived,
    SignalsJoined,
    UnknownEvent,
)
from firstline.ledger.export import DecodedEntry
from firstline.redaction import redact
from firstline.remediation.kill_switch import CHAIN
from firstline.reporting.console import escalation, rows
from firstline.reporting.console.escalation import EscalationState
from firstline.reporting.console.hosts import EvidencePolicy
from firstline.reporting.console.lines import lines
from firstline.reporting.console.overview import group_rows
from firstline.reporting.console.rows import RowContext
from firstline.reporting.console.view import ActivePause, Detail, Missing, Overview, Row, View
from firstline.reporting.events import events
from firstline.reporting.incident_summary import summarise

ENDED_MAX = 100
"""Maximum number of ended incidents that are shown, the latest first."""
STATES = frozenset(AlarmState)


class Board(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Non-empty chains by incident, without entries later than ``now``."""

    fleet: str
    now: datetime
    chains: Mapping[IncidentId, Sequence[DecodedEntry]]
    judging: EvidencePolicy = EvidencePolicy()

    def view(self, incident: str) -> View:
        """Return the view of the incident with this id; the overview for an empty id."""
        if not incident.strip():
            return self._overview()
        id_ = IncidentId(incident.strip())
        records = self.chains.get(id_)
        if records is None:
            return Missing(f"There is no incident {redact(id_, 40)}.")
        detail_lines, left_out = lines(records)
        row = self._row(id_, records)
        return Detail(
            fleet=self.fleet, now=self.now, row=row, lines=detail_lines, left_out=left_out
        )

    def _overview(self) -> Overview:
        opened = {
            id_: chain
            for id_, chain in self.chains.items()
            if chain[0].opens or _is_unknown_signal(chain[0])
        }
        sections = group_rows(self._row(id_, chain) for id_, chain in opened.items())
        return Overview(
            fleet=self.fleet,
            mode=self._mode(),
            now=self.now,
            open=sections.open,
            escalated=sections.escalated,
            ended=sections.ended[:ENDED_MAX],
            more_ended=len(sections.ended) > ENDED_MAX,
            stops=stops(self.chains.get(CHAIN, ()), self.now),
        )

    def _row(self, id_: IncidentId, chain: Sequence[DecodedEntry]) -> Row:
        """Return the row of an incident; an unreadable one has a row with the error."""
        try:
            row = rows.of_chain(chain, RowContext(now=self.now, judging=self.judging))
        except InvalidInput as error:
            return rows.of_odd_chain(chain, str(error))
        return rows.with_escalation(row, self._standings.get(id_))

    @functools.cached_property
    def _standings(self) -> dict[IncidentId, EscalationState]:
        cases = filter(
            None, (_escalation_case(each) for each in self.chains.values() if each[0].opens)
        )
        return escalation.escalation_states(tuple(cases), alarms(self.chains.values()), self.now)

    def _mode(self) -> str:
        chains = self.chains.values()
        modes = (each.mode for chain in chains for each in events(chain, DecisionMade))
        return next((redact(each) for each in modes if each), "unknown")


def board_at(fleet: str, records: Sequence[DecodedEntry], now: datetime) -> Board:
    """Return the board of *records* as of *now*."""
    chains: dict[IncidentId, list[DecodedEntry]] = {}
    for each in records:
        if each.at <= now:
            chains.setdefault(each.entry.incident, []).append(each)
    return Board(fleet=fleet, now=now, chains=chains)


def stops(records: Iterable[DecodedEntry], now: datetime) -> tuple[ActivePause, ...]:
    """Return the pauses in force, from the entries of the kill switch's chain."""
    standing: dict[str, ActivePause] = {}
    for each in events(records, PauseChanged):
        standing.pop(each.scope, None)
        if each.change == "paused" and each.until is not None:
            standing[each.scope] = rows.redacted_pause(
                each.scope, each.why or "", each.by or "", each.until
            )
    return tuple(each for each in standing.values() if now < each.until)


def _is_unknown_signal(first: DecodedEntry) -> bool:
    """True for a signal of unknown form, which may or may not have opened an incident."""
    return first.kind == Kind.SIGNAL and isinstance(first.event, UnknownEvent)


def alarms(chains: Iterable[Sequence[DecodedEntry]]) -> Alarms:
    """Return the last state of each alarm, by its ARN as entries have it."""
    latest: dict[str, tuple[datetime, AlarmReading]] = {}
    for at, signal in (each for chain in chains for each in _signals(chain)):
        previous = latest.get(signal.arn)
        if signal.arn and signal.state in STATES and (previous is None or previous[0] <= at):
            latest[signal.arn] = at, AlarmReading(AlarmState(signal.state))
    return {arn: reading for arn, (_, reading) in latest.items()}


def _signals(chain: Sequence[DecodedEntry]) -> Iterator[tuple[datetime, SignalReceived]]:
    """Yield each signal of *chain* with its own instant, else that of its entry."""
    for entry in chain:
        if isinstance(entry.event, SignalReceived | SignalsJoined):
            yield from ((each.signalled_at or entry.at, each) for each in entry.event.signals)


def _escalation_case(chain: Sequence[DecodedEntry]) -> escalation.AlarmedIncident | None:
    """Return the case of *chain*; None for a chain of unknown form."""
    try:
        summary = summarise(chain)
    except InvalidInput:
        return None
    return escalation.AlarmedIncident(
        id=summary.incident,
        opened_at=summary.opened_at,
        escalated_at=summary.ended_at if summary.outcome == Status.ESCALATED else None,
        alarms=rows.alarms_of_chain(chain),
    )
