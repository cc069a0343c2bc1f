"""A mutant in a copy of the checkout: which of its tests fails first.

A copy keeps its compiled modules, so each mutant has a date of its own: Python compiles a source
again only where its size or the second of its date differs.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from firstline.errors import InvalidInput

IGNORED = shutil.ignore_patterns(".*", "__pycache__", "node_modules", "cdk.out")
OUT_OF_TIME = "out of time"
SLACK = 5
"""How many times as much CPU a mutant may take as its tests do without one.

Only CPU is limited, since others may use the machine; what waits is ended by ``--timeout``.
"""
BASELINE_SECONDS = 600
PASSES, FAILS, NO_CONFTEST = 0, {1, 2, 3}, 4
PROGRAM = """
import resource, sys, time
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
import pytest
status = pytest.main(sys.argv[2:])
print("cpu", time.process_time())
sys.exit(status)
"""
OPTIONS = (
    "-x",
    "-q",
    "-n0",
    "--no-header",
    "--tb=no",
    "-rfE",
    "-p",
    "no:cacheprovider",
    "--timeout=200",
)


class Ran:
    """How a run of tests ended: its status, and what it printed."""

    def __init__(self, status: int, printed: str) -> None:
        self.status, self.printed = status, printed

    def killer(self) -> str | None:
        """The test that failed, or why none ended; None where all pass. Raises `InvalidInput`."""
        if self.status == PASSES:
            return None
        if self.status == -signal.SIGXCPU:
            return OUT_OF_TIME
        failed = re.search(r"(?m)^(?:FAILED|ERROR) (.+?)(?: - .*)?$", self.printed)
        if failed:
            return failed[1]
        if self.status in FAILS or (self.status == NO_CONFTEST and "ImportError" in self.printed):
            return "the tests do not load"
        raise InvalidInput(f"pytest ended with {self.status}: {self.printed[-600:]}")

    def seconds(self) -> float:
        """The CPU that the tests took, which their program prints at its end."""
        return float(self.printed.rpartition("cpu ")[2])


class Copy:
    """A copy of the checkout at *root*, in which tests import what lies in the copy."""

    dates = count(1_000_000_000)

    def __init__(self, root: Path, folder: Path) -> None:
        self.folder = folder / "checkout"
        shutil.copytree(root, self.folder, ignore=IGNORED)
        self.running: subprocess.Popen[str] | None = None

    def try_source(self, file: str, source: bytes, tests: Sequence[str], seconds: float) -> Ran:
        """Run *tests* while *file* has *source*; at most so many *seconds* of CPU."""
        path = self.folder / file
        original = path.read_bytes()
        try:
            self._write(path, source)
            return self.run(tests, seconds)
        finally:
            self._write(path, original)

    def _write(self, path: Path, source: bytes) -> None:
        path.write_bytes(source)
        date = next(self.dates)
        os.utime(path, (date, date))

    def run(self, tests: Sequence[str], seconds: float) -> Ran:
        """Run *tests*, which end with their whole process group."""
        command = [sys.executable, "-c", PROGRAM, str(int(seconds) + 1), *OPTIONS, *tests]
        self.running = subprocess.Popen(
            command,
            cwd=self.folder,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            printed, _ = self.running.communicate()
            return Ran(self.running.returncode, printed)
        finally:
            self.stop()

    def stop(self) -> None:
        """End what still runs of the tests."""
        if self.running is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.running.pid, signal.SIGKILL)
            self.running.wait()

    def _environment(self) -> dict[str, str]:
        """Without the caller's, so that what is imported lies here, and is compiled once."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        where = self.folder, self.folder / "layers/firstline/python"
        return {**kept, "PYTHONPATH": os.pathsep.join(map(str, where))}
