"""Draft: one incident while it is worked on; its changes are gathered into one commit."""

import copy
from collections.abc import Callable
from datetime import datetime, timedelta

from firstline.controller.commit import commit
from firstline.controller.ports.people import Wake
from firstline.controller.ports.store import ACTIONS_MAX, Change, Fence, Joined, LeaseWrite
from firstline.controller.system import System
from firstline.diagnosis.evidence import Unknown
from firstline.ids import CorrelationKey, Token
from firstline.incidents import response_targets as responses
from firstline.incidents.approvals import Approval
from firstline.incidents.incident import Incident, Page
from firstline.ledger.chain import Entry, append
from firstline.ledger.entries import LedgerEvent
from firstline.notifications import pages as paging
from firstline.remediation import limits


class IncidentUnitOfWork:
    """What an incident is about to become. Nothing of it is true before `commit` returns."""

    folded: tuple[Joined, ...] = ()
    taken: tuple[Approval, ...] = ()
    lease: LeaseWrite | None = None
    fence: Fence | None = None
    before_rest: Callable[[Incident], Incident] | None = None
    """What the step that was carried out adds to the incident, in the commit that ends it."""
    until: datetime | None = None
    """What it rests until, where no page is owed sooner."""
    unfolded = False
    heard = False

    def __init__(self, incident: Incident, system: System, now: datetime) -> None:
        self.incident = incident
        self.system = system
        self.now = now
        self._entries: list[Entry] = []

    def record(self, event: LedgerEvent) -> None:
        """Add an entry to the incident's chain."""
        by = self.system.provenance()
        chain, entry = append(
            self.incident.chain, self.incident.id, event.kind, self.now, by, event.to_ledger()
        )
        self._entries.append(entry)
        self.incident = copy.replace(self.incident, chain=chain)

    def owe(self, *pages: Page) -> None:
        """Owe *pages* to people from the next commit on."""
        self.incident = copy.replace(self.incident, pages=(*self.incident.pages, *pages))

    def measure_responses(self) -> None:
        """It is looked at now: hold each response against its target (R01 to R04)."""
        self.incident, measured = responses.measure(self.incident, self.now)
        for each in measured:
            self.record(each)

    def release(self, held: limits.Limits | Unknown, failed: Token | None = None) -> None:
        """Give the lease back, if it is ours, with the fix that *failed* marked in its spending.

        One that cannot be read runs out by itself; what is to be written of it already stays.
        """
        if self.lease is not None or isinstance(held, Unknown):
            return
        if held.lease.holder == self.incident.id:
            self.lease = LeaseWrite(limits.release_lease(held.lease, failed), held.lease.fence)

    def lease_after(self, held: limits.Limits) -> limits.Lease:
        """The lease as the next commit leaves it: what a verdict changed is not lost."""
        return self.lease.lease if self.lease is not None else held.lease

    @property
    def room(self) -> int:
        """How many more actions its transaction takes."""
        return ACTIONS_MAX - self._change().actions

    def commit(self, closes: CorrelationKey | None = None) -> None:
        """Write it all as one transaction; raises `CommitConflict` and `DependencyUnavailable`."""
        commit(self.system.ports, self._change(closes))
        self.incident = copy.replace(self.incident, version=self.incident.version + 1)
        self.folded, self.taken, self._entries = (), (), []
        self.lease = self.fence = None

    def _change(self, closes: CorrelationKey | None = None) -> Change:
        return Change(
            incident=self.incident,
            entries=tuple(self._entries),
            folded=self.folded,
            taken=self.taken,
            lease=self.lease,
            closes=closes,
            fence=self.fence,
        )

    def rest(self, until: datetime | None, closes: CorrelationKey | None = None) -> None:
        """Commit and queue the next wake: at *until*, or sooner for a page or a full inbox.

        A wake that brought signals does not count toward the most that an incident may have.
        With no *until*, no page owed and an empty inbox the incident is never woken again; what
        the digest owes is found by the sweep, and needs no wake.
        """
        if self.before_rest is not None:
            self.incident = self.before_rest(self.incident)
        self.until = until
        at = min(self._wakes(), default=None)
        self.incident = copy.replace(
            self.incident,
            wake_generation=self.incident.wake_generation + 1,
            wakes=self.incident.wakes + (not self.heard),
        )
        self.schedule()
        self.commit(closes)
        if at is not None:
            self.wake(max(at - self.now, timedelta(0)))

    def schedule(self) -> None:
        """When the sweep takes a wake for lost: an update that is owed is due at once (I38).

        It is sent in this same turn, by a worker that may not live to do it. Behind a trigger that
        is owed it waits for that page's own wake, and behind a resolve that waits for nothing.
        """
        owed = paging.owed(self.incident.pages)
        digests = [each.due_at for each in owed if each.traits.held_for_digest]
        quiet = [each.due_at for each in owed if not each.traits.required]
        people = (each for each in owed if each.traits.awaited)
        held = any(each.action == "trigger" for each in people)
        at = min([*self._wakes(), *digests, *(() if held else quiet)], default=None)
        self.incident = copy.replace(self.incident, next_wake_at=at)

    def _wakes(self) -> list[datetime]:
        """When it must be woken; an update waits for a wake that comes anyway, unless none does."""
        owed = paging.owed(self.incident.pages)
        times = [each.due_at for each in owed if each.traits.awaited]
        times += [self.until] if self.until is not None else []
        times += [self.now] if self.unfolded else []
        return times or [each.due_at for each in owed if not each.traits.required]

    def wake(self, delay: timedelta = timedelta(0)) -> None:
        """Let reconcile look at it after *delay*."""
        wake = Wake(self.incident.id, self.incident.wake_generation)
        self.system.ports.wakes.queue(wake, delay)
