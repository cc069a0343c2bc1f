"""The digest of the package that runs: it goes into every ledger entry."""

import hashlib
from pathlib import Path

from firstline.ids import Digest

PACKAGE = Path(__file__).parent
LEFT_OUT = ("cli", "doctor", "lab")
"""Folders of the package that never go to Lambda."""

_SHIPPED = (".css", ".jinja", ".py", ".toml")


def digest(package: Path = PACKAGE) -> Digest:
    """SHA-256 of *package*'s code and profiles, the same in a checkout and in Lambda's layer.

    It covers the name, length and bytes of each file of `_SHIPPED` that ships, in the
    order of their names.
    """
    total = hashlib.sha256()
    for name in sorted(_names(package)):
        content = (package / name).read_bytes()
        total.update(f"{name}\0{len(content)}\0".encode())
        total.update(content)
    return Digest(total.hexdigest())


def _names(package: Path) -> list[str]:
    found = (path.relative_to(package) for path in package.rglob("*") if path.suffix in _SHIPPED)
    return [path.as_posix() for path in found if path.parts[0] not in LEFT_OUT]
