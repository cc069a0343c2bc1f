"""Console: read what the widget shows. It writes nothing.

The request does not identify its user, and its parameters are untrusted: an id must match its
pattern.

CloudWatch calls the widget with the viewer's permissions and without the viewer's identity, so the
console shows a command and runs none. Each value is redacted as pages are.

An index lists incidents by opening in three lists (open, escalated, ended); it is written at the
opening and at the end. An overview costs a GetItem, three queries of the index, and two queries for
each open or escalated incident or one for each of the others. It reads the latest 25 incidents and
the last 12 entries of each chain that it shows.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from firstline.config.profile import seconds
from firstline.controller.ports.store import LoadedIncident
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
from firstline.reporting.console.hosts import EvidencePolicy
from firstline.reporting.console.lines import lines
from firstline.reporting.console.overview import group_rows
from firstline.reporting.console.rows import RowContext
from firstline.reporting.console.view import Detail, Missing, Overview, Row, View
from firstline.reporting.links import Places

OPEN_MAX = 25
"""The most open incidents shown, and the most escalated ones read."""
ENDED_MAX = 10
"""The most ended incidents shown, of those that ended within `ENDED_LOOKBACK`."""
ENDED_LOOKBACK = timedelta(hours=24)
LAST_ENTRIES_MAX = 12
"""The most last entries read of an incident; its last decision is among them."""
ALARMS_MAX = 100
"""The most alarms of one DescribeAlarms; the other alarms of escalated incidents are unknown."""
_ID = re.compile(r"inc-[0-9a-f]{20}", re.ASCII)


def read_view(query: str, system: System) -> View:
    """Return the overview, or the incident with the id *query*; a failure becomes a message."""
    lens = _lens(system)
    try:
        return _detail(query.strip(), system, lens) if query.strip() else _overview(system, lens)
    except FirstlineError as error:
        return Missing(f"The console cannot read it: {redact(str(error))}; reload to retry")


def _lens(system: System) -> RowContext:
    profile, settings = system.profile, system.settings
    age_max = seconds(profile.policy.evidence_age_max_seconds)
    return RowContext(
        now=system.ports.clock.now(),
        judging=EvidencePolicy(age_max=age_max, criteria=profile.criteria),
        places=Places(
            region=settings.home.region,
            fleet=profile.fleet.name,
            bucket=settings.archive_bucket,
            runbook=profile.links.runbook,
            pagerduty=profile.links.pagerduty,
        ),
    )


def _overview(system: System, lens: RowContext) -> Overview:
    store = system.ports.store
    running, escalated = store.open_now(OPEN_MAX + 1), store.escalated(OPEN_MAX + 1)
    switch = store.switch()
    listed = (*running[:OPEN_MAX], *escalated[:OPEN_MAX], *store.closed(ENDED_MAX))
    incidents, unreadable_rows = _loaded(dict.fromkeys(listed), system)
    states = _escalation_states(incidents, system, lens)
    all_rows = (*unreadable_rows, *(_row(each, states, system, lens) for each in incidents))
    groups = group_rows(all_rows, lens.now - ENDED_LOOKBACK)
    return Overview(
        fleet=system.profile.fleet.name,
        mode=system.settings.mode,
        now=lens.now,
        open=groups.open,
        escalated=groups.escalated,
        ended=groups.ended[:ENDED_MAX],
        ended_within="the last 24 hours",
        stops=rows.active_pauses(switch, lens.now),
        unreadable=redact(switch.unreadable),
        more=max(len(running), len(escalated)) > OPEN_MAX,
        links=links.of_fleet(lens.places),
    )


def _loaded(listed: Iterable[IncidentId], system: System) -> tuple[list[Incident], list[Row]]:
    """The incidents, and a row for each one that this code cannot read."""
    loaded = [_load(each, system) for each in listed]
    incidents = [each.incident for each in loaded if isinstance(each, LoadedIncident)]
    return incidents, [rows.of_unreadable(each) for each in loaded if isinstance(each, Unreadable)]


def _load(id_: IncidentId, system: System) -> LoadedIncident | Unreadable | None:
    try:
        return system.ports.store.load(id_)
    except Unreadable as error:
        return error


def _escalation_states(
    incidents: Sequence[Incident], system: System, lens: RowContext
) -> dict[IncidentId, escalation.EscalationState]:
    """The states of the escalated ones of *incidents*, by one request for all their alarms."""
    cases = [_escalation_case(each) for each in incidents]
    return escalation.escalation_states(
        cases, _alarms(escalation.alarms_to_read(cases), system), lens.now
    )


def _escalation_case(incident: Incident) -> escalation.AlarmedIncident:
    escalated_at = incident.ended_at or incident.opened_at
    return escalation.AlarmedIncident(
        id=incident.id,
        opened_at=incident.opened_at,
        escalated_at=escalated_at if incident.status is Status.ESCALATED else None,
        alarms=incident.alarms,
        beyond=incident.alarms_beyond > 0,
    )


def _alarms(arns: tuple[str, ...], system: System) -> Alarms:
    if not arns:
        return {}
    try:
        return system.ports.fleet.alarms(arns[:ALARMS_MAX])
    except FirstlineError as error:
        return dict.fromkeys(arns, Unknown(str(error)))


def _row(
    incident: Incident,
    states: Mapping[IncidentId, escalation.EscalationState],
    system: System,
    lens: RowContext,
) -> Row:
    state = states.get(incident.id)
    needs_action = not incident.ended or (state is not None and state.is_open)
    tail = system.ports.store.last_entries(incident.id, LAST_ENTRIES_MAX) if needs_action else ()
    row = rows.of_incident(incident, [export.decode_entry(each) for each in tail], lens)
    return rows.with_escalation(row, state)


def _detail(query: str, system: System, lens: RowContext) -> View:
    if not _ID.fullmatch(query):
        return Missing("An incident's id is inc- and twenty hexadecimal digits.")
    id_, store = IncidentId(query), system.ports.store
    records = [export.decode_entry(each) for each in store.entries(id_)]
    if not records:
        return Missing(f"There is no incident {id_}.")
    lines_, left_out = lines(records)
    return Detail(
        fleet=system.profile.fleet.name,
        now=lens.now,
        row=_detail_row(id_, records, system, lens),
        lines=lines_,
        left_out=left_out,
        links=links.of_fleet(lens.places),
    )


def _detail_row(
    id_: IncidentId, records: Sequence[DecodedEntry], system: System, lens: RowContext
) -> Row:
    """The row of the stored incident; of a signal that opened none, from its chain."""
    loaded = _load(id_, system)
    if isinstance(loaded, Unreadable):
        return rows.of_unreadable(loaded)
    if loaded is None:
        return rows.of_chain(records, lens)
    states = _escalation_states([loaded.incident], system, lens)
    return rows.with_escalation(rows.of_incident(loaded.incident, records, lens), states.get(id_))
