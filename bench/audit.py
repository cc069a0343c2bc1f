"""How much memory and time a ledger's list and review take, by the number of its entries.

    python bench/audit.py [ENTRIES] [--quick] [--json]

Each is run in a process of its own on an export of so many entries (by default 1,000,000) and on
one of a hundredth, made of a replayed incident again and again under other ids. The aim for the
peak of its resident memory is a ratio of 1.1 or less: it must not grow with them.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tools.bench.figure import Figure, run

FIRSTLINE = str(Path(sys.executable).parent / "firstline")
SCENARIO = Path(__file__).parents[1] / "events" / "scenarios" / "one-dead-host.toml"
CHILD = """
import sys, time
from tools.bench.figure import peak_mib
from firstline.cli.main import dispatch
status = dispatch(sys.argv[1:])
print(time.process_time(), peak_mib(), file=sys.stderr)
sys.exit(status)
"""
COMMANDS = (["audit", "list"], ["report", "--since", "2026-01-01"])


def entries(export: Path, most: int) -> Iterator[bytes]:
    """The incident of *export* under one id after another, until there are *most* entries."""
    bodies = [msgspec.json.decode(each) for each in export.read_bytes().splitlines()]
    bodies = [each for each in bodies if "kind" in each]
    for number in range(most):
        turn, place = divmod(number, len(bodies))
        yield msgspec.json.encode(bodies[place] | {"incident": f"inc-{turn:020x}"}) + b"\n"


def measure(command: list[str], file: Path) -> tuple[float, float]:
    """Seconds of CPU, and the peak of the resident memory in MiB."""
    words = [sys.executable, "-c", CHILD, *command, str(file)]
    ran = subprocess.run(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True
    )
    seconds, peak = ran.stderr.split()
    return float(seconds), float(peak)


def bench(most: int) -> Iterator[Figure]:
    """Time and memory of each command."""
    counts = (max(most // 100, 100), most)
    with tempfile.TemporaryDirectory() as folder:
        one, file = Path(folder, "one.jsonl"), Path(folder, "many.jsonl")
        replay = [FIRSTLINE, "replay", str(SCENARIO), "--export", str(one)]
        subprocess.run(replay, check=True, stdout=subprocess.DEVNULL)
        measured = []
        for count in counts:
            with file.open("wb") as out:
                out.writelines(entries(one, count))
            measured.append([measure(command, file) for command in COMMANDS])
    for command, few, many in zip(COMMANDS, *measured, strict=True):
        yield from command_figures(" ".join(command[:2]), counts, few, many)


def command_figures(
    name: str, counts: tuple[int, int], few: tuple[float, float], many: tuple[float, float]
) -> Iterator[Figure]:
    """What a command took of many, beside few."""
    for unit, ours, theirs in zip(("s CPU", "MiB peak"), many, few, strict=True):
        figure = Figure(
            name=f"{name}: {counts[1]:,} entries",
            figure=ours,
            unit=unit,
            against=f"{counts[0]:,}",
            baseline=theirs,
            ratio=ours / theirs,
        )
        yield figure.at_most(1.1) if unit == "MiB peak" else figure


if __name__ == "__main__":
    run(bench, usual=1_000_000, quick=1000)
