"""The EventBridge envelope, and helpers that every parser uses."""

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from firstline.errors import InvalidInput
from firstline.ids import INSTANCE_ID, SignalKey
from firstline.signal import Signal, SignalKind

Name = Annotated[str, msgspec.Meta(pattern=r"(?a)^[\w .:/=+@-]{1,255}\Z")]
"""A name given by an operator or AWS: never a sentence, never empty."""
Id = Annotated[str, msgspec.Meta(pattern=r"(?a)^[\w-]{1,128}\Z")]
"""An id that AWS gave."""
Instance = Annotated[str, msgspec.Meta(pattern=rf"^{INSTANCE_ID}\Z")]
"""An instance's id."""


Account = Annotated[str, msgspec.Meta(pattern=r"(?a)^[0-9]{12}\Z")]
Region = Annotated[str, msgspec.Meta(pattern=r"(?a)^[a-z0-9-]{1,32}\Z")]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Envelope(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """EventBridge's envelope of each event; ``source`` and ``account`` are set by EventBridge."""

    source: str
    detail_type: str
    account: Account
    region: Region
    time: Instant
    detail: msgspec.Raw
    resources: tuple[str, ...] = ()
    replay_name: str | None = None


def decode[T](raw: msgspec.Raw | bytes | str, type_: type[T]) -> T:
    """Decode *raw* as *type_*; raises `InvalidInput`."""
    try:
        return _decoder(type_).decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise InvalidInput(f"not what its source is known to send: {error}") from error


_DECODERS: dict[type, msgspec.json.Decoder[Any]] = {}


def _decoder[T](type_: type[T]) -> msgspec.json.Decoder[T]:
    """The cached decoder of a type: making one takes as long as decoding with it."""
    known = _DECODERS.get(type_)
    if known is None:
        known = _DECODERS[type_] = msgspec.json.Decoder(type_)
    return known


def parse_instant(text: str) -> datetime:
    """The instant in UTC, so that each spelling of it gives the same key. Raises `InvalidInput`."""
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"not an instant: {text[:40]!r}") from error
    raise InvalidInput(f"an instant without offset: {text[:40]!r}")


def make_signal(
    envelope: Envelope,
    kind: SignalKind,
    key: tuple[str, ...],
    subject: str,
    state: str,
    **fields: Any,  # noqa: ANN401 - the optional fields of Signal, which msgspec checks
) -> Signal:
    """A signal with its envelope's facts; *key* is the same in each delivery."""
    facts: dict[str, Any] = {
        "source": envelope.source,
        "at": envelope.time,
        "account": envelope.account,
        "region": envelope.region,
    }
    joined = SignalKey("|".join(key))
    return Signal(key=joined, kind=kind, subject=subject, state=state, **facts | fields)
