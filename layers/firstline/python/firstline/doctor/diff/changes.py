"""Compares the contents of the deployed stacks with those to deploy, and finds losses."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from firstline.errors import InvalidInput
from firstline.schema_1 import CONTENTS

HARMLESS = ("permission:", "denial:", "mode:dry-run")
"""Removals that are no loss: roles follow the code's needs, and dry-run changes nothing."""
HARMLESS_SETTINGS = (
    "setting:architecture=",
    "setting:reconcile_concurrency_max=",
    "setting:ingest_concurrency_reserved=",
    "setting:archive_lock_days=",
)
HEADS = {
    "mode": "mode",
    "subscriber": "people",
    "setting": "settings",
    "alarm": "alarms",
    "external-alarm": "alarms of others",
    "backstop": "backstops of P1 alarms",
    "rule": "event rules",
}
"""The kinds in display order; other kinds follow."""


class Changes(NamedTuple):
    """The removed and the added contents, each ``KIND:NAME``, sorted."""

    gone: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def losses(self) -> tuple[str, ...]:
        """The removals that need an operator's consent."""
        harmless = (*HARMLESS, *HARMLESS_SETTINGS)
        return tuple(each for each in self.gone if not each.startswith(harmless))


def compare(before: Iterable[str], after: Iterable[str]) -> Changes:
    """Return the changes between the contents of all deployed stacks and of those to deploy.

    What has another name since schema 1 is no change: an upgrade loses nothing by it.
    """
    old, new = {CONTENTS.get(each, each) for each in before}, set(after)
    return Changes(tuple(sorted(old - new)), tuple(sorted(new - old)))


def lines(changes: Changes) -> Iterator[str]:
    """Yield the changes for display: a head for each kind, ``-`` for removed, ``+`` for added."""
    marked = [(each, "-") for each in changes.gone] + [(each, "+") for each in changes.new]
    kinds = {each.partition(":")[0] for each, _ in marked}
    for kind in [*(each for each in HEADS if each in kinds), *sorted(kinds - HEADS.keys())]:
        yield HEADS.get(kind, f"{kind}s")
        for each, mark in sorted(marked):
            if each.partition(":")[0] == kind:
                yield f"  {mark} {each.partition(':')[2]}"


def refuse(losses: Sequence[str], accepted: Sequence[str]) -> None:
    """Raise `InvalidInput` for each loss not in *accepted*, and each accepted non-loss."""
    wrong = [
        (f"--accept {each}: this loss does not occur") for each in accepted if each not in losses
    ]
    not_accepted = [f"would be lost: {each}" for each in losses if each not in accepted]
    if not_accepted:
        wrong.append("correct the fleet file, or add --accept NAME for each loss")
    if wrong:
        raise InvalidInput(*not_accepted, *wrong)
