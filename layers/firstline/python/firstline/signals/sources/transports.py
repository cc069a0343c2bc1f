"""Known bodies without an EventBridge envelope: dead letters, SNS, an alarm's direct call.

Only EventBridge is supported: the same transition looks different on each transport, and an odd
shape of one must not begin a fix. A dead letter contains the envelope itself.

An alarm by SNS or by a direct call is refused with a line of explanation. It has a key of its own,
so that it never hides the delivery that counts. A dead letter of firstline's queues, and Lambda's
record of a failed function, are read as the event that they contain.

Descriptions, reasons, titles and parameters are in no signal. `tests/signals/classified.txt` states
the meaning of each file of `events/`.
"""

import re
from typing import Annotated, Literal

import msgspec

from firstline.diagnosis.evidence import AlarmState
from firstline.errors import InvalidInput
from firstline.ids import SignalKey
from firstline.signal import Signal, SignalKind
from firstline.signals.sources.eventbridge import decode, parse_instant

_ALARM = re.compile(r"arn:aws:cloudwatch:([\w-]+):([0-9]{12}):alarm:(.{1,255})", re.ASCII)
_FUNCTION = re.compile(r"arn:aws:lambda:([\w-]+):([0-9]{12}):function:[\w:$-]+", re.ASCII)
_QUEUE = re.compile(r"arn:aws:sqs:([\w-]+):([0-9]{12}):[\w.-]+", re.ASCII)


class _Records[T](msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    records: Annotated[tuple[T, ...], msgspec.Meta(min_length=1, max_length=1)]


class _Queued(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    event_source: Literal["aws:sqs"]
    event_source_arn: str = msgspec.field(name="eventSourceARN")
    body: str


class _RequestContext(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    function_arn: str


class _OnFailure(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    request_context: _RequestContext
    request_payload: msgspec.Raw


class _Message(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    message: str


class _Notice(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    event_source: Literal["aws:sns"]
    sns: _Message


class _SnsAlarm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    alarm_arn: str
    new_state_value: AlarmState
    state_change_time: str


class _State(msgspec.Struct, frozen=True, kw_only=True):
    value: AlarmState
    timestamp: str


class _AlarmData(msgspec.Struct, frozen=True, kw_only=True):
    state: _State


class _Call(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    source: Literal["aws.cloudwatch"]
    alarm_arn: str
    alarm_data: _AlarmData


class Letter(msgspec.Struct, frozen=True):
    """An envelope that was not delivered, kept by its queue."""

    body: bytes
    account: str
    region: str


def dead_letter(body: bytes) -> Letter:
    """The envelope in a dead-letter queue's message; raises `InvalidInput`."""
    (record,) = decode(body, _Records[_Queued]).records
    queue = _parts(_QUEUE, record.event_source_arn, "a message of a queue")
    return Letter(record.body.encode(errors="replace"), account=queue[2], region=queue[1])


def on_failure(body: bytes) -> Letter:
    """The envelope that a function of firstline could not process; raises `InvalidInput`.

    Lambda's record of it (Lambda developer guide, "asynchronous invocation") contains the
    function's input: an envelope, or the queue's one message with it.
    """
    record = decode(body, _OnFailure)
    function = _parts(_FUNCTION, record.request_context.function_arn, "a failure of a function")
    payload = unwrap_dead_letter(bytes(record.request_payload))
    return Letter(payload, account=function[2], region=function[1])


def _parts(pattern: re.Pattern[str], arn: str, what: str) -> re.Match[str]:
    """Region, account and name in *arn*; raises `InvalidInput`."""
    if (parts := pattern.fullmatch(arn)) is None:
        raise InvalidInput(f"{what} that names itself by no ARN")
    return parts


def unwrap_dead_letter(body: bytes) -> bytes:
    """The envelope in *body* if that is a dead letter, else *body*."""
    try:
        return dead_letter(body).body
    except InvalidInput:
        return body


def unwrap_envelope(body: bytes) -> bytes:
    """The envelope in *body*, a failure record of Lambda or as in `unwrap_dead_letter`."""
    try:
        return on_failure(body).body
    except InvalidInput:
        return unwrap_dead_letter(body)


def misrouted_alarm(body: bytes) -> Signal:
    """An alarm that came by SNS or as a direct call; raises `InvalidInput` for other bodies."""
    try:
        (notice,) = decode(body, _Records[_Notice]).records
    except InvalidInput:
        call = decode(body, _Call)
        state = call.alarm_data.state
        return _refused("lambda", call.alarm_arn, state.value, state.timestamp)
    alarm = decode(notice.sns.message, _SnsAlarm)
    return _refused("sns", alarm.alarm_arn, alarm.new_state_value, alarm.state_change_time)


def _refused(way: str, arn: str, state: AlarmState, time: str) -> Signal:
    """A rejected signal; its key begins with the transport, so that it hides no other delivery."""
    at = parse_instant(time)
    place = _parts(_ALARM, arn, "an alarm")
    return Signal(
        key=SignalKey(f"{way}|{arn}|-|{state}|{at.isoformat()}"),
        kind=SignalKind.MISROUTED,
        source=f"aws.{way}",
        subject=place[3],
        state=state,
        at=at,
        account=place[2],
        region=place[1],
        arn=arn,
    )
