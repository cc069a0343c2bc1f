"""Selects the fleet file: the named one, the environment variable's, or the folder's.

There is no default, so that a command without a fleet cannot reach another account.
"""

from collections.abc import Mapping
from pathlib import Path

from firstline.errors import InvalidInput

VARIABLE = "FIRSTLINE_FLEET"
FILE = "firstline.toml"


def choose(named: str | None, environment: Mapping[str, str], folder: Path) -> Path:
    """Return the fleet file, relative to *folder*; raises `InvalidInput` without one."""
    if path := named or environment.get(VARIABLE):
        return folder / path
    if (folder / FILE).is_file():
        return folder / FILE
    why = f"name one by --fleet FILE (cdk: -c fleet=FILE) or {VARIABLE}, or put {FILE} here"
    raise InvalidInput(f"no fleet file: {why}")
