"""Choices: a run is a list of numbers; 0 is always the dull one, and a seed only fills the list."""

from collections.abc import Sequence
from random import Random  # noqa: TID251 - the one place where chance is made, from a seed


class Choices:
    """The list: what was given is taken first, then what the seed says, then the dull ones."""

    def __init__(self, given: Sequence[int] = (), seed: int | None = None) -> None:
        self.taken: list[int] = []
        self._given = given
        self._random = None if seed is None else Random(seed)  # noqa: S311 - it must be repeatable

    def pick(self, options: int, rarely: float) -> int:
        """One of *options* numbers from 0 on; other than 0 about as often as *rarely* says."""
        number = self._next(options, rarely)
        self.taken.append(number)
        return number

    def _next(self, options: int, rarely: float) -> int:
        at = len(self.taken)
        if at < len(self._given):
            return self._given[at] % options
        # only random() is asked: it is the one method whose sequence Python promises to keep
        if self._random is None or self._random.random() >= rarely or options == 1:
            return 0
        return 1 + int(self._random.random() * (options - 1))
