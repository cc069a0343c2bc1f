"""Choices: a run is a list of numbers. 0 is always the uneventful one; a seed fills the list."""

from collections.abc import Sequence
from random import Random  # noqa: TID251 - the one place where chance is made, from a seed


class Choices:
    """The list: preset numbers first, then numbers from the seed, then zeros."""

    def __init__(self, preset: Sequence[int] = (), seed: int | None = None) -> None:
        self.numbers: list[int] = []
        self._preset = preset
        self._random = None if seed is None else Random(seed)  # noqa: S311 - it must be repeatable

    def pick(self, options: int, rarely: float) -> int:
        """Return one of *options* numbers; non-zero about as often as *rarely* says."""
        number = self._next(options, rarely)
        self.numbers.append(number)
        return number

    def _next(self, options: int, rarely: float) -> int:
        at = len(self.numbers)
        if at < len(self._preset):
            return self._preset[at] % options
        # only random() is called: Python guarantees the sequence of no other method
        if self._random is None or self._random.random() >= rarely or options == 1:
            return 0
        return 1 + int(self._random.random() * (options - 1))
