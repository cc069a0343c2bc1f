"""CloudTrail: a call of KMS that failed, or did not.

Shape: CloudTrail user guide, "record contents". Best effort, and not proven to tell each
throttled call: evidence, never the only sign.
"""

import msgspec

from firstline.signal import Signal, SignalKind
from firstline.signals.sources.eventbridge import Envelope, Id, Name, decoded, instant, read


class _Call(msgspec.Struct, frozen=True, kw_only=True):
    event_id: Id = msgspec.field(name="eventID")
    event_name: Id = msgspec.field(name="eventName")
    event_time: str = msgspec.field(name="eventTime")
    error_code: Name = msgspec.field(name="errorCode", default="none")


def call(envelope: Envelope) -> Signal:
    """A call and the error that it met; who called, and with what, is not read."""
    event = decoded(envelope.detail, _Call)
    at = instant(event.event_time)
    key = ("call", event.event_id)
    return read(envelope, SignalKind.API_CALL, key, event.event_name, event.error_code, at=at)
