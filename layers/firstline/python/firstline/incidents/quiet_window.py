"""Quiet window: a recovery without a fix of firstline is watched.

Such a recovery is unexplained, so the trouble may come back. For ``policy.quiet_seconds`` its
incident stays open, and new signals join it: one trouble has one incident and one alert.

The window is ``quiet_seconds`` (15 minutes) from the reading that proved the recovery. Its alert
stays open. The incident wakes once at the end of the window, looks at its hosts, and ends. An
incident that a verified fix ended is over at once, as is a drill (I36).

A report's time to recover ends at the proving reading (`recovered_at` of the `close` decision), not
at the end of the window.
"""

import copy
from datetime import datetime

from firstline.config.profile import Policy, seconds
from firstline.incidents.incident import Incident
from firstline.signal import Condition


def applies(incident: Incident) -> bool:
    """True if a recovery of *incident* is watched.

    A verified fix explains the recovery, and so does the end of a drill.
    """
    drill = bool(incident.drill) or incident.condition is Condition.DRILL
    return not drill and not any(each.helped for each in incident.attempts)


def ends_at(incident: Incident, policy: Policy) -> datetime | None:
    """The end of the window of *incident*; None while it has not recovered by itself."""
    since = incident.recovered_at
    return since + seconds(policy.quiet_seconds) if since is not None else None


# A returned problem joins the incident and sends no second page at the same severity: no target
# counts as verified any more, and the ladder continues with its attempts, cooldowns and approvals.
# A P1 that returns pages under `<incident>:returned-1`, `-2` and so on, because firstline cannot
# read whether its alert is acknowledged, and a trigger on an acknowledged alert notifies no one.
#
# An alarm that cannot be read, or a host without an answer to the last look, proves no recovery and
# keeps the incident open. A deleted alarm ends the incident. The window has no wakes in between,
# and neither `incident_age_max_seconds` nor `wakes_max` escalates a recovered incident. Trouble
# that flaps beyond these limits is escalated once, with one page, when it returns; a later signal
# opens a new incident.
def with_return(incident: Incident, at: datetime) -> Incident:
    """*incident* after its trouble came back at *at*: no target is verified any more."""
    targets = tuple(copy.replace(each, readings=0, verified_at=None) for each in incident.targets)
    return copy.replace(
        incident,
        recovered_at=None,
        returned_at=at,
        returns=incident.returns + 1,
        targets=targets,
        clear_readings=0,
        clear_read_at=None,
    )
