"""Export files, read and written line by line."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from firstline.errors import InvalidInput
from firstline.ledger import export
from firstline.schema_1 import OldWord

OLD_ENTRIES = "has entries of versions before 0.2, shown in today's words (docs/GLOSSARY.md)"


@contextmanager
def open_export(path: Path) -> Iterator[Iterator[export.Line]]:
    """Yield the lines of the export in *path*; the file is closed with the block.

    Raises `InvalidInput` with file and line, also while lines are read.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be read: {error.strerror}") from error
    with file:
        yield _read(file, path)


def _read(file: BinaryIO, path: Path) -> Iterator[export.Line]:
    warned = False
    try:
        for line in export.read(file):
            if not warned and isinstance(line, export.DecodedEntry) and line.schema == 1:
                warnings.warn(f"{path}: {OLD_ENTRIES}", OldWord, stacklevel=2)
                warned = True
            yield line
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be read: {error.strerror}") from error
    except InvalidInput as error:
        raise with_path(path, error) from error


def with_path(path: Path, error: InvalidInput) -> InvalidInput:
    """Return *error* with the path of its file, which is added only once."""
    message = str(error)
    return error if message.startswith(str(path)) else InvalidInput(f"{path}: {message}")


@contextmanager
def decoding(path: Path) -> Iterator[None]:
    """Raise `InvalidInput` with *path* for entries that cannot be decoded."""
    try:
        yield
    except InvalidInput as error:
        raise with_path(path, error) from error
    except (msgspec.ValidationError, KeyError, ValueError, OverflowError) as error:
        raise InvalidInput(f"{path}: is not a ledger export: {error}") from error


def write(lines: Iterable[bytes], path: Path) -> None:
    """Write *lines* to *path* atomically."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            file.writelines(lines)
        part.replace(path)
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
