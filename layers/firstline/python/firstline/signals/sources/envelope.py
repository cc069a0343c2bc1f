"""The EventBridge envelope, and which parser its detail belongs to.

`parse` never raises: what cannot be understood becomes a signal that says so, for a malformed
event of our own account must not be silent.
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
from firstline.signals.sources.eventbridge import Envelope, decoded, read
from firstline.signals.sources.transports import dead_letter, misrouted, on_failure

MALFORMED = "malformed"
SIZE_MAX = 256 * 1024


def _tick(envelope: Envelope) -> Signal:
    """A schedule's tick has no detail."""
    key = ("tick", *envelope.resources, envelope.time.isoformat())
    return read(envelope, SignalKind.TICK, key, "schedule", "")


type Parser = Callable[[Envelope], Signal]

_ALARM_CONFIGURED = (event_sources.ALARM_STATES.source, cloudwatch.CONFIGURATION_CHANGE)
_READERS: dict[Delivery, Parser] = {
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
        (each.source, kind): _READERS[each]
        for each in event_sources.DELIVERIES
        if each is not event_sources.HEALTH  # its parser asks for the home Region
        for kind in each.detail_types
    },
    _ALARM_CONFIGURED: cloudwatch.configuration_change,
    ("aws.events", "Scheduled Event"): _tick,
}
"""Which function reads which source and detail type."""


def parse(body: bytes, home: Home, received_at: datetime) -> Signal:
    """The signal in *body*; one that cannot be read is marked `Mark.MALFORMED`.

    ``received_at`` is the instant of a signal that tells none of its own, or one that cannot be.
    """
    return with_plausible_time(_parsed(body, home, received_at), received_at)


def _parsed(body: bytes, home: Home, received_at: datetime) -> Signal:
    if len(body) > SIZE_MAX:
        return _malformed(body, home, received_at)
    try:
        envelope = decoded(body, Envelope)
    except InvalidInput:
        return _other_way(body, home, received_at)
    return _told(envelope, body, home, received_at)


def _told(envelope: Envelope, body: bytes, home: Home, received_at: datetime) -> Signal:
    try:
        signal = _read(envelope, body, home)
    except InvalidInput:
        signal = _malformed(body, home, received_at)
    return _replayed(signal, body) if envelope.replay_name else signal


def _read(envelope: Envelope, body: bytes, home: Home) -> Signal:
    """What the parser of its source makes of it; what is not from home is not looked into.

    Health alone is told in other Regions than the one that it is about.
    """
    if envelope.account != home.account:
        return _unread(envelope, body)
    if not "".join((envelope.source, envelope.detail_type, *envelope.resources)).isprintable():
        # a name is shown in pages, logs and terminals: one that could steer them is no name
        raise InvalidInput("a name in the event holds control characters")
    told = event_sources.HEALTH
    if envelope.source == told.source and envelope.detail_type in told.detail_types:
        return health.event(envelope, home)
    reader = PARSERS.get((envelope.source, envelope.detail_type))
    if reader is None or envelope.region != home.region:
        return _unread(envelope, body)
    return reader(envelope)


def _other_way(body: bytes, home: Home, received_at: datetime) -> Signal:
    """What is no envelope: a dead letter or failure of ours, an alarm by another way, or broken."""
    for opened in (dead_letter, on_failure):
        try:
            letter = opened(body)
            if (letter.account, letter.region) == (home.account, home.region):
                return _told(decoded(letter.body, Envelope), letter.body, home, received_at)
        except InvalidInput:
            continue
    try:
        return misrouted(body)
    except InvalidInput:
        return _malformed(body, home, received_at)


def _unread(envelope: Envelope, body: bytes) -> Signal:
    """A signal that no parser here reads: another account's, another Region's or source's."""
    return read(envelope, SignalKind.UNREAD, ("event", digest(body)), envelope.detail_type, "")


def _malformed(body: bytes, home: Home, received_at: datetime) -> Signal:
    """Nothing of the event's own words goes on: they may be anything, a secret among them."""
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
    """One from an archive has a key of its own, so that it never hides the first delivery."""
    key = SignalKey(f"replayed|{digest(body)}")
    return copy.replace(signal, key=key, marks=(*signal.marks, Mark.REPLAYED))
