"""Which fleet file is meant: the one that is named, the variable's, or the one in the folder.

None is a default: a line that forgets its fleet must not reach another one's account.
"""

from collections.abc import Mapping
from pathlib import Path

from firstline.errors import InvalidInput

VARIABLE = "FIRSTLINE_FLEET"
FILE = "firstline.toml"


def choose(named: str | None, environment: Mapping[str, str], folder: Path) -> Path:
    """The path of the fleet file; a relative one is of *folder*. Raises `InvalidInput` for none."""
    if given := named or environment.get(VARIABLE):
        return folder / given
    if (folder / FILE).is_file():
        return folder / FILE
    why = f"name one by --fleet FILE (cdk: -c fleet=FILE) or {VARIABLE}, or put {FILE} here"
    raise InvalidInput(f"no fleet file: {why}")
