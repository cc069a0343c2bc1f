"""The latest report of each host in recorded incidents.

The store has no index of hosts. Open incidents come from its index, ended ones from the archive's
last checkpoints. Both are limited, and no ledger is read.
"""

from collections.abc import Iterator
from itertools import islice

from firstline.controller.ports.archive import Archive
from firstline.controller.ports.store import LoadedIncident, Store
from firstline.diagnosis.evidence import HostReport
from firstline.doctor.facts import PastHostReport
from firstline.errors import InvalidInput, Unreadable
from firstline.ids import IncidentId, InstanceId
from firstline.ledger import archive as archiving

INCIDENTS_MAX = 25
"""The limit of incidents; each takes one request."""
CHECKPOINTS_MAX = 50
"""The limit of checkpoints; each takes one request."""


def past_host_reports(store: Store, archive: Archive) -> dict[InstanceId, PastHostReport]:
    """Return the latest report by host; raises `DependencyUnavailable`."""
    latest: dict[InstanceId, PastHostReport] = {}
    for each in islice(_recent_incidents(store, archive), INCIDENTS_MAX):
        loaded = _loaded(store, each)
        for host, state in loaded.incident.hosts.items() if loaded else ():
            known = latest.get(host)
            if isinstance(state.report, HostReport) and (known is None or known.at < state.at):
                latest[host] = PastHostReport(state.report, state.at)
    return latest


def unreadable_incidents(store: Store) -> dict[IncidentId, str]:
    """Return the open incidents that this code cannot read, newest first, with reasons."""
    found: dict[IncidentId, str] = {}
    for each in store.open_now(INCIDENTS_MAX):
        try:
            store.load(each)
        except Unreadable as error:
            found[each] = error.why
    return found


def _loaded(store: Store, incident: IncidentId) -> LoadedIncident | None:
    """Return the incident; None if it cannot be read, which a check reports."""
    try:
        return store.load(incident)
    except Unreadable:
        return None


def _recent_incidents(store: Store, archive: Archive) -> Iterator[IncidentId]:
    """Yield each incident once: the open ones, then those of the last checkpoints."""
    seen: set[IncidentId] = set()
    for each in (*store.open_now(INCIDENTS_MAX), *_archived_incidents(archive)):
        if each not in seen:
            seen.add(each)
            yield each


def _archived_incidents(archive: Archive) -> Iterator[IncidentId]:
    newest = archive.first(archiving.CHECKPOINTS)
    last = archiving.sequence_of(newest) if newest else 0
    for sequence in range(last, max(0, last - CHECKPOINTS_MAX), -1):
        try:
            sealed = archiving.parse_checkpoint(
                archive.get(archiving.checkpoint_key(sequence)) or b""
            )
        except InvalidInput:  # the audit reports it
            continue
        # a chain of one entry is a signal that opened nothing
        yield from (id_ for id_, (length, _) in sealed.checkpoint.heads.items() if length > 1)
