"""How tests end a command that runs until it is stopped: each signal, and where SIGINT is ignored.

A script's background job, and all that it starts, inherit that SIGINT is ignored.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest


class Ending(NamedTuple):
    """A signal, and the words before a command that give it the dispositions it inherits."""

    signal: signal.Signals
    before: tuple[str, ...] = ()


IGNORING = ("sh", "-c", 'trap "" INT; exec "$@"', "sh")
ENDINGS = {
    "SIGINT": Ending(signal.SIGINT),
    "SIGINT, ignored before": Ending(signal.SIGINT, IGNORING),
    "SIGTERM": Ending(signal.SIGTERM, IGNORING),
}
by_each_ending = pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
PROGRAM = "from firstline.cli.main import main; main()"


@contextlib.contextmanager
def started(
    words: list[str], ending: Ending, cwd: Path | None = None
) -> Iterator[subprocess.Popen[str]]:
    """``firstline`` with these words; it ends with the block, and so does all that it started."""
    with subprocess.Popen(
        [*ending.before, sys.executable, "-c", PROGRAM, *words],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
