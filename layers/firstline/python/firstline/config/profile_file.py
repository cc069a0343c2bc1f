"""The operator's file as bytes: what does not hold together is refused, with file, key and line."""

from pathlib import Path

import msgspec

from firstline.config import consistency, toml_document, type_errors
from firstline.config.profile import Profile
from firstline.errors import Malformed
from firstline.ids import digest


def load(path: Path) -> Profile:
    """The profile in *path*; raises `Malformed` with file, line and key."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Malformed(
            f"{path}: cannot be read ({error.strerror}): name a profile that exists"
        ) from error
    return parse(raw, str(path))


def parse(raw: bytes, name: str) -> Profile:
    """The profile that *raw* holds; *name* is where it came from, for the message."""
    document = toml_document.read(raw, name)
    if "digest" in document.table:
        why = "is computed from the file: remove the key"
        raise document.refusal([toml_document.Fault(("digest",), why)])
    try:
        profile = msgspec.convert({**document.table, "digest": digest(raw)}, type=Profile)
    except msgspec.ValidationError as error:
        raise document.refusal([type_errors.fault(error, document.table, Profile)]) from error
    if faults := list(consistency.faults(profile)):
        raise document.refusal(faults)
    return profile
