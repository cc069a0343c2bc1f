"""The files of the package that a replay enters: what a reader passes to follow one event.

    python -m tools.entered events/cloudwatch.unhealthy-hosts.json

It counts each file of which a function ran, by package, and prints the total last. What only an
import runs does not count.
"""

import contextlib
import io
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import firstline
from firstline.cli import main

PACKAGE = Path(firstline.__file__).parent
OPTIMIZED = 1
"""The flag of a function's code; a module's and a class's body lack it."""
TOOL = sys.monitoring.PROFILER_ID


@contextlib.contextmanager
def watching() -> Iterator[set[Path]]:
    """The files of the package whose functions run meanwhile, relative to it."""
    entered: set[Path] = set()

    def start(code: CodeType, _offset: int) -> object:
        path = Path(code.co_filename)
        if code.co_flags & OPTIMIZED and path.is_relative_to(PACKAGE):
            entered.add(path.relative_to(PACKAGE))
        return sys.monitoring.DISABLE

    sys.monitoring.use_tool_id(TOOL, "entered")
    sys.monitoring.register_callback(TOOL, sys.monitoring.events.PY_START, start)
    sys.monitoring.set_events(TOOL, sys.monitoring.events.PY_START)
    try:
        yield entered
    finally:
        sys.monitoring.set_events(TOOL, 0)
        sys.monitoring.free_tool_id(TOOL)


def count(event: str) -> Counter[str]:
    """The number of files that the replay of *event* enters, by package."""
    with watching() as entered, contextlib.redirect_stdout(io.StringIO()):
        main.dispatch(["replay", event])
    return Counter(each.parts[0] for each in entered)


if __name__ == "__main__":
    counted = count(sys.argv[1])
    for name, files in counted.most_common():
        print(f"{files:4} {name}")
    print(f"{counted.total():4} in all")
