"""Accounted: which transitions of alarms an episode that ended has seen to.

An alarm may stay in ALARM after a person got its incident. No page follows until it turns again, or
a mute window of it ends.
"""

from datetime import datetime

import msgspec

from firstline.incidents.incident import Incident, Status
from firstline.incidents.resolve_delay import CLOCKS_DIFFER, LIVES_MAX
from firstline.signal import Severity


class Accounted(msgspec.Struct, frozen=True, kw_only=True):
    """Up to when alarms may have turned that need no incident of their own after this one.

    ``alarms_until`` holds of the ``alarms`` that the incident knew, and ``until`` of any other P1's
    alarm of its cause.
    """

    until: datetime
    alarms: tuple[str, ...] = ()
    alarms_until: datetime

    def of(self, arn: str) -> datetime:
        """Up to when this alarm may have turned."""
        return self.alarms_until if arn in self.alarms else self.until


def accounted(incident: Incident) -> Accounted | None:
    """What *incident* accounts for; None where it goes on, was no P1, or was a drill.

    A person has what was handed over, with the alarms that it knew, whichever clock dates the end.
    Another alarm may have turned after an end that a clock dates late. An alarm that was found OK
    may turn until the worker that found it so ends.
    """
    at = incident.ended_at
    if at is None or incident.severity is not Severity.P1 or incident.drill:
        return None
    if incident.status is Status.HANDED_OVER:
        until, alarms_until = at - CLOCKS_DIFFER, at + CLOCKS_DIFFER
    else:
        until = alarms_until = at - CLOCKS_DIFFER - LIVES_MAX
    return Accounted(until=until, alarms=incident.alarms, alarms_until=alarms_until)
