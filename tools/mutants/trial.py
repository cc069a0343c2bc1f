"""A mutant in a copy of the checkout, and the first of its tests that fails.

A copy keeps its compiled modules, so that each mutant has its own date: Python compiles a source
again only if its size or the second of its date differs.
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
"""The CPU limit of a mutant, as a multiple of its tests' normal CPU time.

Only CPU is limited, since other processes share the machine; ``--timeout`` ends waits.
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


class TestRun:
    """The result of a test run: its status and output."""

    def __init__(self, status: int, printed: str) -> None:
        self.status, self.printed = status, printed

    def killer(self) -> str | None:
        """The failed test, or why none finished; None if all pass. Raises `InvalidInput`."""
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
        """The CPU time of the tests, which their program prints at its end."""
        return float(self.printed.rpartition("cpu ")[2])


class Copy:
    """A copy of the checkout at *root*, whose tests import its own modules."""

    dates = count(1_000_000_000)

    def __init__(self, root: Path, folder: Path) -> None:
        self.folder = folder / "checkout"
        shutil.copytree(root, self.folder, ignore=IGNORED)
        self.running: subprocess.Popen[str] | None = None

    def try_source(self, file: str, source: bytes, tests: Sequence[str], seconds: float) -> TestRun:
        """Run *tests* with *source* as *file*, within *seconds* of CPU."""
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

    def run(self, tests: Sequence[str], seconds: float) -> TestRun:
        """Run *tests* in a process group that ends with them."""
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
            return TestRun(self.running.returncode, printed)
        finally:
            self.stop()

    def stop(self) -> None:
        """End all remaining test processes."""
        if self.running is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.running.pid, signal.SIGKILL)
            self.running.wait()

    def _environment(self) -> dict[str, str]:
        """Return an environment that imports from the copy and compiles once."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        where = self.folder, self.folder / "layers/firstline/python"
        return {**kept, "PYTHONPATH": os.pathsep.join(map(str, where))}
