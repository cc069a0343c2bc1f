"""A board: the console over chains that are at hand, as they were at some time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from firstline.errors import Malformed
from firstline.ids import IncidentId
from firstline.ledger.chain import Kind
from firstline.ledger.entries import DecisionMade, PauseChanged, UnknownEvent
from firstline.ledger.export import Recorded
from firstline.redaction import redact
from firstline.remediation.kill_switch import CHAIN
from firstline.reporting.console import rows
from firstline.reporting.console.lines import lines
from firstline.reporting.console.view import Detail, Missing, Overview, Row, Stop, View
from firstline.reporting.events import events
from firstline.reporting.incident_summary import OPEN


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """Chains by their incident, each with an entry or more; nothing of later than ``now``."""

    fleet: str
    now: datetime
    chains: Mapping[IncidentId, Sequence[Recorded]]

    def look(self, asked: str) -> View:
        """The overview, or the incident whose id was *asked* for."""
        if not asked.strip():
            return self._overview()
        id_ = IncidentId(asked.strip())
        records = self.chains.get(id_)
        if records is None:
            return Missing(f"There is no incident {redact(id_, 40)}.")
        told, left_out = lines(records)
        row = self._row(records)
        return Detail(fleet=self.fleet, now=self.now, row=row, lines=told, left_out=left_out)

    def _overview(self) -> Overview:
        latest = sorted(self.chains.values(), key=lambda each: each[0].at, reverse=True)
        found = [self._row(chain) for chain in latest if chain[0].opens or _odd(chain[0])]
        return Overview(
            fleet=self.fleet,
            mode=self._mode(),
            now=self.now,
            open=tuple(each for each in found if each.outcome == OPEN),
            ended=tuple(each for each in found if each.outcome != OPEN),
            stops=stops(self.chains.get(CHAIN, ()), self.now),
        )

    def _row(self, records: Sequence[Recorded]) -> Row:
        """One that cannot be read has a row that says so, as in the deployed console."""
        try:
            return rows.of_chain(records, self.now)
        except Malformed as error:
            return rows.of_odd_chain(records, str(error))

    def _mode(self) -> str:
        chains = self.chains.values()
        modes = (each.mode for chain in chains for each in events(chain, DecisionMade))
        return next((redact(each) for each in modes if each), "unknown")


def at(fleet: str, records: Sequence[Recorded], now: datetime) -> Board:
    """The board of *records* as it was at *now*."""
    chains: dict[IncidentId, list[Recorded]] = {}
    for each in records:
        if each.at <= now:
            chains.setdefault(each.entry.incident, []).append(each)
    return Board(fleet=fleet, now=now, chains=chains)


def stops(records: Iterable[Recorded], now: datetime) -> tuple[Stop, ...]:
    """The pauses that stand by the entries of the kill switch's own chain."""
    standing: dict[str, Stop] = {}
    for each in events(records, PauseChanged):
        standing.pop(each.scope, None)
        if each.change == "paused" and each.until is not None:
            standing[each.scope] = rows.stop(each.scope, each.why or "", each.by or "", each.until)
    return tuple(each for each in standing.values() if now < each.until)


def _odd(first: Recorded) -> bool:
    """Whether it is a signal of another form: whether it opened an incident is unknown."""
    return first.kind == Kind.SIGNAL and isinstance(first.event, UnknownEvent)
