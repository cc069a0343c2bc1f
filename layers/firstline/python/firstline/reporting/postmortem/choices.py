"""The decisions of an incident, each with its reasoning; waits of one rule in a row are one."""

import copy

from firstline.ledger.entries import DecisionMade
from firstline.ledger.export import DecodedEntry
from firstline.redaction import redact
from firstline.reporting.postmortem.formatting import pluralise
from firstline.reporting.postmortem.record import Record
from firstline.reporting.postmortem.report import Choice, GuardResult

WATCH = "watch"
"""Waits and looks of one rule in a row."""
SUMMARY_LENGTH_MAX = 160
"""Characters of a long reason; the whole is among the reasons."""
_FOLDED = frozenset({"wait", "look", WATCH})


def choices(record: Record) -> tuple[Choice, ...]:
    """Each decision; repeated waits of one rule are one choice, with each reason once."""
    folded: list[Choice] = []
    for entry in record:
        if not isinstance(entry.event, DecisionMade):
            continue
        choice = _choice(entry, entry.event)
        if folded and _folds(folded[-1], choice):
            folded[-1] = _merge(folded[-1], choice)
        else:
            folded.append(choice)
    return tuple(folded)


def _choice(entry: DecodedEntry, event: DecisionMade) -> Choice:
    plan = f"{event.plan.action} on {event.plan.target}" if event.plan else ""
    return Choice(
        at=entry.at,
        until=entry.at,
        times=1,
        entry=entry.entry.sequence,
        step=event.step_type,
        rule=event.rule,
        what=plan or redact(event.why, SUMMARY_LENGTH_MAX),
        reasons=(event.why,),
        facts=event.facts,
        guards=tuple(
            GuardResult(guard=each.guard, why=each.denial.why if each.denial else "")
            for each in event.guards
        ),
    )


def _folds(before: Choice, after: Choice) -> bool:
    folds = before.step in _FOLDED and after.step in _FOLDED
    return folds and before.rule == after.rule


def _merge(before: Choice, after: Choice) -> Choice:
    """Both in one: the facts and guards are the later one's."""
    return copy.replace(
        after,
        at=before.at,
        times=before.times + 1,
        entry=before.entry,
        step=before.step if before.step == after.step else WATCH,
        reasons=tuple(dict.fromkeys((*before.reasons, *after.reasons))),
    )


def denials_by_guard(decisions: tuple[Choice, ...]) -> dict[str, tuple[str, int]]:
    """Each guard that denied: its last reason, and the number of its denials."""
    denied: dict[str, tuple[str, int]] = {}
    for choice in decisions:
        for each in choice.guards:
            if each.why:
                times = denied.get(each.guard, ("", 0))[1]
                denied[each.guard] = (each.why, times + choice.times)
    return denied


def guard_summary(choice: Choice) -> str:
    """The guards' answers in a line; empty where none was asked."""
    if not choice.guards:
        return ""
    no = [each.guard for each in choice.guards if each.why]
    if not no:
        return f"{pluralise(len(choice.guards), 'guard')} passed"
    return f"denied by {', '.join(no)}; {pluralise(len(choice.guards), 'guard')} evaluated"
