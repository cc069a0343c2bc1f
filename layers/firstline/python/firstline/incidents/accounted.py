"""Accounted: which transitions of alarms an episode that ended has seen to.

An alarm may stay in ALARM after a person got its incident. No page follows until it turns again, or
a mute window of it ends.
"""

from datetime import datetime, timedelta

from firstline.incidents.incident import Incident, Status
from firstline.incidents.resolve_delay import CLOCKS_DIFFER, LIVES_MAX
from firstline.signal import Severity


def accounted_until(incident: Incident) -> datetime | None:
    """Up to when a P1's alarm of its cause may have turned and needs no incident of its own.

    None for an episode that accounts for no P1: it was none, was a drill, or goes on. A worker's
    clock may go before, and an alarm that was found OK may turn until the worker that found it so
    ends: what turned in between is not accounted for.
    """
    at = incident.ended_at
    if at is None or incident.severity is not Severity.P1 or incident.drill:
        return None
    handed_over = incident.status is Status.HANDED_OVER
    return at - CLOCKS_DIFFER - (timedelta(0) if handed_over else LIVES_MAX)
