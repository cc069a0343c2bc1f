"""CloudTrail: a call of KMS, failed or not.

Shape: CloudTrail user guide, "record contents". Delivery is best effort, and possibly not every
throttled call is reported: it is evidence, never the only sign.
"""

import msgspec

from firstline.signal import Signal, SignalKind
from firstline.signals.sources.eventbridge import (
    Envelope,
    Id,
    Name,
    decode,
    make_signal,
    parse_instant,
)


class _Call(msgspec.Struct, frozen=True, kw_only=True):
    event_id: Id = msgspec.field(name="eventID")
    event_name: Id = msgspec.field(name="eventName")
    event_time: str = msgspec.field(name="eventTime")
    error_code: Name = msgspec.field(name="errorCode", default="none")


def call(envelope: Envelope) -> Signal:
    """A call and its error; the caller and the parameters are not read."""
    event = decode(envelope.detail, _Call)
    at = parse_instant(event.event_time)
    key = ("call", event.event_id)
    return make_signal(
        envelope, SignalKind.API_CALL, key, event.event_name, event.error_code, at=at
    )
