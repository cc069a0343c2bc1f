"""Remembered: the latest report of each host that firstline's own looks brought.

The store has no index of hosts. Incidents that are open are listed by one; those that ended lately
are named by the archive's last checkpoints. Both ends are bounded: no ledger is read through.
"""

from collections.abc import Iterator
from itertools import islice

from firstline.controller.ports.archive import Archive
from firstline.controller.ports.store import LoadedIncident, Store
from firstline.diagnosis.evidence import HostReport
from firstline.doctor.facts import Remembered
from firstline.errors import InvalidInput, Unreadable
from firstline.ids import IncidentId, InstanceId
from firstline.ledger import archive as archiving

INCIDENTS_MAX = 25
"""As many incidents are read, each by one request."""
CHECKPOINTS_MAX = 50
"""As many checkpoints are read, each by one request."""


def remembered(store: Store, archive: Archive) -> dict[InstanceId, Remembered]:
    """By host, of the incidents that changed last; raises `DependencyUnavailable`."""
    latest: dict[InstanceId, Remembered] = {}
    for each in islice(_lately(store, archive), INCIDENTS_MAX):
        loaded = _loaded(store, each)
        for host, told in loaded.incident.hosts.items() if loaded else ():
            known = latest.get(host)
            if isinstance(told.report, HostReport) and (known is None or known.at < told.at):
                latest[host] = Remembered(told.report, told.at)
    return latest


def unreadable(store: Store) -> dict[IncidentId, str]:
    """Open incidents that this code cannot read, the latest first, each with its reason."""
    found: dict[IncidentId, str] = {}
    for each in store.open_now(INCIDENTS_MAX):
        try:
            store.load(each)
        except Unreadable as error:
            found[each] = error.why
    return found


def _loaded(store: Store, incident: IncidentId) -> LoadedIncident | None:
    """One that cannot be read has a finding of its own, and tells of no host."""
    try:
        return store.load(incident)
    except Unreadable:
        return None


def _lately(store: Store, archive: Archive) -> Iterator[IncidentId]:
    """Each once: those that are open, then those that the archive heard of last."""
    seen: set[IncidentId] = set()
    for each in (*store.open_now(INCIDENTS_MAX), *_archived(archive)):
        if each not in seen:
            seen.add(each)
            yield each


def _archived(archive: Archive) -> Iterator[IncidentId]:
    newest = archive.first(archiving.CHECKPOINTS)
    last = archiving.sequence_of(newest) if newest else 0
    for sequence in range(last, max(0, last - CHECKPOINTS_MAX), -1):
        try:
            sealed = archiving.parse_checkpoint(
                archive.get(archiving.checkpoint_key(sequence)) or b""
            )
        except InvalidInput:  # the audit tells of it
            continue
        # a chain of one entry is a signal that opened nothing
        yield from (id_ for id_, (length, _) in sealed.checkpoint.heads.items() if length > 1)
