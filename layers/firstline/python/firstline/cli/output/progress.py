"""Progress of a long command: in place on a terminal, else a line every 20 seconds."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.text import Text

LINE_INTERVAL_SECONDS = 20
"""Interval between progress lines where standard error is no terminal."""

BAR_WIDTH = 24


def bar(share: float) -> str:
    """Return a bar of fixed width with its percentage; *share* is from 0 to 1."""
    filled = round(share * BAR_WIDTH)
    return f"[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {share:4.0%}"


@contextlib.contextmanager
def status_line() -> Iterator[Callable[[str], None]]:
    """Yield a function that prints the current progress, given as a line."""
    console, last = Console(file=sys.stderr), time.monotonic()
    if console.is_terminal:
        with console.status("") as status:
            yield lambda line: status.update(Text(line))  # brackets are not markup
        return

    def write(line: str) -> None:
        nonlocal last
        if time.monotonic() - last > LINE_INTERVAL_SECONDS:
            last = time.monotonic()
            print(line, file=sys.stderr, flush=True)

    yield write
