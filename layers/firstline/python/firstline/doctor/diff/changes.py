"""Changes: what a deployment takes from the stacks and adds to them, and which of it is a loss."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from firstline.errors import InvalidInput

UNMISSED = ("permission:", "denial:", "mode:observe")
"""What may go without a word: a role asks for what its code needs, and observe does nothing."""
UNMISSED_SETTINGS = (
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
"""In this order a person reads them; all else comes behind."""


class Changes(NamedTuple):
    """What goes and what comes, each ``KIND:NAME``, in order."""

    gone: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def losses(self) -> tuple[str, ...]:
        """What of that which goes a person would miss."""
        unmissed = (*UNMISSED, *UNMISSED_SETTINGS)
        return tuple(each for each in self.gone if not each.startswith(unmissed))


def compare(before: Iterable[str], after: Iterable[str]) -> Changes:
    """What differs between the contents of all deployed stacks and of those to deploy."""
    old, new = set(before), set(after)
    return Changes(tuple(sorted(old - new)), tuple(sorted(new - old)))


def lines(changes: Changes) -> Iterator[str]:
    """The changes in words: a head for each kind, ``-`` for what goes and ``+`` for what comes."""
    marked = [(each, "-") for each in changes.gone] + [(each, "+") for each in changes.new]
    kinds = {each.partition(":")[0] for each, _ in marked}
    for kind in [*(each for each in HEADS if each in kinds), *sorted(kinds - HEADS.keys())]:
        yield HEADS.get(kind, f"{kind}s")
        for each, mark in sorted(marked):
            if each.partition(":")[0] == kind:
                yield f"  {mark} {each.partition(':')[2]}"


def refuse(losses: Sequence[str], accepted: Sequence[str]) -> None:
    """Raise `InvalidInput` for each loss not *accepted*, and for each accepted that is none."""
    wrong = [f"--accept {each}: would not be lost" for each in accepted if each not in losses]
    open_ = [f"would be lost: {each}" for each in losses if each not in accepted]
    if open_:
        wrong.append("mend the fleet file, or add --accept NAME for each")
    if wrong:
        raise InvalidInput(*open_, *wrong)
