"""The differences between two policies over one past, and their totals."""

from collections import Counter
from datetime import datetime
from typing import Literal, get_args

import msgspec

from firstline.ids import IncidentId
from firstline.lab.redecide.policy_run import DecidedStep
from firstline.signal import Disposition
from firstline.signals.classify import Classification

type FlipKind = Literal[
    "signal",
    "step",
    "fix-gained",
    "fix-lost",
    "fix-changed",
    "page-gained",
    "page-lost",
    "escalation-gained",
    "escalation-lost",
]
FLIP_KINDS: tuple[FlipKind, ...] = get_args(FlipKind.__value__)
"""A signal classified otherwise, a decision for another step, and their consequences."""


class SignalMeaning(msgspec.Struct, frozen=True, kw_only=True):
    """A signal's classification by a policy."""

    disposition: str
    severity: str | None
    condition: str | None
    rule: str | None


type FlipSide = SignalMeaning | DecidedStep | str | None
"""One side of a flip: a signal's meaning, a step, a page's key, or nothing."""


class Flip(msgspec.Struct, frozen=True):
    """A difference: its event or incident, its instant, and the rule or guard behind it."""

    kind: FlipKind
    where: str
    incident: IncidentId | None
    at: datetime
    before: FlipSide
    after: FlipSide
    why: str


class Totals(msgspec.Struct):
    """The totals of all flips; ``unrecorded`` counts reconciles whose record lacked a fact."""

    events: int = 0
    reconciles: int = 0
    incidents: tuple[int, int] = (0, 0)
    flips: Counter[FlipKind] = msgspec.field(default_factory=Counter)
    unrecorded: Counter[str] = msgspec.field(default_factory=Counter)
    diverged: int = 0


def signal_meaning(classification: Classification) -> SignalMeaning:
    """Return what a reader needs of a classification."""
    incident = classification.disposition is Disposition.INCIDENT
    return SignalMeaning(
        disposition=classification.disposition,
        severity=classification.severity if incident else None,
        condition=classification.condition if incident else None,
        rule=(classification.rule or None) if incident else None,
    )


def flip_kind(before: DecidedStep, after: DecidedStep) -> FlipKind | None:
    """Return the kind of flip from *before* to *after*; None if they are equal."""
    if (before.step, before.action, before.target) == (after.step, after.action, after.target):
        return None
    if before.step == after.step == "fix":
        return "fix-changed"
    if "fix" in (before.step, after.step):
        return "fix-gained" if after.step == "fix" else "fix-lost"
    if "escalate" in (before.step, after.step):
        return "escalation-gained" if after.step == "escalate" else "escalation-lost"
    return "step"


def flip_reason(before: DecidedStep, after: DecidedStep) -> str:
    """Return the guards that stopped only one side, or else the rules."""
    stopped = [f"{each} stops it" for each in after.denied if each not in before.denied]
    passed = [f"{each} lets it pass" for each in before.denied if each not in after.denied]
    return "; ".join((*stopped, *passed)) or f"{before.rule!r} became {after.rule!r}: {after.why}"
