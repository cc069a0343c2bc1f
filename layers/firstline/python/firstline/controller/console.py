"""Console: what it shows is read here, and nothing is written: a look disturbs nobody.

A widget does not say who looks, and who looks gives the parameters: an id is held against its
form, whatever else was sent.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from firstline.config.profile import seconds
from firstline.controller.ports.store import Loaded
from firstline.controller.system import System
from firstline.diagnosis.evidence import Alarms, Unknown
from firstline.errors import FirstlineError, Unreadable
from firstline.ids import IncidentId
from firstline.incidents.incident import Incident, Status
from firstline.ledger import export
from firstline.ledger.export import DecodedEntry
from firstline.redaction import redact
from firstline.reporting import links
from firstline.reporting.console import escalation, rows
from firstline.reporting.console.hosts import Judging
from firstline.reporting.console.lines import lines
from firstline.reporting.console.overview import lists
from firstline.reporting.console.rows import Lens
from firstline.reporting.console.view import Detail, Missing, Overview, Row, View
from firstline.reporting.links import Places

SHOWN_MAX = 25
"""As many open incidents are shown, and as many escalated ones are read."""
ENDED_MAX = 10
"""As many ended ones are shown, of those that ended within `RECENT`."""
RECENT = timedelta(hours=24)
TAIL = 12
"""As many of its last entries are read of an incident: its last decision is among them."""
ALARMS_MAX = 100
"""As many alarms one DescribeAlarms reads; the others of escalated incidents are unknown."""
_ID = re.compile(r"inc-[0-9a-f]{20}", re.ASCII)


def look(asked: str, system: System) -> View:
    """The overview, or the incident whose id was *asked* for; what fails is said, not raised."""
    lens = _lens(system)
    try:
        return _detail(asked.strip(), system, lens) if asked.strip() else _overview(system, lens)
    except FirstlineError as error:
        return Missing(f"It cannot be read now, try again: {redact(str(error))}")


def _lens(system: System) -> Lens:
    profile, settings = system.profile, system.settings
    age_max = seconds(profile.policy.evidence_age_max_seconds)
    return Lens(
        now=system.ports.clock.now(),
        judging=Judging(age_max=age_max, criteria=profile.criteria),
        places=Places(
            region=settings.home.region,
            fleet=profile.fleet.name,
            bucket=settings.archive_bucket,
            runbook=profile.links.runbook,
            pagerduty=profile.links.pagerduty,
        ),
    )


def _overview(system: System, lens: Lens) -> Overview:
    store = system.ports.store
    running, escalated = store.open_now(SHOWN_MAX + 1), store.escalated(SHOWN_MAX + 1)
    switch = store.switch()
    listed = (*running[:SHOWN_MAX], *escalated[:SHOWN_MAX], *store.closed(ENDED_MAX))
    held, unread = _loaded(dict.fromkeys(listed), system)
    stand = _standings(held, system, lens)
    found = (*unread, *(_row(each, stand, system, lens) for each in held))
    shown = lists(found, lens.now - RECENT)
    return Overview(
        fleet=system.profile.fleet.name,
        mode=system.settings.mode,
        now=lens.now,
        open=shown.open,
        escalated=shown.escalated,
        ended=shown.ended[:ENDED_MAX],
        ended_within="the last 24 hours",
        stops=rows.stops(switch, lens.now),
        unreadable=redact(switch.unreadable),
        more=max(len(running), len(escalated)) > SHOWN_MAX,
        links=links.of_fleet(lens.places),
    )


def _loaded(listed: Iterable[IncidentId], system: System) -> tuple[list[Incident], list[Row]]:
    """The incidents, and a row that says so for each that this code cannot read."""
    found = [_load(each, system) for each in listed]
    held = [each.incident for each in found if isinstance(each, Loaded)]
    return held, [rows.of_unreadable(each) for each in found if isinstance(each, Unreadable)]


def _load(id_: IncidentId, system: System) -> Loaded | Unreadable | None:
    try:
        return system.ports.store.load(id_)
    except Unreadable as error:
        return error


def _standings(
    held: Sequence[Incident], system: System, lens: Lens
) -> dict[IncidentId, escalation.Standing]:
    """How the escalated ones of *held* stand, by one request for all their alarms."""
    cases = [_case(each) for each in held]
    return escalation.standings(cases, _alarms(escalation.watched(cases), system), lens.now)


def _case(held: Incident) -> escalation.Case:
    escalated_at = held.ended_at or held.opened_at
    return escalation.Case(
        id=held.id,
        opened_at=held.opened_at,
        escalated_at=escalated_at if held.status is Status.HANDED_OVER else None,
        alarms=held.alarms,
        beyond=held.alarms_beyond > 0,
    )


def _alarms(arns: tuple[str, ...], system: System) -> Alarms:
    """The alarms' states now; unknown where they cannot be read."""
    if not arns:
        return {}
    try:
        return system.ports.fleet.alarms(arns[:ALARMS_MAX])
    except FirstlineError as error:
        return dict.fromkeys(arns, Unknown(str(error)))


def _row(
    held: Incident, stand: Mapping[IncidentId, escalation.Standing], system: System, lens: Lens
) -> Row:
    """Its row; the end of its chain is read where somebody has still to act."""
    standing = stand.get(held.id)
    acting = not held.ended or (standing is not None and standing.is_open)
    tail = system.ports.store.last_entries(held.id, TAIL) if acting else ()
    row = rows.of_incident(held, [export.decode_entry(each) for each in tail], lens)
    return rows.standing(row, standing)


def _detail(asked: str, system: System, lens: Lens) -> View:
    if not _ID.fullmatch(asked):
        return Missing("An incident's id is inc- and twenty hexadecimal digits.")
    id_, store = IncidentId(asked), system.ports.store
    records = [export.decode_entry(each) for each in store.entries(id_)]
    if not records:
        return Missing(f"There is no incident {id_}.")
    shown, left_out = lines(records)
    return Detail(
        fleet=system.profile.fleet.name,
        now=lens.now,
        row=_detailed(id_, records, system, lens),
        lines=shown,
        left_out=left_out,
        links=links.of_fleet(lens.places),
    )


def _detailed(id_: IncidentId, records: Sequence[DecodedEntry], system: System, lens: Lens) -> Row:
    """The row of the incident as it is stored; of a signal that opened none, of its chain."""
    loaded = _load(id_, system)
    if isinstance(loaded, Unreadable):
        return rows.of_unreadable(loaded)
    if loaded is None:
        return rows.of_chain(records, lens)
    stand = _standings([loaded.incident], system, lens)
    return rows.standing(rows.of_incident(loaded.incident, records, lens), stand.get(id_))
