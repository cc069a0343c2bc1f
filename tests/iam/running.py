"""Running: whose code is under way, read off the stack; so no test has to say it.

A handler's own file says it, and where a test calls what a handler calls, that does.
"""

from functools import cache
from pathlib import Path
from traceback import walk_stack

import firstline
import functions

HANDLERS = Path(functions.__file__).parent
CONTROLLERS = Path(firstline.__file__).parent / "controller"
ENTRIES = {
    "archive/audit": "audit",
    "archive/fill": "archive",
    "archive/reports": "archive",
    "console": "console",
    "ingest": "ingest",
    "operators/execute": "operator",
    "reconcile": "reconcile",
    "sweep": "sweep",
}
"""The controller's modules that handlers call, and whose they are."""
assert all((CONTROLLERS / f"{name}.py").is_file() for name in ENTRIES)


def function() -> str:
    """The function that runs: the outermost on the stack; empty where none does."""
    found = [name for frame, _ in walk_stack(None) if (name := _of(frame.f_code.co_filename))]
    return found[-1] if found else ""


@cache
def _of(file: str) -> str:
    path = Path(file)
    if path.parent == HANDLERS:
        return path.stem if "\ndef handler(" in path.read_text() else ""
    if not path.is_relative_to(CONTROLLERS):
        return ""
    return ENTRIES.get(path.relative_to(CONTROLLERS).with_suffix("").as_posix(), "")
