"""Reads a complete profile; a fault is reported with file, line and key."""

from pathlib import Path
from typing import Any

import msgspec

from firstline.config import consistency, toml_document, type_errors
from firstline.config.profile import Profile
from firstline.config.toml_document import Fault
from firstline.errors import InvalidInput
from firstline.ids import digest


def read(path: Path) -> bytes:
    """Return the bytes of the file; raises `InvalidInput`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(
            f"{path}: cannot be read ({error.strerror}): name an existing file"
        ) from error


def load(path: Path) -> Profile:
    """Return the profile in *path*, a complete file; raises `InvalidInput` with its line."""
    return parse(read(path), str(path))


def parse(raw: bytes, name: str) -> Profile:
    """Return the profile in *raw*; *name* is its source, for messages. Raises `InvalidInput`."""
    document = toml_document.parse_toml(raw, name)
    profile = _converted(document.table, raw)
    if isinstance(profile, list):
        raise document.to_error(profile)
    if problems := list(consistency.faults(profile)):
        raise document.to_error(problems)
    return profile


def faults(table: dict[str, Any], raw: bytes) -> list[Fault]:
    """Return all faults of *table*, whose text is *raw*.

    Contradictions are checked only if every value has the right type.
    """
    profile = _converted(table, raw)
    return profile if isinstance(profile, list) else list(consistency.faults(profile))


def _converted(table: dict[str, Any], raw: bytes) -> Profile | list[Fault]:
    if "digest" in table:
        return [Fault(("digest",), "is computed from the file: remove the key")]
    try:
        return msgspec.convert({**table, "digest": digest(raw)}, type=Profile)
    except msgspec.ValidationError:
        return list(type_errors.faults(table, Profile))
