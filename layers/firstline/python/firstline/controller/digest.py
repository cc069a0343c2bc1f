"""Digest: the minor troubles of a day in one message to the team, on the next business day (R04).

Each incident is written by itself afterwards: what could not be written is told once more.
"""

import contextlib
from collections.abc import Sequence

from firstline.controller.draft import Draft
from firstline.controller.settle import record_delivery
from firstline.controller.system import System
from firstline.errors import Conflict
from firstline.incidents.incident import Page
from firstline.notifications import pages as paging
from firstline.notifications import payloads as bodies


def owed(draft: Draft) -> Page | None:
    """What the next digest says of this incident, when it is due."""
    due = paging.due(draft.incident.pages, draft.now)
    return next((each for each in due if each.channel == "digest"), None)


def publish(told: Sequence[tuple[Draft, Page]], system: System) -> None:
    """Tell the team of all of them at once; raises `Unavailable` where it cannot be recorded."""
    if not told:
        return
    fleet = system.profile.fleet.name
    subject = f"firstline: minor troubles of {fleet}, {len(told)} in all"
    lines = (bodies.digest_line(draft.incident, page) for draft, page in told)
    delivery = system.ports.team.publish(subject, "\n".join((subject, *lines)))
    for draft, page in told:
        record_delivery(draft, page, delivery)
        with contextlib.suppress(Conflict):  # it is told again with the next digest
            if draft.incident.ended:
                draft.rest(None)
            else:
                draft.commit()
