"""Write the kill switch with its entry, and deliver its pages."""

import contextlib
import copy
from datetime import timedelta

from firstline.controller import deliver_pages
from firstline.controller.commit import commit
from firstline.controller.ports.store import Change, LeaseWrite
from firstline.controller.system import System
from firstline.errors import CommitConflict
from firstline.ledger.entries import PauseChanged
from firstline.notifications import pages
from firstline.remediation import kill_switch
from firstline.remediation.kill_switch import KillSwitch, SwitchChange

PAUSES_DURATION_MAX = timedelta(seconds=10)
"""The limit of processing pauses in a sweep; the next sweep does the rest."""


def write_switch(
    switch_change: SwitchChange, system: System, lease: LeaseWrite | None = None
) -> KillSwitch:
    """Write the switch, with *lease*, and return it as stored.

    Raises `CommitConflict` and `DependencyUnavailable`.
    """
    change = Change(switch=switch_change.switch, entries=(switch_change.entry,), lease=lease)
    commit(system.ports, change)
    return copy.replace(switch_change.switch, version=switch_change.switch.version + 1)


def deliver_pause_pages(switch: KillSwitch, system: System) -> KillSwitch:
    """Send the due pages of pauses once; store the result unless another worker did."""
    now, ports = system.ports.clock.now(), system.ports
    after = switch
    for page in pages.due_pages(switch.pages, now):
        if ports.clock.now() - now > PAUSES_DURATION_MAX:
            break
        delivery = deliver_pages.send(page, system, tries=1)
        after = copy.replace(after, pages=pages.after_try(after.pages, page, delivery, now))
    if after != switch:
        with contextlib.suppress(CommitConflict):  # another one turned it: the sweep sends again
            commit(ports, Change(switch=after))
    return after


def sweep_pauses(system: System) -> timedelta:
    """Record expired pauses, deliver pages, and return the age of the oldest pending one.

    Raises `FirstlineError`.
    """
    switch = system.ports.store.switch()
    now = system.ports.clock.now()
    for pause in switch.expired_pauses(now):
        if system.ports.clock.now() - now > PAUSES_DURATION_MAX:
            break
        change = PauseChanged(change="expired", until=pause.until.replace(microsecond=0))
        switch = write_switch(
            kill_switch.remove_pause(switch, pause, change, now, system.provenance()), system
        )
    return pages.oldest_pending_age(deliver_pause_pages(switch, system).pages, now)
