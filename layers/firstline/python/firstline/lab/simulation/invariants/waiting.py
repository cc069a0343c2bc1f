"""Waiting: an open incident learns something new in bounded time, or is a person's."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from firstline.actions.catalogue import FIXES
from firstline.config.profile import Profile, seconds
from firstline.lab.simulation.invariants.record import PATIENCE
from firstline.lab.simulation.left import Left, Told
from firstline.ledger.entries import (
    DecisionMade,
    HostsInspected,
    LedgerEvent,
    LookIntended,
    LookReported,
    UnknownEvent,
)

type Words = tuple[object, ...]


def waits_are_bounded(left: Left) -> Iterator[str]:
    """I37: no incident goes on for longer than the policy's longest wait with nothing new."""
    bound = _longest_wait(left.run.profile) + PATIENCE
    known: dict[str, set[Words]] = defaultdict(set)
    learnt_at: dict[str, datetime] = {}
    for told in left.entries:
        held = left.by_id.get(told.incident)
        since = learnt_at.setdefault(told.incident, told.at)
        if held is None or (held.ended_at is not None and told.at > held.ended_at):
            continue
        if told.at - since > bound:
            yield f"{told.incident} waits since {since.time()}, with nothing new"
            learnt_at[told.incident] = told.at
        if _is_news(told, known[told.incident]):
            learnt_at[told.incident] = told.at


def _longest_wait(profile: Profile) -> timedelta:
    """Of the policy: until a fix is judged, a plan answered, or watching ends."""
    policy = profile.policy
    waits = (
        policy.blocked_max_seconds,
        policy.alarm_lag_seconds,
        policy.approval_seconds,
        policy.storm_window_seconds,
    )
    return max(*map(profile.verify_timeout, FIXES), *map(seconds, waits))


def _is_news(told: Told[LedgerEvent | UnknownEvent], known: set[Words]) -> bool:
    """Whether it says what nothing since the last fact said: looks and waits may take turns."""
    words: Words
    match told.event:
        case DecisionMade(denials=denials) if any(each.held for _, each in denials):
            return True  # a person's own will holds it, who need not be asked
        case DecisionMade(rule=rule, plan=plan):
            words = (rule, told.event.step_type, plan.hash if plan else "")
        case HostsInspected(hosts=hosts):
            words = tuple((each, type(found)) for each, found in sorted(hosts.items()))
        case LookIntended() | LookReported():
            return False
        case _:
            known.clear()
            return True
    news = words not in known
    known.add(words)
    return news
