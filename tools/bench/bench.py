"""``firstline bench``: runs benches, each in its own process, and prints one table."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from firstline.cli.develop import checkout
from firstline.cli.output import lines as output
from firstline.cli.output import progress
from firstline.errors import InvalidInput
from tools.bench import figure as figures
from tools.bench.figure import Figure

app = typer.Typer(add_completion=False, rich_markup_mode=None)

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[BENCH]...", help="scripts of bench/; else all", show_default=False),
]
Quick = Annotated[bool, typer.Option("--quick", help="few rounds: whether they run, not how fast")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON document per figure")]


@app.command("bench")
def run(names: Names = None, quick: Quick = False, as_json: AsJson = False) -> int:
    """Run these benches, or all, and print a table; status 1 if an aim is missed."""
    folder = checkout() / "bench"
    found = []
    with progress.status_line() as tell:
        for path in select(folder, names or []):
            tell(f"{path.stem} is measured")
            for each in measure(path, quick=quick):
                found.append(each)
                if as_json:
                    output.emit(each)
    if not as_json:
        print("\n".join(figures.table([figures.row(each) for each in found])))
    return 1 if any(each.met is False for each in found) else 0


def select(folder: Path, names: list[str]) -> list[Path]:
    """Return the scripts of those names, or all benches."""
    there = {path.stem: path for path in sorted(folder.glob("*.py")) if is_bench(path)}
    unknown = sorted(set(names) - set(there))
    if unknown:
        raise InvalidInput(f"no bench {unknown[0]!r}: there are {', '.join(there)}")
    return [there[name] for name in names] if names else list(there.values())


def is_bench(path: Path) -> bool:
    """Return True for a bench; other scripts are shared code."""
    return "\ndef bench(" in path.read_text()


def measure(path: Path, *, quick: bool) -> Iterator[Figure]:
    """Return the figures of one bench; raises `InvalidInput` if it fails."""
    command = [sys.executable, str(path), "--json", *(["--quick"] if quick else [])]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = ran.stdout.splitlines()
    if not lines or ran.returncode not in (0, 1):
        output = " ".join(ran.stderr.split()[-60:])
        raise InvalidInput(f"bench/{path.name} broke down: {output}")
    for line in lines:
        yield msgspec.json.decode(line, type=Figure)
