"""Decision: the next step of an incident, with its whole reasoning."""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from firstline.ids import InstanceId
from firstline.ledger.entries import DecisionMade, GuardAnswer
from firstline.remediation.guards.guard import Answer
from firstline.remediation.plan import Plan
from firstline.remediation.rules.rule_name import RuleName
from firstline.signal import Severity


class Wait(msgspec.Struct, frozen=True, tag="wait"):
    """No step now; look again at ``until``."""

    until: datetime


class Look(msgspec.Struct, frozen=True, tag="look"):
    """Ask these hosts over SSM now, and read their answers at ``read_at``."""

    targets: tuple[InstanceId, ...]
    read_at: datetime


class Fix(msgspec.Struct, frozen=True, tag="fix"):
    """Carry out the plan, once."""

    plan: Plan


class RequestApproval(msgspec.Struct, frozen=True, tag="request-approval"):
    """Show the plan to a person, who may allow it, or do it.

    ``unknowns`` are the guards that lack a fact, by name.

    It is a step of its own, since it is neither a wait nor an escalation: the request is recorded
    and paged once, and the incident stays under watch.
    """

    plan: Plan
    unknowns: tuple[str, ...] = ()


class Escalate(msgspec.Struct, frozen=True, tag="escalate"):
    """Give the incident to a person, with a page of its own."""


class Raise(msgspec.Struct, frozen=True, tag="raise-severity"):
    """Raise the incident to ``severity``, and page people for it."""

    severity: Severity


class Close(msgspec.Struct, frozen=True, tag="close", omit_defaults=True):
    """The recovery is proven; ``recovered_at`` is the start of a recovery by itself."""

    recovered_at: datetime | None = None


type Step = Wait | Look | Fix | RequestApproval | Raise | Escalate | Close


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A step and its reasoning: the rule that decided, why, the facts, every guard's answer."""

    step: Step
    rule: RuleName
    why: str
    facts: tuple[str, ...] = ()
    plan: Plan | None = None
    answers: tuple[Answer, ...] = ()

    def to_ledger(self) -> DecisionMade:
        """The entry, without the decision's inputs; the plan stands next to the step."""
        step: dict[str, Any] = msgspec.to_builtins(self.step)
        step.pop("plan", None)
        return DecisionMade(
            step=step,
            rule=self.rule.value,
            why=self.why,
            facts=self.facts,
            plan=self.plan.to_ledger() if self.plan else None,
            guards=msgspec.convert(self.answers, tuple[GuardAnswer, ...], from_attributes=True),
        )


def wait(now: datetime, duration: timedelta, rule: RuleName, why: str) -> Decision:
    """Look again after *duration*."""
    return Decision(step=Wait(now + duration), rule=rule, why=why)
