"""Export files, read and written line by line."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from firstline.errors import InvalidInput
from firstline.ledger import export


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
    try:
        yield from export.read(file)
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
