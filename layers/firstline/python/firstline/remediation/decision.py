"""Decision: the next step of an incident, with its whole reasoning."""

from datetime import datetime, timedelta

import msgspec

from firstline.ids import InstanceId
from firstline.ledger.entries import DecisionMade, GuardAnswer
from firstline.remediation.guards.guard import Answer
from firstline.remediation.plan import Plan
from firstline.signal import Severity


class Wait(msgspec.Struct, frozen=True, tag="wait"):
    """Nothing now; look again at ``until``."""

    until: datetime


class Look(msgspec.Struct, frozen=True, tag="look"):
    """Ask these hosts over SSM now, and read their answers at ``read_at``."""

    targets: tuple[InstanceId, ...]
    read_at: datetime


class Fix(msgspec.Struct, frozen=True, tag="fix"):
    """Do what the plan says, once."""

    plan: Plan


class RequestApproval(msgspec.Struct, frozen=True, tag="ask"):
    """Tell a person of the plan, who may allow it, or do it.

    ``unknowns`` are the guards that lack a fact, by name.
    """

    plan: Plan
    unknowns: tuple[str, ...] = ()


class Escalate(msgspec.Struct, frozen=True, tag="hand-over"):
    """Give it to a person, with a page of its own."""


class Raise(msgspec.Struct, frozen=True, tag="raise"):
    """It is as grave as ``severity`` now, and people are paged for it."""

    severity: Severity


class Close(msgspec.Struct, frozen=True, tag="close", omit_defaults=True):
    """It is over, and proven so; since ``recovered_at`` where it recovered by itself."""

    recovered_at: datetime | None = None


type Step = Wait | Look | Fix | RequestApproval | Raise | Escalate | Close


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A step and its reasoning: the rule that decided, why, the facts, every guard's answer."""

    step: Step
    rule: str
    why: str
    facts: tuple[str, ...] = ()
    plan: Plan | None = None
    answers: tuple[Answer, ...] = ()

    def to_ledger(self) -> DecisionMade:
        """The whole of it as an entry records it, but for its inputs."""
        return DecisionMade(
            step=msgspec.to_builtins(self.step),
            rule=self.rule,
            why=self.why,
            facts=self.facts,
            plan=self.plan.to_ledger() if self.plan else None,
            guards=msgspec.convert(self.answers, tuple[GuardAnswer, ...], from_attributes=True),
        )


def wait(now: datetime, duration: timedelta, rule: str, why: str) -> Decision:
    """Look again after *duration*."""
    return Decision(step=Wait(now + duration), rule=rule, why=why)
