"""Unit of work: collects the changes of one incident and writes them in one transaction."""

import copy
from collections.abc import Callable
from datetime import datetime, timedelta

from firstline.controller.commit import commit
from firstline.controller.ports.messaging import Wake
from firstline.controller.ports.store import ACTIONS_MAX, Change, Fence, InboxSignal, LeaseWrite
from firstline.controller.system import System
from firstline.diagnosis.evidence import Unknown
from firstline.ids import CorrelationKey, InstanceId, Token
from firstline.incidents import response_targets
from firstline.incidents.approvals import Approval
from firstline.incidents.incident import Incident, Page
from firstline.ledger.chain import Entry, append
from firstline.ledger.entries import LedgerEvent
from firstline.notifications import pages as paging
from firstline.remediation import limits


class IncidentUnitOfWork:
    """The next state of an incident. Nothing is stored before `commit` returns."""

    merged_signals: tuple[InboxSignal, ...] = ()
    applied_approvals: tuple[Approval, ...] = ()
    lease: LeaseWrite | None = None
    fence: Fence | None = None
    before_requeue: Callable[[Incident], Incident] | None = None
    """Changes the incident in the commit that ends the step."""
    requeue_at: datetime | None = None
    """The instant of the next wake, unless a page is due sooner."""
    has_more_signals = False
    has_input = False

    def __init__(self, incident: Incident, system: System, now: datetime) -> None:
        self.incident = incident
        self.system = system
        self.now = now
        self._entries: list[Entry] = []
        self._stored_hosts = incident.hosts

    def append_entry(self, event: LedgerEvent) -> None:
        """Add an entry to the incident's chain."""
        by = self.system.provenance()
        chain, entry = append(
            self.incident.chain, self.incident.id, event.kind, self.now, by, event.to_ledger()
        )
        self._entries.append(entry)
        self.incident = copy.replace(self.incident, chain=chain)

    def queue_pages(self, *pages: Page) -> None:
        """Queue *pages* from the next commit on."""
        self.incident = copy.replace(self.incident, pages=(*self.incident.pages, *pages))

    def measure_responses(self) -> None:
        """Measure each response against its target (R01 to R04)."""
        self.incident, measured = response_targets.measure(self.incident, self.now)
        for each in measured:
            self.append_entry(each)

    def release_lease(self, current: limits.Limits | Unknown, failed: Token | None = None) -> None:
        """Release the lease if this incident holds it, with *failed* marked in it.

        An unreadable lease expires by itself. A lease that is already to be written stays.
        """
        if self.lease is not None or isinstance(current, Unknown):
            return
        if current.lease.holder == self.incident.id:
            self.lease = LeaseWrite(
                limits.release_lease(current.lease, failed), current.lease.fence
            )

    def lease_after(self, current: limits.Limits) -> limits.Lease:
        """The lease after the next commit, with the effect of a verdict."""
        return self.lease.lease if self.lease is not None else current.lease

    @property
    def actions_left(self) -> int:
        """The number of further actions that the transaction can hold."""
        return ACTIONS_MAX - self._change().actions

    def commit(self, closes: CorrelationKey | None = None) -> None:
        """Write all in one transaction; raises `CommitConflict` and `DependencyUnavailable`."""
        stored = self._assign_host_items(ACTIONS_MAX - self._change(closes).actions)
        commit(self.system.ports, copy.replace(self._change(closes), stored_hosts=stored))
        self.incident = copy.replace(self.incident, version=self.incident.version + 1)
        self._stored_hosts = self.incident.hosts
        self.merged_signals, self.applied_approvals, self._entries = (), (), []
        self.lease = self.fence = None

    def _change(self, closes: CorrelationKey | None = None) -> Change:
        return Change(
            incident=self.incident,
            entries=tuple(self._entries),
            merged_signals=self.merged_signals,
            applied_approvals=self.applied_approvals,
            lease=self.lease,
            closes=closes,
            fence=self.fence,
        )

    def _assign_host_items(self, most: int) -> tuple[InstanceId, ...]:
        """Give changed evidence items of its own, of at most *most* hosts; return these hosts.

        The rest stays in the aggregate until it changes again.
        """
        before, incident = self._stored_hosts, self.incident
        changed = [id_ for id_, it in incident.hosts.items() if before.get(id_) is not it]
        stored = tuple(changed[:most])
        kept = incident.host_versions.keys() & incident.hosts.keys() - set(changed)
        versions = {id_: at for id_, at in incident.host_versions.items() if id_ in kept}
        versions |= dict.fromkeys(stored, incident.version + 1)
        self.incident = copy.replace(incident, host_versions=versions)
        return stored

    def commit_and_requeue(
        self, requeue_at: datetime | None, closes: CorrelationKey | None = None
    ) -> None:
        """Commit and queue the next wake: at *requeue_at*, or sooner if pages or signals wait.

        A wake that brought signals does not count toward the limit of wakes. Without *requeue_at*,
        a pending page or a full inbox the incident is not woken again; the sweep finds pending
        digest lines.
        """
        if self.before_requeue is not None:
            self.incident = self.before_requeue(self.incident)
        self.requeue_at = requeue_at
        at = min(self._wake_times(), default=None)
        self.incident = copy.replace(
            self.incident,
            wake_generation=self.incident.wake_generation + 1,
            wakes=self.incident.wakes + (not self.has_input),
        )
        self.schedule()
        self.commit(closes)
        if at is not None:
            self.wake(max(at - self.now, timedelta(0)))

    def schedule(self) -> None:
        """Set the instant at which the sweep counts a wake as lost (I38).

        A pending update is due at once: this run sends it, and its worker may die before. Behind a
        pending trigger it waits for that page's own wake; behind a resolve it does not wait.
        """
        pending_pages = paging.pending(self.incident.pages)
        digests = [each.due_at for each in pending_pages if each.traits.held_for_digest]
        quiet = [each.due_at for each in pending_pages if not each.traits.required]
        people = (each for each in pending_pages if each.traits.awaited)
        waits_for_trigger = any(each.action == "trigger" for each in people)
        at = min(
            [*self._wake_times(), *digests, *(() if waits_for_trigger else quiet)], default=None
        )
        self.incident = copy.replace(self.incident, next_wake_at=at)

    def _wake_times(self) -> list[datetime]:
        """The instants of its wakes; an update waits for another wake, if there is one."""
        pending_pages = paging.pending(self.incident.pages)
        times = [each.due_at for each in pending_pages if each.traits.awaited]
        times += [self.requeue_at] if self.requeue_at is not None else []
        times += [self.now] if self.has_more_signals else []
        return times or [each.due_at for each in pending_pages if not each.traits.required]

    def wake(self, delay: timedelta = timedelta(0)) -> None:
        """Queue a wake after *delay*."""
        wake = Wake(self.incident.id, self.incident.wake_generation)
        self.system.ports.wakes.queue(wake, delay)
