"""Every bench runs, tells what it is held against, and has its row in docs/PERFORMANCE.md."""

import json
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from firstline.cli.main import dispatch
from firstline.errors import InvalidInput
from tools.bench import figure as figures
from tools.bench.bench import measure, select
from tools.bench.figure import Figure, paired
from tools.prove import BenchLine

ROOT = Path(__file__).parents[2]
BENCHES = select(ROOT / "bench", [])
PAGE = (ROOT / "docs" / "PERFORMANCE.md").read_text()


def nameless(name: str) -> str:
    """A figure's name without how many there were, which a quick run has fewer of."""
    return re.sub(r"[\d,]+", "N", name)


ROWS = {nameless(line.split("|")[1].strip()) for line in PAGE.splitlines() if "|" in line}
HEAVY = {
    "audit",
    "calls",
    "classify",
    "cold_start",
    "page",
    "pinned",
    "replay",
    "sizes",
    "storm",
    "warm",
}
"""Benches that `./dev prove benches` runs, and no test."""
TABLE = [
    msgspec.json.decode(each, type=BenchLine)
    for each in (ROOT / "docs" / "benches.jsonl").read_bytes().splitlines()
]


@pytest.mark.parametrize(
    "path", [each for each in BENCHES if each.stem not in HEAVY], ids=lambda each: each.stem
)
def test_a_bench_runs_and_has_its_rows(path: Path) -> None:
    """In its quick form: no time is asserted, and every fact that is counted holds."""
    found = list(measure(path, quick=True))
    assert {nameless(each.name) for each in found} <= ROWS
    assert any(each.baseline is not None for each in found)
    assert all(each.met for each in found if each.exact and each.aim)


def test_every_bench_was_run_and_what_it_counts_holds() -> None:
    """By `./dev prove benches`; each figure has its row in the page."""
    assert {each.bench for each in TABLE} == {each.stem for each in BENCHES} >= HEAVY
    assert {nameless(each.figure) for each in TABLE} <= ROWS
    assert [each for each in TABLE if not each.holds] == []
    assert all(f"`bench/{each.name}`" in PAGE for each in BENCHES)


def test_the_status_is_of_the_aims(capsys: pytest.CaptureFixture[str]) -> None:
    """Counts alone, so that it is the same everywhere."""
    assert dispatch(["bench", "calls", "--quick", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (quiet,) = (each for each in lines if each["name"] == "a quiet reconcile")
    assert (quiet["figure"], quiet["aim"], quiet["met"]) == (9, "9 or less", True)


def test_no_such_bench_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    """One line that names those that are there."""
    assert dispatch(["bench", "warmth"]) == 2
    assert "no bench 'warmth': there are audit, backtest, " in capsys.readouterr().err


def test_a_bench_that_breaks_down_is_told(tmp_path: Path) -> None:
    """And is no empty table."""
    path = tmp_path / "broken.py"
    path.write_text("raise SystemExit('the incident ended too soon')\n")
    with pytest.raises(InvalidInput, match=r"broken\.py broke down: the incident ended too soon"):
        list(measure(path, quick=True))


def test_aims_are_of_the_ratio_or_else_of_the_figure() -> None:
    """And a speed's ratio is of throughputs."""
    slow = paired("it", "ms", "that", [(2, 1), (4, 1), (9, 3)])
    assert (slow.figure, slow.baseline, slow.ratio) == (4, 1, 3)
    assert (slow.at_most(2.9).met, slow.at_most(3).met, slow.at_least(3).met) == (False, True, True)
    assert paired("it", "ms", "that", [(2, 1)], speed=True).ratio == 0.5
    counted = Figure(name="it", figure=2, unit="pages", baseline=7, against="events")
    assert (counted.exactly(2).met, counted.exactly(3).met) == (True, False)
    row = ("it", "2 pages", "7 pages (events)", "", "2", "met")
    assert figures.row(counted.exactly(2)) == row
    *_, last = figures.table([row])
    assert [each.strip() for each in last.strip("|").split("|")] == list(row)


def test_a_fact_that_does_not_hold_is_status_1(tmp_path: Path) -> None:
    """A time that misses its aim is not: a busy machine is no fault."""
    path = tmp_path / "facts.py"
    path.write_text(
        "from tools.bench.figure import Figure, run\n"
        "import sys\n"
        "def bench(wanted):\n"
        "    yield Figure(name='time', figure=2, unit='s').at_most(1)\n"
        "    yield Figure(name='pages', figure=1, unit='').exactly(wanted)\n"
        "run(bench, usual=1, quick=2)\n"
    )
    assert subprocess.run([sys.executable, path], capture_output=True, check=False).returncode == 0
    quick = subprocess.run(
        [sys.executable, path, "--quick", "--json"], capture_output=True, check=False
    )
    assert quick.returncode == 1
    (_, pages) = (msgspec.json.decode(line, type=Figure) for line in quick.stdout.splitlines())
    assert (pages.aim, pages.met) == ("2", False)
