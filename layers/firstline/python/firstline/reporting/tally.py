"""Tally: how many fixes helped, in the words that reports, lists and statistics share."""

from collections.abc import Iterable, Iterator
from typing import Protocol


class Judged(Protocol):
    """A fix with its verdict; ``undoing`` is not empty where it takes back a fix of ours."""

    @property
    def helped(self) -> bool | None:
        """Whether it did what it is for; None without a verdict."""

    @property
    def repaired(self) -> bool:
        """Whether it is a fix that helped."""

    @property
    def undoing(self) -> str:
        """What it comes to where it takes back a fix of ours."""

    @property
    def action(self) -> str:
        """The name of what was done."""


def tally(judged: Iterable[Judged]) -> str:
    """As ``2 of 3 fixes helped``; what was taken back is counted by itself.

    Such as ``0 of 3 fixes helped; refresh cancelled``.
    """
    return "; ".join(_parts(tuple(judged)))


def _parts(judged: tuple[Judged, ...]) -> Iterator[str]:
    fixes = [each for each in judged if not each.undoing]
    helped = sum(1 for each in fixes if each.repaired)
    yield f"{helped} of {len(fixes)} {'fix' if len(fixes) == 1 else 'fixes'} helped"
    undone = [each for each in judged if each.undoing]
    yield from dict.fromkeys(
        each.undoing if each.helped else f"{each.action} not verified" for each in undone
    )
