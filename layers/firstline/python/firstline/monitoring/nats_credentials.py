"""NATS credentials: the two parts of a ``.creds`` file, and when they end.

The file's form: https://docs.nats.io/using-nats/developer/connecting/creds. Of the JWT only
``exp`` is read, and no message, representation or metric ever holds a part of either.
"""

import base64
import re
from datetime import UTC, datetime, timedelta

import msgspec

_PART = r"-----BEGIN {}-----\s+(\S+)\s+-{{3,}}END"
_JWT = re.compile(_PART.format("NATS USER JWT"))
_SEED = re.compile(_PART.format("USER NKEY SEED"))


class Credentials(msgspec.Struct, frozen=True):
    """A user's JWT and the seed that signs for it; it shows neither."""

    jwt: str
    seed: str

    def __repr__(self) -> str:
        return "Credentials(...)"


class _Claims(msgspec.Struct, frozen=True):
    exp: int | None = None


def parse(text: str) -> Credentials | None:
    """The credentials in *text*, a whole ``.creds`` file; None when it is not one."""
    jwt, seed = _JWT.search(text), _SEED.search(text)
    return Credentials(jwt[1], seed[1]) if jwt and seed else None


def ends_at(credentials: Credentials) -> datetime | None:
    """When the JWT ends by its ``exp``; None when it has none that can be read.

    A JWT without ``exp`` never ends. One that cannot be read is refused by the server, which
    is an outcome of its own, so that it need not be told apart here.
    """
    payload = credentials.jwt.split(".")[1:2]
    try:
        decoded = base64.b64decode("".join(payload) + "==", altchars=b"-_")
        exp = msgspec.json.decode(decoded, type=_Claims).exp
        return datetime.fromtimestamp(exp, UTC) if exp else None
    except (msgspec.DecodeError, RecursionError, OverflowError, ValueError, OSError):
        return None


def days_left(end: datetime, now: datetime) -> float:
    """Days from *now* to *end*, negative when it has passed."""
    return (end - now) / timedelta(days=1)
