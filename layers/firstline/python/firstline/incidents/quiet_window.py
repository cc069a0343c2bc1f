"""Quiet window: how long a recovery that no fix of ours brought about is watched.

Such a recovery explains nothing, so the trouble may come back. For ``policy.quiet_seconds`` its
incident stays open, and what comes back joins it: one trouble has one incident and one alert.
"""

import copy
from datetime import datetime

from firstline.config.profile import Policy, seconds
from firstline.incidents.incident import Incident
from firstline.signal import Condition


def applies(incident: Incident) -> bool:
    """Whether a recovery of *incident* is watched.

    A fix that was verified explains the recovery, and so does the end of a drill.
    """
    drill = bool(incident.drill) or incident.condition is Condition.DRILL
    return not drill and not any(each.helped for each in incident.attempts)


def ends_at(incident: Incident, policy: Policy) -> datetime | None:
    """When the window of *incident* is over; None while it has not recovered by itself."""
    since = incident.recovered_at
    return since + seconds(policy.quiet_seconds) if since is not None else None


def returned(incident: Incident, at: datetime) -> Incident:
    """*incident* whose trouble came back at *at*: nothing of it is verified any more."""
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
