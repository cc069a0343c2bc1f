"""Exports as files: read and written a line at a time."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from firstline.errors import InvalidInput
from firstline.ledger import export


@contextmanager
def opened(path: Path) -> Iterator[Iterator[export.Line]]:
    """The lines of the export in *path*, which is closed with the block, read to its end or not.

    Raises `InvalidInput` naming file and line, as reading does.
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
        raise named(path, error) from error


def named(path: Path, error: InvalidInput) -> InvalidInput:
    """*error* with the name of the file that it is about, once."""
    told = str(error)
    return error if told.startswith(str(path)) else InvalidInput(f"{path}: {told}")


@contextmanager
def understood(path: Path) -> Iterator[None]:
    """Raise `InvalidInput` with the name of *path* for entries that cannot be decoded."""
    try:
        yield
    except InvalidInput as error:
        raise named(path, error) from error
    except (msgspec.ValidationError, KeyError, ValueError, OverflowError) as error:
        raise InvalidInput(f"{path}: does not say what a ledger says: {error}") from error


def write(lines: Iterable[bytes], path: Path) -> None:
    """Write *lines* to *path*, which is there only when it is whole."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            file.writelines(lines)
        part.replace(path)
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
