"""Tally: the number of fixes that helped, in words that reports, lists and statistics share."""

from collections.abc import Iterable, Iterator
from typing import Protocol


class FixVerdict(Protocol):
    """A fix with its verdict; ``undoing`` is set where it takes back a fix of firstline."""

    @property
    def helped(self) -> bool | None:
        """The verdict; None without one."""

    @property
    def repaired(self) -> bool:
        """True for a fix that helped."""

    @property
    def undoing(self) -> str:
        """The result where it takes back a fix of firstline."""

    @property
    def action(self) -> str:
        """The name of the action."""


def tally(judged: Iterable[FixVerdict]) -> str:
    """Such as ``2 of 3 fixes helped``; actions that take back a fix are counted separately.

    Such as ``0 of 3 fixes helped; refresh cancelled``.
    """
    return "; ".join(_parts(tuple(judged)))


def _parts(judged: tuple[FixVerdict, ...]) -> Iterator[str]:
    fixes = [each for each in judged if not each.undoing]
    helped = sum(1 for each in fixes if each.repaired)
    yield f"{helped} of {len(fixes)} {'fix' if len(fixes) == 1 else 'fixes'} helped"
    undone = [each for each in judged if each.undoing]
    yield from dict.fromkeys(
        each.undoing if each.helped else f"{each.action} not verified" for each in undone
    )
