"""Planted bugs: one-place edits of the source, each of which some checker must find.

The checkers are proved by these, not by their own passing. An edit is made in a temporary copy,
which a process of its own runs; production carries no hook. One that no longer applies is an error.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import firstline
from firstline.errors import InvariantViolation
from firstline.lab.simulation.bug import Planted

PACKAGE = Path(firstline.__file__).parent
SEEDS_MAX = 200
"""Within so many seeds each must be found."""
NOTHING: Mapping[str, int | None] = {}
HUNT = """
import sys
from firstline.lab.simulation import found
count, wanted, start, known = sys.argv[1:]
for seed in sorted(found.seeds(int(count), start), key=lambda seed: str(seed) != known):
    violations = found.simulate(seed).violations
    if any(each.startswith(f"{wanted}:") for each in violations):
        print(seed)
        break
"""


def apply(bug: Planted, package: Path) -> None:
    """Make the edit in *package*, a copy.

    Raises `InvariantViolation` where it does not apply exactly once.
    """
    path = package / bug.file
    text = path.read_text()
    if text.count(bug.old) != 1:
        message = f"the planted bug {bug.name!r} applies {text.count(bug.old)} times to {bug.file}"
        raise InvariantViolation(message)
    path.write_text(text.replace(bug.old, bug.new))


def hunts(
    bugs: Sequence[Planted], known: Mapping[str, int | None] = NOTHING
) -> Iterator[tuple[Planted, int | None]]:
    """Each of *bugs* with the seed that finds it, as many at a time as there are cores.

    *known* gives the seed that found each the last time, by its name.
    """
    with ThreadPoolExecutor(os.process_cpu_count() or 1) as pool:
        seeds = pool.map(lambda bug: hunt(bug, known=known.get(bug.name)), bugs)
        yield from zip(bugs, seeds, strict=True)


def hunt(bug: Planted, seeds: int = SEEDS_MAX, known: int | None = None) -> int | None:
    """The first seed whose run tells of *bug*, or *known*, which is run first.

    None if none of the first *seeds* does. A *known* seed that is not among them is left out.
    """
    told = run(bug, HUNT, str(seeds), bug.breaks, bug.start, str(known))
    return int(told) if told else None


def run(bug: Planted, program: str, *arguments: str) -> str:
    """What *program* prints in a copy of the package with *bug* in it.

    Raises `InvariantViolation`.
    """
    with tempfile.TemporaryDirectory() as path:
        copied = Path(path) / PACKAGE.name
        shutil.copytree(PACKAGE, copied, ignore=shutil.ignore_patterns("__pycache__"))
        apply(bug, copied)
        command = [sys.executable, "-c", program, *arguments]
        ran = subprocess.run(  # noqa: S603 - a program of ours
            command, env={"PYTHONPATH": path}, capture_output=True, text=True, check=False
        )
    if ran.returncode:
        message = f"the planted bug {bug.name!r} does not run: {ran.stderr[-300:]}"
        raise InvariantViolation(message)
    return ran.stdout.strip()
