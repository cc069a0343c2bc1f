"""A figure: a bench's measurement with its baseline and its aim; and the benches' interface.

A bench is a script of ``bench/``: a generator of figures for a number of rounds. Its options are
that number, ``--quick`` for the fewest, and ``--json`` for one document per figure.
"""

import copy
import statistics
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from firstline.cli.output import lines as output


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One row: ``figure`` and ``baseline`` in ``unit``; ``against`` names the baseline.

    The aim applies to the ratio if there is one, else to the figure; ``met`` is None without an
    aim. An ``exact`` figure is counted, not timed: it is equal on every machine.
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
        """Return the figure with this upper aim."""
        return copy.replace(self, aim=f"{most:,g} or less", met=self._aimed <= most)

    def at_least(self, least: float) -> "Figure":
        """Return the figure with this lower aim."""
        return copy.replace(self, aim=f"{least:,g} or more", met=self._aimed >= least)

    def exactly(self, wanted: float) -> "Figure":
        """Return the figure with this exact aim."""
        return copy.replace(self, aim=f"{wanted:,g}", met=self._aimed == wanted, exact=True)

    @property
    def _aimed(self) -> float:
        return self.figure if self.ratio is None else self.ratio


type Bench = Callable[[int], Iterator[Figure]]
"""Yields figures for a number of rounds (pairs, events, seeds: each bench defines it)."""


def paired(
    name: str, unit: str, against: str, pairs: Iterable[tuple[float, float]], *, speed: bool = False
) -> Figure:
    """Return the medians of (ours, baseline), taken alternately, and of the pairs' ratios.

    Machines differ and are noisy, so that only the ratio is meaningful: of times, or with
    *speed* of throughputs.
    """
    taken = tuple(pairs)
    ours, theirs = (statistics.median(each) for each in zip(*taken, strict=True))
    ratio = statistics.median((b / a if speed else a / b) for a, b in taken)
    return Figure(name=name, unit=unit, figure=ours, against=against, baseline=theirs, ratio=ratio)


def run(bench: Bench, usual: int, quick: int) -> None:
    """Run *bench* as a script and print its figures; return 1 if a counted figure fails."""
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
    """Return the peak resident memory of this process on Linux.

    ``getrusage`` would include the parent process's peak.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    (kibibytes,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(kibibytes) / 1024


HEAD = ("bench", "figure", "baseline", "ratio", "aim", "met")


def row(figure: Figure) -> tuple[str, ...]:
    """Return the cells of *figure*, in the order of `HEAD`."""
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
    """Return the value with three significant digits; whole numbers unrounded."""
    if value == int(value) or abs(value) >= 1000:  # noqa: PLR2004 - no fraction tells from there
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Yield a Markdown table, which terminals show as well."""
    widths = [max(len(each[n]) for each in (HEAD, *rows)) for n in range(len(HEAD))]
    for cells in (HEAD, tuple("-" * width for width in widths), *rows):
        padded = (f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
        yield f"| {' | '.join(padded)} |"
