"""Misses: pages of recorded incidents that would be lost now, and fixes that would be gained.

A deployment is compared with both: the code first, under the policies that decided then, and the
new policy with the deployed one. `redecision` and `policy_pair` report other differences.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from firstline.config.profile import Profile
from firstline.lab.redecide import recorded_events
from firstline.lab.redecide.compare import Difference
from firstline.lab.redecide.incident_record import HOME
from firstline.lab.redecide.policy_pair import PolicyPair
from firstline.lab.redecide.policy_run import PolicyRun
from firstline.lab.redecide.redecision import RedecisionResult
from firstline.lab.twin import undeployed
from firstline.ledger.chain import Kind
from firstline.ledger.entries import DecisionMade, PageDelivered
from firstline.ledger.export import DecodedEntry
from firstline.notifications.delivery import is_alert
from firstline.signal import EARLIEST

if TYPE_CHECKING:
    from firstline.lab.redecide.policy_diff import Flip

type MissKind = Literal["page-lost", "fix-gained"]
GAINED_FIXES = ("fix-gained", "fix-changed")
FIX = "fix"


class Miss(msgspec.Struct, frozen=True, kw_only=True):
    """A lost page or a gained fix, with its incident or the signal whose incident it was."""

    sort: MissKind
    where: str
    at: datetime
    why: str


def by_code(chain: Sequence[DecodedEntry], compared: RedecisionResult) -> Iterator[Miss]:
    """Yield what today's code misses of *chain*, whose re-decision is *compared*.

    An incident that could not be re-decided misses nothing; ``compared.why`` gives the reason.
    """
    if compared.why:
        return
    where = str(chain[0].entry.incident)
    for entry in chain:
        event = entry.event
        if isinstance(event, PageDelivered) and _was_page(event):
            if (event.key, event.action) not in compared.sent:
                yield Miss(sort="page-lost", where=where, at=entry.at, why=f"the page {event.key}")
        elif isinstance(event, DecisionMade):
            changed = [it for it in compared.differences if it.sequence == entry.entry.sequence]
            if fix := _gained_fix(event, changed):
                yield Miss(sort="fix-gained", where=where, at=entry.at, why=fix)


def _was_page(event: PageDelivered) -> bool:
    return is_alert(event) and event.outcome == "accepted"


def _gained_fix(event: DecisionMade, changed: Sequence[Difference]) -> str:
    """Return the fix that is decided on now and was not then; empty if there is none."""
    fields = {each.field: each.redecided for each in changed if each.kind == Kind.DECISION}
    step = fields.get("step.type", event.step_type)
    parts = ("plan", "plan.action", "plan.targets", "plan.targets[0]", "step.type")
    now = [f"{name}: {fields[name]}" for name in parts if name in fields]
    return ", ".join(now) if step == FIX else ""


def by_policy(export: Path, before: Profile, after: Profile) -> Iterator[Miss]:
    """Yield what *after* misses of the incidents in *export* that *before* would not.

    Raises `InvalidInput` for an export that is no ledger's.
    """
    flips: list[Flip] = []
    old, new = (
        PolicyRun(each, HOME, undeployed.alarms_by_arn(each, HOME), EARLIEST)
        for each in (before, after)
    )
    pair = PolicyPair(old, new, flips.append)
    recorded_events.replay_export(export, pair, lambda *_: None)
    pair.finish()
    for each in flips:
        where = str(each.incident or each.where)
        if each.kind == "page-lost":
            yield Miss(sort="page-lost", where=where, at=each.at, why=each.why)
        elif each.kind in GAINED_FIXES:
            yield Miss(sort="fix-gained", where=where, at=each.at, why=each.why)
