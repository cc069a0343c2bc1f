"""The digest of the running package, which every ledger entry records."""

import hashlib
from pathlib import Path

from firstline.ids import Digest

PACKAGE = Path(__file__).parent
UNSHIPPED_FOLDERS = ("cli", "doctor", "lab")
"""Folders of the package that are not deployed to Lambda."""

_SHIPPED = (".css", ".jinja", ".py", ".toml")


def digest(package: Path = PACKAGE) -> Digest:
    """SHA-256 of *package*'s code and profiles, the same in a checkout and in Lambda's layer.

    It covers the name, length and bytes of each deployed file of `_SHIPPED`, sorted by name.
    """
    total = hashlib.sha256()
    for name in sorted(_names(package)):
        content = (package / name).read_bytes()
        total.update(f"{name}\0{len(content)}\0".encode())
        total.update(content)
    return Digest(total.hexdigest())


def _names(package: Path) -> list[str]:
    paths = (path.relative_to(package) for path in package.rglob("*") if path.suffix in _SHIPPED)
    return [path.as_posix() for path in paths if path.parts[0] not in UNSHIPPED_FOLDERS]
