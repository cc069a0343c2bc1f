"""Remember: what an event tells of the fleet's surroundings, for the guards of later fixes.

It comes after whatever the signal opened was paged, and raises where it cannot be written: the
event is then delivered again, and all before it is done once.
"""

from firstline import circumstances
from firstline.classify import Classification
from firstline.controller.commit import commit
from firstline.controller.system import System
from firstline.errors import Conflict, Unavailable
from firstline.ports import Change, CircumstancesWrite
from firstline.signals import Disposition, Mark, Signal

TURNS_MAX = 5


def remember(signal: Signal, found: Classification, system: System) -> None:
    """Keep it, or forget what it says is over; raises `Unavailable`."""
    if not circumstances.concerns(signal) or not believed(signal, found):
        return
    for _ in range(TURNS_MAX):
        if _kept(signal, system):
            return
    message = f"what {signal.subject} tells is contested: deliver it again"
    raise Unavailable(message)


def believed(signal: Signal, found: Classification) -> bool:
    """Whether what *signal* tells of the surroundings counts: it is ours, and of the present."""
    ours = found.disposition in (Disposition.CONTEXT, Disposition.INCIDENT)
    return ours and not {Mark.REPLAYED, Mark.FUTURE_DATED} & set(signal.marks)


def _kept(signal: Signal, system: System) -> bool:
    """Whether it is kept now; not when another worker wrote at the same moment."""
    group = system.profile.fleet.group
    before = system.ports.store.limits(group).circumstances
    after = before.told(signal)
    if after == before:
        return True
    try:
        commit(system.ports.store, Change(circumstances=CircumstancesWrite(group, after)))
    except Conflict:
        return False
    return True
