"""Approvals: a fix that the profile requires a person to allow, and the person's answer.

A proposal is made once for a plan and expires; no answer is a denial. An approval names the plan's
hash, and so its targets; it is used once, and only where every guard lets the plan pass.

Where the profile requires an approval, the decision is a step of its own (`RequestApproval`). The
proposal with the plan's hash, targets and expiry is recorded, and paged under its own key. The
facts are not part of the hash: they are read again at each wake, and the guards refuse an approved
plan whose facts no longer hold.

The answer is stored next to the incident like a signal. Only reconcile applies it, and the intent's
transaction marks it as used.
"""

import copy
from datetime import datetime

import msgspec

from firstline.ids import Digest, FixTarget, InstanceId
from firstline.ledger.entries import PlanAnswered, PlanProposed

PROPOSALS_MAX = 10
"""Proposals of one incident; each of them is a page."""


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A person's answer on one plan.

    ``by`` is the caller's ARN, and a yes is valid before ``until``.
    """

    plan: Digest
    granted: bool
    by: str
    at: datetime
    until: datetime
    why: str = ""

    def to_ledger(self, *, counts: bool) -> PlanAnswered:
        """The entry; an answer that came too late does not count."""
        return PlanAnswered(**msgspec.structs.asdict(self), counts=counts)


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A plan shown to an operator; a recommendation is not ``approvable``.

    ``unknowns`` are the guards that lack a fact, by name: an approval overrides these and no
    other.
    """

    plan: Digest
    action: str
    targets: tuple[FixTarget, ...]
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
    def target(self) -> str:
        """Its targets in a text."""
        return ", ".join(self.targets)

    @property
    def answerable(self) -> bool:
        """True if an answer still counts."""
        return self.approvable and not self.used

    def describe(self) -> dict[str, str]:
        """The facts that a person needs to answer, without the reasons."""
        hosts = {"hosts": ", ".join(self.hosts)} if self.hosts else {}
        parameters = (f"{name}={value}" for name, value in sorted(self.parameters.items()))
        return {
            "action": self.action,
            "target": self.target,
            **hosts,
            "parameters": ", ".join(parameters) or "none",
            **({"unknowns": ", ".join(self.unknowns)} if self.unknowns else {}),
            "plan": self.plan,
            "until": self.until.isoformat(timespec="seconds"),
        }

    def to_ledger(self) -> PlanProposed:
        """The entry of the proposal."""
        return PlanProposed(
            action=self.action,
            targets=self.targets,
            hosts=self.hosts,
            parameters=self.parameters,
            unknowns=self.unknowns,
            plan=self.plan,
            until=self.until.replace(microsecond=0),
            approvable=self.approvable,
        )


def current_proposal(proposals: tuple[Proposal, ...], plan: Digest) -> Proposal | None:
    """The last proposal of *plan*; None once its approval was used: it may be proposed again."""
    last = next((each for each in reversed(proposals) if each.plan == plan), None)
    return None if last is None or last.used else last


def valid_approval(proposals: tuple[Proposal, ...], plan: Digest, now: datetime) -> Approval | None:
    """The approval of *plan*, if it is valid at *now*."""
    proposal = current_proposal(proposals, plan)
    answer = proposal.approval if proposal is not None else None
    return answer if answer is not None and answer.granted and now < answer.until else None


def overridden_guards(
    proposals: tuple[Proposal, ...], plan: Digest, now: datetime
) -> frozenset[str]:
    """The guards whose missing fact the approval of *plan* overrides."""
    proposal = current_proposal(proposals, plan)
    allowed = proposal is not None and valid_approval(proposals, plan, now) is not None
    return frozenset(proposal.unknowns) if proposal is not None and allowed else frozenset()


def with_answer(proposals: tuple[Proposal, ...], approval: Approval) -> tuple[Proposal, ...]:
    """The proposals with *approval* on the current proposal of its plan; a denial is final."""
    proposal = current_proposal(proposals, approval.plan)
    if proposal is not None and proposal.approval is not None and not proposal.approval.granted:
        return proposals
    return tuple(
        copy.replace(each, approval=approval) if each is proposal and each.answerable else each
        for each in proposals
    )


def with_used_approval(proposals: tuple[Proposal, ...], plan: Digest) -> tuple[Proposal, ...]:
    """The proposals with the approval of *plan* used up."""
    proposal = current_proposal(proposals, plan)
    return tuple(copy.replace(each, used=True) if each is proposal else each for each in proposals)
