"""Flips: where two policies part over the same past, and what that comes to."""

from collections import Counter
from datetime import datetime
from typing import Literal, get_args

import msgspec

from firstline.ids import IncidentId
from firstline.lab.redecide.policy_run import Step
from firstline.signal import Disposition
from firstline.signals.classify import Classification

type Sort = Literal[
    "signal",
    "step",
    "fix-gained",
    "fix-lost",
    "fix-changed",
    "page-gained",
    "page-lost",
    "hand-over-gained",
    "hand-over-lost",
]
SORTS: tuple[Sort, ...] = get_args(Sort.__value__)
"""A signal that is taken for something else, a decision for another step; and what is at stake."""


class Meaning(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy takes a signal for."""

    disposition: str
    severity: str | None
    condition: str | None
    rule: str | None


type Held = Meaning | Step | str | None
"""One side of a flip: a signal's meaning, a step, a page's key, or nothing."""


class Flip(msgspec.Struct, frozen=True):
    """One of them: of which event or incident, when, and ``why``: the rule or guard behind it."""

    sort: Sort
    where: str
    incident: IncidentId | None
    at: datetime
    before: Held
    after: Held
    why: str


class Totals(msgspec.Struct):
    """What all flips come to. ``unrecorded`` counts turns that wanted a fact nobody recorded."""

    events: int = 0
    turns: int = 0
    incidents: tuple[int, int] = (0, 0)
    flips: Counter[Sort] = msgspec.field(default_factory=Counter)
    unrecorded: Counter[str] = msgspec.field(default_factory=Counter)
    left: int = 0


def meaning(found: Classification) -> Meaning:
    """What a reader is told of a classification."""
    incident = found.disposition is Disposition.INCIDENT
    return Meaning(
        disposition=found.disposition,
        severity=found.severity if incident else None,
        condition=found.condition if incident else None,
        rule=(found.rule or None) if incident else None,
    )


def sort(before: Step, after: Step) -> Sort | None:
    """What it is to decide *after* where *before* was decided; None where it is the same."""
    if (before.step, before.action, before.target) == (after.step, after.action, after.target):
        return None
    if before.step == after.step == "fix":
        return "fix-changed"
    if "fix" in (before.step, after.step):
        return "fix-gained" if after.step == "fix" else "fix-lost"
    if "hand-over" in (before.step, after.step):
        return "hand-over-gained" if after.step == "hand-over" else "hand-over-lost"
    return "step"


def because(before: Step, after: Step) -> str:
    """The guards that one side was stopped by and the other not, or else the rules."""
    stopped = [f"{each} stops it" for each in after.denied if each not in before.denied]
    passed = [f"{each} lets it pass" for each in before.denied if each not in after.denied]
    return "; ".join((*stopped, *passed)) or f"{before.rule!r} became {after.rule!r}: {after.why}"
