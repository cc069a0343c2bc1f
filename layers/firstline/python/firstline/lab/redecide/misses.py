"""Misses: pages of a recorded past that would be lost now, and fixes that would be gained.

A deployment is compared with both: with the code first, under the policies that decided then, and
with the new policy next to the deployed one. Other differences are in `again` and `pair`.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from firstline.config.profile import Profile
from firstline.lab.redecide import occurrences
from firstline.lab.redecide.again import Compared
from firstline.lab.redecide.compare import Difference
from firstline.lab.redecide.pair import Pair
from firstline.lab.redecide.policy_run import Side
from firstline.lab.redecide.record import HOME
from firstline.lab.twin import undeployed
from firstline.ledger.chain import Kind
from firstline.ledger.entries import DecisionMade, PageDelivered
from firstline.ledger.export import DecodedEntry
from firstline.notifications.delivery import is_alert
from firstline.signal import EARLIEST

if TYPE_CHECKING:
    from firstline.lab.redecide.flips import Flip

type Sort = Literal["page-lost", "fix-gained"]
GAINED = ("fix-gained", "fix-changed")
FIX = "fix"


class Miss(msgspec.Struct, frozen=True, kw_only=True):
    """One of them, with its incident, or the signal whose incident it was."""

    sort: Sort
    where: str
    at: datetime
    why: str


def by_code(chain: Sequence[DecodedEntry], compared: Compared) -> Iterator[Miss]:
    """What today's code misses of *chain*, whose turns *compared* has decided again.

    What could not be decided again misses nothing; ``compared.why`` says so.
    """
    if compared.why:
        return
    where = str(chain[0].entry.incident)
    for entry in chain:
        event = entry.event
        if isinstance(event, PageDelivered) and _paged(event):
            if (event.key, event.action) not in compared.sent:
                yield Miss(sort="page-lost", where=where, at=entry.at, why=f"the page {event.key}")
        elif isinstance(event, DecisionMade):
            changed = [it for it in compared.differences if it.sequence == entry.entry.sequence]
            if fix := _gained(event, changed):
                yield Miss(sort="fix-gained", where=where, at=entry.at, why=fix)


def _paged(event: PageDelivered) -> bool:
    return is_alert(event) and event.outcome == "accepted"


def _gained(event: DecisionMade, changed: Sequence[Difference]) -> str:
    """The fix that is decided on now; empty where it was then, or is not now."""
    fields = {each.field: each.again for each in changed if each.kind == Kind.DECISION}
    step = fields.get("step.type", event.step_type)
    parts = ("plan", "plan.action", "plan.target", "step.type")
    now = [f"{name}: {fields[name]}" for name in parts if name in fields]
    return ", ".join(now) if step == FIX else ""


def by_policy(export: Path, before: Profile, after: Profile) -> Iterator[Miss]:
    """What *after* misses of the incidents in *export* that *before* would not.

    Raises `InvalidInput` for an export that does not say what a ledger says.
    """
    found: list[Flip] = []
    old, new = (Side(each, HOME, undeployed.own(each, HOME), EARLIEST) for each in (before, after))
    pair = Pair(old, new, found.append)
    occurrences.relive(export, pair, lambda *_: None)
    pair.end()
    for each in found:
        where = str(each.incident or each.where)
        if each.sort == "page-lost":
            yield Miss(sort="page-lost", where=where, at=each.at, why=each.why)
        elif each.sort in GAINED:
            yield Miss(sort="fix-gained", where=where, at=each.at, why=each.why)
