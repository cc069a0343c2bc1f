"""Handled alarms: the alarm transitions that an ended incident covers.

An alarm may stay in ALARM after a person took its incident. No page follows until it turns again,
or a mute window of it ends.
"""

from datetime import datetime

import msgspec

from firstline.incidents.incident import Incident, Status
from firstline.incidents.resolve_delay import CLOCK_SKEW_MAX, WORKER_LIFETIME_MAX
from firstline.signal import Severity


class HandledAlarms(msgspec.Struct, frozen=True, kw_only=True):
    """The latest alarm transitions that need no new incident after this one.

    ``alarms_until`` applies to the ``alarms`` that the incident knew, and ``until`` to any
    other P1 alarm of its correlation key.
    """

    until: datetime
    alarms: tuple[str, ...] = ()
    alarms_until: datetime

    def until_for(self, arn: str) -> datetime:
        """The latest handled transition of this alarm."""
        return self.alarms_until if arn in self.alarms else self.until


# Clocks differ by at most 30 s. After an escalation, the end is therefore dated 30 s back for an
# alarm that the incident did not know, and 30 s ahead for one that it knew. After a recovery it is
# dated 90 s back for every alarm, because an alarm that was read as OK may turn before the commit.
# A second page for a transition in that time is accepted; a missed page is not.
def handled_alarms(incident: Incident) -> HandledAlarms | None:
    """The alarms that *incident* handled; None if it is open, was no P1, or was a drill.

    A person owns an escalated incident, with the alarms that it knew, whichever clock dates the
    end. Another alarm may have turned after an end that a clock dates late. An alarm read as OK
    may turn until the worker that read it ends.
    """
    at = incident.ended_at
    if at is None or incident.severity is not Severity.P1 or incident.drill:
        return None
    if incident.status is Status.ESCALATED:
        until, alarms_until = at - CLOCK_SKEW_MAX, at + CLOCK_SKEW_MAX
    else:
        until = alarms_until = at - CLOCK_SKEW_MAX - WORKER_LIFETIME_MAX
    return HandledAlarms(until=until, alarms=incident.alarms, alarms_until=alarms_until)
