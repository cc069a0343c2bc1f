"""Switching: the kill switch is written with its entry, and what it owes people goes out."""

import contextlib
import copy
from datetime import timedelta

from firstline.controller import deliver_pages
from firstline.controller.commit import commit
from firstline.controller.ports.store import Change, LeaseWrite
from firstline.controller.system import System
from firstline.errors import CommitConflict
from firstline.ledger.entries import PauseChanged
from firstline.notifications import pages as paging
from firstline.remediation import kill_switch as pauses
from firstline.remediation.kill_switch import KillSwitch, SwitchChange

WITHIN = timedelta(seconds=10)
"""As long may pauses take; what is left is the next sweep's, for incidents wait."""


def write(changed: SwitchChange, system: System, lease: LeaseWrite | None = None) -> KillSwitch:
    """The switch as it is stored now, with *lease*.

    Raises `CommitConflict` and `DependencyUnavailable`.
    """
    change = Change(switch=changed.switch, entries=(changed.entry,), lease=lease)
    commit(system.ports, change)
    return copy.replace(changed.switch, version=changed.switch.version + 1)


def settle_switch(switch: KillSwitch, system: System) -> KillSwitch:
    """Send what is owed of pauses, each once; what came of it is written where nobody was first."""
    now, ports = system.ports.clock.now(), system.ports
    after = switch
    for page in paging.due(switch.pages, now):
        if ports.clock.now() - now > WITHIN:
            break
        delivery = deliver_pages.send(page, system, tries=1)
        after = copy.replace(after, pages=paging.tried(after.pages, page, delivery, now))
    if after != switch:
        with contextlib.suppress(CommitConflict):  # another one turned it: the sweep sends again
            commit(ports, Change(switch=after))
    return after


def sweep_switch(system: System) -> timedelta:
    """Record the pauses that are over, settle what is owed, and tell for how long it has been.

    Raises `FirstlineError`.
    """
    switch = system.ports.store.switch()
    now = system.ports.clock.now()
    for over in switch.expired_pauses(now):
        if system.ports.clock.now() - now > WITHIN:
            break
        change = PauseChanged(change="expired", until=over.until.replace(microsecond=0))
        switch = write(pauses.remove_pause(switch, over, change, now, system.provenance()), system)
    return paging.owed_for(settle_switch(switch, system).pages, now)
