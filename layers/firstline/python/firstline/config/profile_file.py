"""The operator's file as bytes: what does not hold together is refused, with file, key and line."""

from pathlib import Path
from typing import Any

import msgspec

from firstline.config import consistency, toml_document, type_errors
from firstline.config.profile import Profile
from firstline.config.toml_document import Fault
from firstline.errors import InvalidInput
from firstline.ids import digest


def read(path: Path) -> bytes:
    """The bytes of the file; raises `InvalidInput`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(
            f"{path}: cannot be read ({error.strerror}): name a profile that exists"
        ) from error


def load(path: Path) -> Profile:
    """The profile in *path*, a whole file; raises `InvalidInput` with file, line and key."""
    return parse(read(path), str(path))


def parse(raw: bytes, name: str) -> Profile:
    """The profile that *raw* holds; *name* is where it came from, for the message."""
    document = toml_document.read(raw, name)
    found = _converted(document.table, raw)
    if isinstance(found, list):
        raise document.refusal(found)
    if problems := list(consistency.faults(found)):
        raise document.refusal(problems)
    return found


def faults(table: dict[str, Any], raw: bytes) -> list[Fault]:
    """All that is wrong with the whole *table* whose text is *raw*.

    What contradicts something else is known once each value is one that can be.
    """
    found = _converted(table, raw)
    return found if isinstance(found, list) else list(consistency.faults(found))


def _converted(table: dict[str, Any], raw: bytes) -> Profile | list[Fault]:
    if "digest" in table:
        return [Fault(("digest",), "is computed from the file: remove the key")]
    try:
        return msgspec.convert({**table, "digest": digest(raw)}, type=Profile)
    except msgspec.ValidationError:
        return list(type_errors.faults(table, Profile))
