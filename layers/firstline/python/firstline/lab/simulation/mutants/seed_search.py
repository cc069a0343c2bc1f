"""Search for the seed that detects each planted bug, a one-place edit of the source.

The invariants are proved by these bugs, not by passing. An edit is made in a temporary copy of the
package that its own process runs; production code has no hook. An edit that does not apply is an
error.
"""

import atexit
import compileall
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from py_compile import PycInvalidationMode

import firstline
from firstline.errors import InvariantViolation
from firstline.lab.simulation.mutants.planted_bug import PlantedBug

PACKAGE = Path(firstline.__file__).parent
SEEDS_MAX = 200
"""Each bug must be detected within so many seeds."""
NO_SEEDS: Mapping[str, int | None] = {}
PROGRAM = """
import sys
from firstline.lab.simulation import seed_run
count, wanted, start, known = sys.argv[1:]
for seed in sorted(seed_run.seeds(int(count), start), key=lambda seed: str(seed) != known):
    violations = seed_run.simulate(seed).violations
    if any(each.startswith(f"{wanted}:") for each in violations):
        print(seed)
        break
"""


def apply(bug: PlantedBug, package: Path) -> None:
    """Make the edit in *package*, a copy.

    Raises `InvariantViolation` if it does not apply exactly once.
    """
    path = package / bug.file
    text = path.read_text()
    if text.count(bug.old) != 1:
        message = f"the planted bug {bug.name!r} applies {text.count(bug.old)} times to {bug.file}"
        raise InvariantViolation(message)
    path.write_text(text.replace(bug.old, bug.new))


def find_seeds(
    bugs: Sequence[PlantedBug], known: Mapping[str, int | None] = NO_SEEDS
) -> Iterator[tuple[PlantedBug, int | None]]:
    """Yield each of *bugs* with the seed that detects it, in as many threads as cores.

    *known* has the seed of the last search by the bug's name.
    """
    with ThreadPoolExecutor(os.process_cpu_count() or 1) as pool:
        seeds = pool.map(lambda bug: find_seed(bug, known=known.get(bug.name)), bugs)
        yield from zip(bugs, seeds, strict=True)


def find_seed(bug: PlantedBug, seeds: int = SEEDS_MAX, known: int | None = None) -> int | None:
    """Return the first seed whose run detects *bug*; a *known* seed is run first.

    None if none of the first *seeds* does. A *known* seed outside them is ignored.
    """
    seed = run(bug, PROGRAM, str(seeds), bug.breaks, bug.world, str(known))
    return int(seed) if seed else None


@functools.cache
def _compiled_package() -> Path:
    """A copy of the package with its bytecode, until this process ends.

    To compile it takes as long as to run a seed. A module's bytecode names the time and the size of
    its source, so that an edit replaces it.
    """
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder)
    copied = Path(folder) / PACKAGE.name
    shutil.copytree(PACKAGE, copied, ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(copied, quiet=2, invalidation_mode=PycInvalidationMode.TIMESTAMP)
    return copied


def run(bug: PlantedBug, program: str, *arguments: str) -> str:
    """Return the output of *program* in a copy of the package with *bug* in it.

    Raises `InvariantViolation` if the program fails.
    """
    with tempfile.TemporaryDirectory() as path:
        copied = Path(path) / PACKAGE.name
        shutil.copytree(_compiled_package(), copied)
        apply(bug, copied)
        command = [sys.executable, "-c", program, *arguments]
        ran = subprocess.run(  # noqa: S603 - a program of ours
            command, env={"PYTHONPATH": path}, capture_output=True, text=True, check=False
        )
    if ran.returncode:
        message = f"the planted bug {bug.name!r} does not run: {ran.stderr[-300:]}"
        raise InvariantViolation(message)
    return ran.stdout.strip()
