"""Bounded waits: an open incident learns something new in bounded time, or is escalated."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from firstline.actions.catalogue import FIXES
from firstline.config.profile import Profile, seconds
from firstline.lab.simulation.invariants.ledger import PATIENCE
from firstline.lab.simulation.run_result import RecordedEvent, RunResult
from firstline.ledger.entries import (
    DecisionMade,
    HostsInspected,
    LedgerEvent,
    LookIntended,
    LookReported,
    UnknownEvent,
)

type Fact = tuple[object, ...]


def waits_are_bounded(result: RunResult) -> Iterator[str]:
    """I37: no incident continues without news for longer than the policy's longest wait."""
    bound = _longest_wait(result.run.profile) + PATIENCE
    known: dict[str, set[Fact]] = defaultdict(set)
    learnt_at: dict[str, datetime] = {}
    for record in result.entries:
        incident = result.by_id.get(record.incident)
        since = learnt_at.setdefault(record.incident, record.at)
        if incident is None or (incident.ended_at is not None and record.at > incident.ended_at):
            continue
        if record.at - since > bound:
            yield f"{record.incident} waits since {since.time()}, with nothing new"
            learnt_at[record.incident] = record.at
        if _is_new_fact(record, known[record.incident]):
            learnt_at[record.incident] = record.at


def _longest_wait(profile: Profile) -> timedelta:
    """Return the longest of the policy's waits: a verdict, an answer, or watching."""
    policy = profile.policy
    waits = (
        policy.blocked_max_seconds,
        policy.alarm_lag_seconds,
        policy.approval_seconds,
        policy.storm_window_seconds,
    )
    return max(*map(profile.verify_timeout, FIXES), *map(seconds, waits))


def _is_new_fact(record: RecordedEvent[LedgerEvent | UnknownEvent], known: set[Fact]) -> bool:
    """True if no entry since the last fact equals it; inspections and waits may alternate."""
    words: Fact
    match record.event:
        case DecisionMade(denials=denials) if any(each.held for _, each in denials):
            return True  # a person holds it
        case DecisionMade(rule=rule, plan=plan):
            words = (rule, record.event.step_type, plan.hash if plan else "")
        case HostsInspected(hosts=hosts):
            words = tuple((each, type(report)) for each, report in sorted(hosts.items()))
        case LookIntended() | LookReported():
            return False
        case _:
            known.clear()
            return True
    news = words not in known
    known.add(words)
    return news
