"""NATS credentials: the two parts of a ``.creds`` file, and their expiry.

The file's format: https://docs.nats.io/using-nats/developer/connecting/creds. Of the JWT only
``exp`` is read. No message, representation or metric contains a part of either.
"""

import base64
import re
from datetime import UTC, datetime, timedelta

import msgspec

_PART = r"-----BEGIN {}-----\s+(\S+)\s+-{{3,}}END"
_JWT = re.compile(_PART.format("NATS USER JWT"))
_SEED = re.compile(_PART.format("USER NKEY SEED"))


class Credentials(msgspec.Struct, frozen=True):
    """A user's JWT and its signing seed; its representation shows neither."""

    jwt: str
    seed: str

    def __repr__(self) -> str:
        return "Credentials(...)"


class _Claims(msgspec.Struct, frozen=True):
    exp: int | None = None


def parse(text: str) -> Credentials | None:
    """Return the credentials in *text*, a ``.creds`` file; None if it is not one."""
    jwt, seed = _JWT.search(text), _SEED.search(text)
    return Credentials(jwt[1], seed[1]) if jwt and seed else None


def expires_at(credentials: Credentials) -> datetime | None:
    """Return the JWT's expiry; None without a readable ``exp``.

    A JWT without ``exp`` never expires. The server refuses an unreadable one, which is an
    outcome of its own.
    """
    payload = credentials.jwt.split(".")[1:2]
    try:
        decoded = base64.b64decode("".join(payload) + "==", altchars=b"-_")
        exp = msgspec.json.decode(decoded, type=_Claims).exp
        return datetime.fromtimestamp(exp, UTC) if exp else None
    except (msgspec.DecodeError, RecursionError, OverflowError, ValueError, OSError):
        return None


def days_left(end: datetime, now: datetime) -> float:
    """Return the days from *now* to *end*, negative after it."""
    return (end - now) / timedelta(days=1)
