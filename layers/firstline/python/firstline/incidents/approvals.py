"""Approvals: a fix that the profile wants a person to allow, and what the person said.

A proposal is made once for a plan and stands for a while; silence is no. An approval names the
plan's hash, and so its targets; it is used once, and only where every guard lets the plan pass.
"""

import copy
from datetime import datetime

import msgspec

from firstline.ids import Digest, FixTarget, InstanceId
from firstline.ledger.entries import PlanAnswered, PlanProposed

PROPOSALS_MAX = 10
"""As many as one incident asks people about: each of them is a page."""


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A person's word on one plan: ``by`` is the caller's ARN, and a yes holds before ``until``."""

    plan: Digest
    granted: bool
    by: str
    at: datetime
    until: datetime
    why: str = ""

    def to_ledger(self, *, counts: bool) -> PlanAnswered:
        """As an entry records it; one that came too late does not count."""
        return PlanAnswered(**msgspec.structs.asdict(self), counts=counts)


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A plan that a person was told of; one that is only recommended nobody can approve.

    ``unknowns`` are the guards that lack a fact, by name: a yes overrides these and no other.
    """

    plan: Digest
    action: str
    target: FixTarget
    hosts: tuple[InstanceId, ...]
    parameters: dict[str, str]
    approvable: bool
    key: str
    at: datetime
    until: datetime
    approval: Approval | None = None
    used: bool = False
    unknowns: tuple[str, ...] = ()

    @property
    def answerable(self) -> bool:
        """Whether a person's word on it still counts."""
        return self.approvable and not self.used

    def told(self) -> dict[str, str]:
        """What a person must know to answer, but for the reasons."""
        touched = {"hosts": ", ".join(self.hosts)} if self.hosts else {}
        parameters = (f"{name}={value}" for name, value in sorted(self.parameters.items()))
        return {
            "action": self.action,
            "target": self.target,
            **touched,
            "parameters": ", ".join(parameters) or "none",
            **({"unknowns": ", ".join(self.unknowns)} if self.unknowns else {}),
            "plan": self.plan,
            "until": self.until.isoformat(timespec="seconds"),
        }

    def to_ledger(self) -> PlanProposed:
        """As an entry records it."""
        return msgspec.convert({**self.told(), "approvable": self.approvable}, type=PlanProposed)


def standing(proposals: tuple[Proposal, ...], plan: Digest) -> Proposal | None:
    """The last proposal of *plan*, unless its approval was used: then it may be asked anew."""
    last = next((each for each in reversed(proposals) if each.plan == plan), None)
    return None if last is None or last.used else last


def approval(proposals: tuple[Proposal, ...], plan: Digest, now: datetime) -> Approval | None:
    """A person's yes to *plan*, where it holds at *now*."""
    about = standing(proposals, plan)
    answer = about.approval if about is not None else None
    return answer if answer is not None and answer.granted and now < answer.until else None


def overridden(proposals: tuple[Proposal, ...], plan: Digest, now: datetime) -> frozenset[str]:
    """The guards for whose missing fact a person's yes to *plan* stands."""
    about = standing(proposals, plan)
    allowed = about is not None and approval(proposals, plan, now) is not None
    return frozenset(about.unknowns) if about is not None and allowed else frozenset()


def answered(proposals: tuple[Proposal, ...], approval: Approval) -> tuple[Proposal, ...]:
    """With *approval* on the standing proposal of its plan; a denial is final."""
    about = standing(proposals, approval.plan)
    if about is not None and about.approval is not None and not about.approval.granted:
        return proposals
    return tuple(
        copy.replace(each, approval=approval) if each is about and each.answerable else each
        for each in proposals
    )


def used(proposals: tuple[Proposal, ...], plan: Digest) -> tuple[Proposal, ...]:
    """With the approval of *plan* used up."""
    about = standing(proposals, plan)
    return tuple(copy.replace(each, used=True) if each is about else each for each in proposals)
