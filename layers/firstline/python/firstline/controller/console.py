"""Console: what it shows is read here, and nothing is written: a look disturbs nobody.

A widget does not say who looks, and who looks gives the parameters: an id is held against its
form, whatever else was sent.
"""

import re
from datetime import datetime

from firstline.controller.ports.store import Store
from firstline.controller.system import System
from firstline.errors import FirstlineError, Unreadable
from firstline.ids import IncidentId
from firstline.ledger import export
from firstline.redaction import redact
from firstline.reporting.console import rows
from firstline.reporting.console.lines import lines
from firstline.reporting.console.view import Detail, Missing, Overview, Row, View
from firstline.reporting.incident_summary import OPEN

SHOWN_MAX = 25
"""As many open incidents are shown; each is a read of its own."""
_ID = re.compile(r"inc-[0-9a-f]{20}", re.ASCII)


def look(asked: str, system: System) -> View:
    """The overview, or the incident whose id was *asked* for; what fails is said, not raised."""
    now = system.ports.clock.now()
    try:
        return _detail(asked.strip(), system, now) if asked.strip() else _overview(system, now)
    except FirstlineError as error:
        return Missing(f"It cannot be read now, try again: {redact(str(error))}")


def _overview(system: System, now: datetime) -> Overview:
    store = system.ports.store
    ids = store.open_now(SHOWN_MAX + 1)
    shown = [_row(each, store, now) for each in ids[:SHOWN_MAX]]
    switch = store.switch()
    return Overview(
        fleet=system.profile.fleet.name,
        mode=system.settings.mode,
        now=now,
        open=tuple(each for each in shown if each is not None and each.outcome == OPEN),
        stops=rows.stops(switch, now),
        unreadable=redact(switch.unreadable),
        more=len(ids) > SHOWN_MAX,
    )


def _detail(asked: str, system: System, now: datetime) -> View:
    if not _ID.fullmatch(asked):
        return Missing("An incident's id is inc- and twenty hexadecimal digits.")
    id_, store = IncidentId(asked), system.ports.store
    records = [export.recorded(each) for each in store.entries(id_)]
    if not records:
        return Missing(f"There is no incident {id_}.")
    row = _row(id_, store, now) or rows.of_chain(records, now)
    told, left_out = lines(records)
    return Detail(fleet=system.profile.fleet.name, now=now, row=row, lines=told, left_out=left_out)


def _row(id_: IncidentId, store: Store, now: datetime) -> Row | None:
    """The incident as it is stored; one that cannot be read has a row that says so."""
    try:
        loaded = store.load(id_)
    except Unreadable as error:
        return rows.of_unreadable(error)
    return rows.of_incident(loaded.incident, now) if loaded else None
