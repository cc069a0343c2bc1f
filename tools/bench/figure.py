"""Figure: what a bench measured, beside its baseline and its aim; and how a bench is called.

A bench is a script of ``bench/``: a generator of figures that is told its rounds. It takes their
number, ``--quick`` for its fewest, and ``--json`` for one document a figure.
"""

import copy
import statistics
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from firstline.cli.output import lines as output


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One row: ``figure`` and ``baseline`` in ``unit``, the baseline being of ``against``.

    The aim is of the ratio where there is one, else of the figure; ``met`` is None where there is
    no aim. What is ``exact`` was counted, not timed: it is the same on every machine.
    """

    name: str
    figure: float
    unit: str
    against: str = ""
    baseline: float | None = None
    ratio: float | None = None
    aim: str = ""
    met: bool | None = None
    exact: bool = False

    def at_most(self, most: float) -> "Figure":
        """With the aim of so much, or less."""
        return copy.replace(self, aim=f"{most:,g} or less", met=self._aimed <= most)

    def at_least(self, least: float) -> "Figure":
        """With the aim of so much, or more."""
        return copy.replace(self, aim=f"{least:,g} or more", met=self._aimed >= least)

    def exactly(self, wanted: float) -> "Figure":
        """With the aim of just so much."""
        return copy.replace(self, aim=f"{wanted:,g}", met=self._aimed == wanted, exact=True)

    @property
    def _aimed(self) -> float:
        return self.figure if self.ratio is None else self.ratio


type Bench = Callable[[int], Iterator[Figure]]
"""The figures, measured in so many rounds (pairs, events, seeds: the bench says what)."""


def paired(
    name: str, unit: str, against: str, pairs: Iterable[tuple[float, float]], *, speed: bool = False
) -> Figure:
    """The medians of (ours, baseline), taken in alternation, and the median of the pairs' ratios.

    Machines differ and are noisy, so only the ratio tells: of costs, or of *speed*, where the
    ratio is of what each gets done in the same time.
    """
    taken = tuple(pairs)
    ours, theirs = (statistics.median(each) for each in zip(*taken, strict=True))
    ratio = statistics.median((b / a if speed else a / b) for a, b in taken)
    return Figure(name=name, unit=unit, figure=ours, against=against, baseline=theirs, ratio=ratio)


def run(bench: Bench, usual: int, quick: int) -> None:
    """Run *bench* as a script: print its figures as they come; status 1 where a fact fails."""
    words = sys.argv[1:]
    counts = [int(word) for word in words if not word.startswith("--")]
    rounds = counts[0] if counts else quick if "--quick" in words else usual
    failed = False
    for each in bench(rounds):
        if "--json" in words:
            output.emit(each)
        else:
            print("  ".join(cell for cell in row(each) if cell))
        sys.stdout.flush()
        failed |= each.exact and each.met is False
    sys.exit(1 if failed else 0)


def peak_mib() -> float:
    """The peak of this process's resident memory, as Linux tells it.

    Not ``getrusage``: its peak is also that of the process that began this one.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    (kibibytes,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(kibibytes) / 1024


HEAD = ("bench", "figure", "baseline", "ratio", "aim", "met")


def row(figure: Figure) -> tuple[str, ...]:
    """The cells of *figure*, in the order of `HEAD`."""
    baseline = "" if figure.baseline is None else f"{number(figure.baseline)} {figure.unit}"
    return (
        figure.name,
        f"{number(figure.figure)} {figure.unit}".strip(),
        f"{baseline} ({figure.against})" if baseline else figure.against,
        "" if figure.ratio is None else f"{figure.ratio:.2f}",
        figure.aim,
        {None: "", True: "met", False: "not met"}[figure.met],
    )


def number(value: float) -> str:
    """Three digits that tell, and no more; whole numbers whole."""
    if value == int(value) or abs(value) >= 1000:  # noqa: PLR2004 - no fraction tells from there
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Lines of Markdown, which is also what a terminal shows."""
    widths = [max(len(each[n]) for each in (HEAD, *rows)) for n in range(len(HEAD))]
    for cells in (HEAD, tuple("-" * width for width in widths), *rows):
        padded = (f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
        yield f"| {' | '.join(padded)} |"
