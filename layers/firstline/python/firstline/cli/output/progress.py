"""Progress of a long command: in place on a terminal, elsewhere a line now and then."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.text import Text

QUIET_SECONDS = 20
"""How often a long command says something where nobody may be watching."""

BAR_WIDTH = 24


def bar(share: float) -> str:
    """A bar of fixed width with its percentage; *share* is from 0 to 1."""
    filled = round(share * BAR_WIDTH)
    return f"[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {share:4.0%}"


@contextlib.contextmanager
def counting() -> Iterator[Callable[[str], None]]:
    """Gives what tells, by a line, how far the command is."""
    console, last = Console(file=sys.stderr), time.monotonic()
    if console.is_terminal:
        with console.status("") as status:
            yield lambda line: status.update(Text(line))  # a bracket is no markup
        return

    def tell(line: str) -> None:
        nonlocal last
        if time.monotonic() - last > QUIET_SECONDS:
            last = time.monotonic()
            print(line, file=sys.stderr, flush=True)

    yield tell
