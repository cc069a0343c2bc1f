"""Exports as files: read and written a line at a time."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from firstline.errors import Malformed
from firstline.ledger import export


def read(path: Path) -> Iterator[export.Line]:
    """What the export in *path* says; raises `Malformed` naming file and line."""
    try:
        with path.open("rb") as file:
            yield from export.read(file)
    except OSError as error:
        raise Malformed(f"{path}: cannot be read: {error.strerror}") from error
    except Malformed as error:
        raise Malformed(f"{path}: {error}") from error


def write(lines: Iterable[bytes], path: Path) -> None:
    """Write *lines* to *path*, which is there only when it is whole."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            file.writelines(lines)
        part.replace(path)
    except OSError as error:
        raise Malformed(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
