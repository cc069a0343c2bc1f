"""The EventBridge envelope, and the parser of its detail.

`parse` never raises: an unparsable event becomes a signal that is marked as such, because a
malformed event of this account must not be silent.
"""

import copy
from collections.abc import Callable
from datetime import datetime

from firstline import event_sources
from firstline.config.settings import Home
from firstline.errors import InvalidInput
from firstline.event_sources import Delivery
from firstline.ids import SignalKey, digest
from firstline.signal import Mark, Signal, SignalKind, with_plausible_time
from firstline.signals.sources import (
    autoscaling,
    cloudtrail,
    cloudwatch,
    ec2,
    findings,
    health,
    ssm,
    user,
)
from firstline.signals.sources.eventbridge import Envelope, decode, make_signal
from firstline.signals.sources.transports import dead_letter, misrouted_alarm, on_failure

MALFORMED = "malformed"
SIZE_MAX = 256 * 1024


def _tick(envelope: Envelope) -> Signal:
    """A schedule's tick has no detail."""
    key = ("tick", *envelope.resources, envelope.time.isoformat())
    return make_signal(envelope, SignalKind.TICK, key, "schedule", "")


type Parser = Callable[[Envelope], Signal]

_ALARM_CONFIGURED = (event_sources.ALARM_STATES.source, cloudwatch.CONFIGURATION_CHANGE)
_DELIVERY_PARSERS: dict[Delivery, Parser] = {
    event_sources.ALARM_STATES: cloudwatch.state_change,
    event_sources.GROUP: autoscaling.activity,
    event_sources.COMMANDS: ssm.command,
    event_sources.CALENDARS: ssm.calendar,
    event_sources.INSTANCES: ec2.state_change,
    event_sources.THROTTLES: cloudtrail.call,
    event_sources.GUARDDUTY: findings.guardduty,
    event_sources.HUB: findings.hub,
    event_sources.HUB_V2: findings.hub_v2,
    event_sources.REPORTS: user.report,
}
PARSERS: dict[tuple[str, str], Parser] = {
    **{
        (each.source, kind): _DELIVERY_PARSERS[each]
        for each in event_sources.DELIVERIES
        if each is not event_sources.HEALTH  # its parser needs the home Region
        for kind in each.detail_types
    },
    _ALARM_CONFIGURED: cloudwatch.configuration_change,
    ("aws.events", "Scheduled Event"): _tick,
}
"""The parser of each source and detail type."""


def parse(body: bytes, home: Home, received_at: datetime) -> Signal:
    """The signal in *body*; one that cannot be parsed is marked `Mark.MALFORMED`.

    ``received_at`` is the instant of a signal without a plausible one.

    >>> from datetime import UTC
    >>> here = Home(account="111122223333", region="us-east-1")
    >>> parse(b"not JSON", here, datetime(2026, 3, 11, tzinfo=UTC)).marks
    (<Mark.MALFORMED: 'malformed'>,)
    """
    return with_plausible_time(_parse(body, home, received_at), received_at)


def _parse(body: bytes, home: Home, received_at: datetime) -> Signal:
    if len(body) > SIZE_MAX:
        return _malformed(body, home, received_at)
    try:
        envelope = decode(body, Envelope)
    except InvalidInput:
        return _without_envelope(body, home, received_at)
    return _from_envelope(envelope, body, home, received_at)


def _from_envelope(envelope: Envelope, body: bytes, home: Home, received_at: datetime) -> Signal:
    try:
        signal = _read(envelope, body, home)
    except InvalidInput:
        signal = _malformed(body, home, received_at)
    return _replayed(signal, body) if envelope.replay_name else signal


def _read(envelope: Envelope, body: bytes, home: Home) -> Signal:
    """The signal by its source's parser; events from elsewhere are not parsed.

    Only Health delivers events in other Regions than the one they concern.
    """
    if envelope.account != home.account:
        return _unread(envelope, body)
    if not "".join((envelope.source, envelope.detail_type, *envelope.resources)).isprintable():
        # names are shown in pages, logs and terminals, which control characters could steer
        raise InvalidInput("a name in the event holds control characters")
    delivery = event_sources.HEALTH
    if envelope.source == delivery.source and envelope.detail_type in delivery.detail_types:
        return health.event(envelope, home)
    reader = PARSERS.get((envelope.source, envelope.detail_type))
    if reader is None or envelope.region != home.region:
        return _unread(envelope, body)
    return reader(envelope)


def _without_envelope(body: bytes, home: Home, received_at: datetime) -> Signal:
    """A body without an envelope: dead letter, failure record, misrouted alarm, or malformed."""
    for opened in (dead_letter, on_failure):
        try:
            letter = opened(body)
            if (letter.account, letter.region) == (home.account, home.region):
                return _from_envelope(decode(letter.body, Envelope), letter.body, home, received_at)
        except InvalidInput:
            continue
    try:
        return misrouted_alarm(body)
    except InvalidInput:
        return _malformed(body, home, received_at)


def _unread(envelope: Envelope, body: bytes) -> Signal:
    """A signal without a parser here: of another account, Region or source."""
    return make_signal(
        envelope, SignalKind.UNREAD, ("event", digest(body)), envelope.detail_type, ""
    )


def _malformed(body: bytes, home: Home, received_at: datetime) -> Signal:
    """A signal without any text of the event, which may contain a secret."""
    return Signal(
        key=SignalKey(f"malformed|{digest(body)}"),
        source=MALFORMED,
        subject="an unreadable event",
        state="",
        at=received_at,
        account=home.account,
        region=home.region,
        marks=(Mark.MALFORMED,),
    )


def _replayed(signal: Signal, body: bytes) -> Signal:
    """A replayed signal, under a key of its own, so that it never hides the first delivery."""
    key = SignalKey(f"replayed|{digest(body)}")
    return copy.replace(signal, key=key, marks=(*signal.marks, Mark.REPLAYED))
