"""The decisions of an incident, each with its reasoning; waits of one rule in a row are one."""

import copy

from firstline.ledger.entries import DecisionMade
from firstline.ledger.export import DecodedEntry
from firstline.redaction import redact
from firstline.reporting.postmortem.record import Record
from firstline.reporting.postmortem.report import Answered, Choice
from firstline.reporting.postmortem.words import count

WATCH = "watch"
"""Waits and looks of one rule in a row."""
WHAT_MAX = 160
"""Of a long reason the beginning; the whole is among the reasons."""
_FOLDED = frozenset({"wait", "look", WATCH})


def choices(record: Record) -> tuple[Choice, ...]:
    """Each decision; where the same rule waits again and again, each reason is told once."""
    found: list[Choice] = []
    for entry in record:
        if not isinstance(entry.event, DecisionMade):
            continue
        choice = _choice(entry, entry.event)
        if found and _goes_on(found[-1], choice):
            found[-1] = _joined(found[-1], choice)
        else:
            found.append(choice)
    return tuple(found)


def _choice(entry: DecodedEntry, event: DecisionMade) -> Choice:
    plan = f"{event.plan.action} on {event.plan.target}" if event.plan else ""
    return Choice(
        at=entry.at,
        until=entry.at,
        times=1,
        entry=entry.entry.sequence,
        step=event.step_type,
        rule=event.rule,
        what=plan or redact(event.why, WHAT_MAX),
        reasons=(event.why,),
        facts=event.facts,
        guards=tuple(
            Answered(guard=each.guard, why=each.denial.why if each.denial else "")
            for each in event.guards
        ),
    )


def _goes_on(before: Choice, after: Choice) -> bool:
    folds = before.step in _FOLDED and after.step in _FOLDED
    return folds and before.rule == after.rule


def _joined(before: Choice, after: Choice) -> Choice:
    """The later one's facts and guards are the ones that stand."""
    return copy.replace(
        after,
        at=before.at,
        times=before.times + 1,
        entry=before.entry,
        step=before.step if before.step == after.step else WATCH,
        reasons=tuple(dict.fromkeys((*before.reasons, *after.reasons))),
    )


def denials(found: tuple[Choice, ...]) -> dict[str, tuple[str, int]]:
    """Each guard that denied: its last reason, and in how many decisions it did."""
    denied: dict[str, tuple[str, int]] = {}
    for choice in found:
        for each in choice.guards:
            if each.why:
                times = denied.get(each.guard, ("", 0))[1]
                denied[each.guard] = (each.why, times + choice.times)
    return denied


def passed(choice: Choice) -> str:
    """How its guards answered, in a line; empty where none was asked."""
    if not choice.guards:
        return ""
    no = [each.guard for each in choice.guards if each.why]
    if not no:
        return f"{count(len(choice.guards), 'guard')} passed"
    return f"denied by {', '.join(no)}; {count(len(choice.guards), 'guard')} asked"
