"""Demotion: an action that failed too often in a row needs approval in later incidents (I20)."""

import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from firstline.ids import IncidentId
from firstline.lab.simulation.run_result import RecordedEvent, RunResult
from firstline.ledger.entries import (
    ActionDemoted,
    ActionPromoted,
    DecisionMade,
    FixIntended,
    FixVerified,
    PlanAnswered,
)

CANCEL_REFRESH = "cancel_refresh"


def failures_demote(result: RunResult) -> Iterator[str]:
    """I20: an action is demoted after exactly so many failures in a row."""
    row: Counter[str] = Counter()
    down: set[str] = set()
    demotions = {(it.incident, it.at, it.event.action) for it in result.events(ActionDemoted)}
    most, holders = result.policy.demote_after_failed, _holders(result)
    events = result.events(FixVerified, ActionDemoted, ActionPromoted)
    for record in sorted(events, key=lambda each: each.at):
        event, action = record.event, record.event.action
        if isinstance(event, ActionPromoted):
            row[action], down = 0, down - {action}
        elif isinstance(event, ActionDemoted):
            down.add(action)
            if row[action] < most:
                yield f"{action} was demoted after {row[action]} failures in a row"
        elif _counts(action, record, result, holders):
            row[action] = 0 if event.helped else row[action] + 1
            told_of = (record.incident, record.at, action) in demotions
            if row[action] >= most and action not in down and not told_of:
                yield f"{action} failed {row[action]} times in a row, and was not demoted"


def demoted_actions_need_approval(result: RunResult) -> Iterator[str]:
    """I20: a demoted action needs approval in later incidents until it is promoted."""
    for down, done in itertools.product(
        result.events(ActionDemoted), tuple(result.events(FixIntended))
    ):
        action = down.event.action
        if done.event.action != action or not _opened_after(result, done.incident, down):
            continue
        promoted = [
            each.at for each in result.events(ActionPromoted) if each.event.action == action
        ]
        if any(down.at <= at <= done.at for at in promoted) or _allowed(result, done):
            continue
        yield f"{done.incident}: {action} went by itself, and was demoted in {down.incident}"


def _counts(
    action: str,
    record: RecordedEvent[Any],
    result: RunResult,
    holders: dict[tuple[IncidentId, datetime], object],
) -> bool:
    """True if the verdict was written with the lease: readable and held at the time."""
    if action == CANCEL_REFRESH:
        return False
    incident = result.by_id[record.incident]
    alone = result.run.profile.autonomy(action, incident.condition) == "auto"
    return alone and holders.get((record.incident, record.at)) == record.incident


def _holders(result: RunResult) -> dict[tuple[IncidentId, datetime], object]:
    """Return the lease's holder in each decision, by the decision's incident and instant.

    Of two decisions at one instant the first counts: the verdict releases the lease.
    """
    return {
        (each.incident, each.at): (each.event.observed or {})["limits"]
        .get("lease", {})
        .get("holder")
        for each in reversed(tuple(result.events(DecisionMade)))
    }


def _opened_after(
    result: RunResult, incident: IncidentId, down: RecordedEvent[ActionDemoted]
) -> bool:
    return incident != down.incident and result.by_id[incident].opened_at > down.at


def _allowed(result: RunResult, done: RecordedEvent[FixIntended]) -> bool:
    """True if a person approved this plan in its incident before the fix."""
    return any(
        each.incident == done.incident
        and each.at <= done.at
        and each.event.granted
        and each.event.counts
        and each.event.plan == done.event.plan
        for each in result.events(PlanAnswered)
    )
