"""Progress of a long command: in place on a terminal, elsewhere a line now and then."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from rich.console import Console

QUIET_SECONDS = 20
"""How often a long command says something where nobody may be watching."""


@contextlib.contextmanager
def counting() -> Iterator[Callable[[str], None]]:
    """Gives what tells, by a line, how far the command is."""
    console, last = Console(file=sys.stderr), time.monotonic()
    if console.is_terminal:
        with console.status("") as status:
            yield status.update
        return

    def tell(line: str) -> None:
        nonlocal last
        if time.monotonic() - last > QUIET_SECONDS:
            last = time.monotonic()
            print(line, file=sys.stderr, flush=True)

    yield tell
