"""Response targets: the response time of each severity against its target (R01 to R04).

A response is a page, where the severity pages, and a look. The time runs from the signal's own
instant, so a slow delivery counts too.

A pager that is down is a miss too. A miss is an entry when its target passes, and another when the
response comes.
"""

import copy
from datetime import datetime

from firstline.config.profile import Profile
from firstline.incidents.incident import Incident, Response
from firstline.ledger.entries import ResponseMeasured
from firstline.signal import Severity


def expected_response(severity: Severity, since: datetime, profile: Profile) -> Response:
    """The response due for *severity*; without a target in the profile it is never late."""
    target = profile.response_target(severity)
    return Response(severity=severity, since=since, due_at=since + target if target else None)


def measure(incident: Incident, now: datetime) -> tuple[Incident, tuple[ResponseMeasured, ...]]:
    """The incident with its responses measured at *now*, and the events to record.

    A miss is recorded when its target passes, and again when the response has come.
    """
    pending = any(
        each.action == "trigger" and each.sent_at is None and each.traits.required
        for each in incident.pages
    )
    measured = tuple(_measured(each, now, pending=pending) for each in incident.responses)
    changed = zip(incident.responses, measured, strict=True)
    events = tuple(_event(after, now) for before, after in changed if before != after)
    return copy.replace(incident, responses=measured), events


def _measured(response: Response, now: datetime, *, pending: bool) -> Response:
    if response.responded_at is not None:
        return response
    missed = response.due_at is not None and now > response.due_at
    return copy.replace(response, missed=missed, responded_at=None if pending else now)


def _event(response: Response, now: datetime) -> ResponseMeasured:
    target = response.due_at - response.since if response.due_at else None
    return ResponseMeasured(
        severity=response.severity,
        target_seconds=int(target.total_seconds()) if target else None,
        seconds=int((now - response.since).total_seconds()),
        responded=response.responded_at is not None,
        met=not response.missed,
    )
