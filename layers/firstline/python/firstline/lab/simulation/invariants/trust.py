"""Trust: what failed too often in a row asks a person in later incidents (I20)."""

import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from firstline.ids import IncidentId
from firstline.lab.simulation.left import Left, Told
from firstline.ledger.entries import (
    ActionDemoted,
    ActionPromoted,
    DecisionMade,
    FixIntended,
    FixVerified,
    PlanAnswered,
)

UNDOES = "cancel_refresh"


def failures_demote(left: Left) -> Iterator[str]:
    """I20: an action is demoted by so many failures in a row, no sooner and no later."""
    row: Counter[str] = Counter()
    down: set[str] = set()
    demotions = {(it.incident, it.at, it.event.action) for it in left.of(ActionDemoted)}
    most, holders = left.policy.demote_after_failed, _holders(left)
    events = left.of(FixVerified, ActionDemoted, ActionPromoted)
    for told in sorted(events, key=lambda each: each.at):
        event, action = told.event, told.event.action
        if isinstance(event, ActionPromoted):
            row[action], down = 0, down - {action}
        elif isinstance(event, ActionDemoted):
            down.add(action)
            if row[action] < most:
                yield f"{action} was demoted after {row[action]} failures in a row"
        elif _counts(action, told, left, holders):
            row[action] = 0 if event.helped else row[action] + 1
            told_of = (told.incident, told.at, action) in demotions
            if row[action] >= most and action not in down and not told_of:
                yield f"{action} failed {row[action]} times in a row, and was not demoted"


def what_failed_asks(left: Left) -> Iterator[str]:
    """I20: no later incident does by itself what was demoted, until somebody promotes it."""
    for down, done in itertools.product(left.of(ActionDemoted), tuple(left.of(FixIntended))):
        action = down.event.action
        if done.event.action != action or not _opened_after(left, done.incident, down):
            continue
        promoted = [each.at for each in left.of(ActionPromoted) if each.event.action == action]
        if any(down.at <= at <= done.at for at in promoted) or _allowed(left, done):
            continue
        yield f"{done.incident}: {action} went by itself, and was demoted in {down.incident}"


def _counts(
    action: str, told: Told[Any], left: Left, holders: dict[tuple[IncidentId, datetime], object]
) -> bool:
    """Whether a verdict was written beside the lease: it was held then, and could be read."""
    if action == UNDOES:
        return False
    held = left.by_id[told.incident]
    alone = left.run.profile.autonomy(action, held.condition) == "auto"
    return alone and holders.get((told.incident, told.at)) == told.incident


def _holders(left: Left) -> dict[tuple[IncidentId, datetime], object]:
    """Who held the lease as each decision saw it, by the decision's incident and instant.

    Of two decisions at one instant the first: the lease is given back with the verdict.
    """
    return {
        (each.incident, each.at): (each.event.seen or {})["limits"].get("lease", {}).get("holder")
        for each in reversed(tuple(left.of(DecisionMade)))
    }


def _opened_after(left: Left, incident: IncidentId, down: Told[ActionDemoted]) -> bool:
    return incident != down.incident and left.by_id[incident].opened_at > down.at


def _allowed(left: Left, done: Told[FixIntended]) -> bool:
    """Whether a person allowed this plan in its incident before it was done."""
    return any(
        each.incident == done.incident
        and each.at <= done.at
        and each.event.granted
        and each.event.counts
        and each.event.plan == done.event.plan
        for each in left.of(PlanAnswered)
    )
