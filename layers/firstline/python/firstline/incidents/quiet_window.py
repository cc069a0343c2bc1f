"""Quiet window: a recovery without a fix of firstline is watched.

Such a recovery is unexplained, so the trouble may come back. For ``policy.quiet_seconds`` its
incident stays open, and new signals join it: one trouble has one incident and one alert.
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
