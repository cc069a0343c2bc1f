"""``./dev prove regressions``: finds new choices for regressions whose choices no longer work.

An additional choice moves all later ones, so that they are in a table and not in the code.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from firstline import version
from firstline.cli.output.lines import RegressionLine
from firstline.lab.simulation import regressions
from firstline.lab.simulation.regressions import REGRESSIONS, Regression


def run(table: Path, wanted: Sequence[Regression] = REGRESSIONS) -> int:
    """Find choices for each of *wanted*; return 1 if one is not found."""
    code, known = version.digest(), {each.name: each for each in read(table)}
    lost = 0
    for each in wanted:
        line = known.get(each.name, RegressionLine(name=each.name, choices={}))
        if line.code == code:
            continue
        choices = regressions.find_choices(each, line.choices)
        print(f"{'LOST' if choices is None else 'found':6} {each.name}", flush=True)
        if choices is None:
            lost = 1
            continue
        known[each.name] = RegressionLine(name=each.name, choices=choices, code=code)
        _write(table, [known[each.name] for each in wanted if each.name in known])
    return lost


def read(table: Path) -> list[RegressionLine]:
    """Return the lines of *table*, if it exists."""
    lines = table.read_bytes().splitlines() if table.exists() else []
    return [msgspec.json.decode(each, type=RegressionLine) for each in lines]


def _write(table: Path, lines: Sequence[RegressionLine]) -> None:
    table.write_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in lines))
