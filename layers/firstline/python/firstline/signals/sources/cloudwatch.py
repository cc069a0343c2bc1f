"""CloudWatch: an alarm's state change, a contributor's, and a change of an alarm itself.

Shape and oddities: the CloudWatch user guide, "Alarm events and EventBridge". A state change is
sent also while the alarm's actions are suppressed or muted. ``reasonData`` is not always present,
so nothing depends on it.
"""

import contextlib
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec

from firstline.config.settings import Home
from firstline.diagnosis.evidence import AlarmState, FiringAlarm
from firstline.errors import InvalidInput
from firstline.event_sources import ALARM, ALARM_STATES
from firstline.ids import SignalKey
from firstline.signal import Mark, Signal, SignalKind
from firstline.signals.drill_marker import drill_marker
from firstline.signals.sources.alarm_metric import AlarmMetric, common_metric, parse_query
from firstline.signals.sources.eventbridge import Envelope, decode, make_signal, parse_instant

SOURCE = ALARM_STATES.source
STATE_CHANGE, CONTRIBUTOR, CONFIGURATION_CHANGE = ALARM_STATES.detail_types

_FAILED = ("EVALUATION_ERROR", "EVALUATION_FAILURE")
_PARTIAL = "PARTIAL_DATA"
_FIRST = "Unchecked: Initial alarm creation"
_NO_DATA = "no datapoints were received"


class _Camel(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of types with CloudWatch's camel-case keys."""


class _State(_Camel, frozen=True, kw_only=True):
    value: AlarmState
    timestamp: str = ""
    reason: str = ""
    actions_suppressed_by: str | None = None
    evaluation_state: str | None = None


class _Metric(_Camel, frozen=True, kw_only=True):
    namespace: str = ""
    name: str = ""
    dimensions: dict[str, str] = {}


class _MetricStat(_Camel, frozen=True, kw_only=True):
    metric: _Metric


class _MetricEntry(_Camel, frozen=True, kw_only=True):
    return_data: bool = True
    expression: str = ""
    metric_stat: _MetricStat | None = None


class _Configuration(_Camel, frozen=True, kw_only=True):
    metrics: tuple[_MetricEntry, ...] = ()
    timestamp: str = ""


class _Contributor(_Camel, frozen=True, kw_only=True):
    id: Annotated[str, msgspec.Meta(pattern=r"(?a)^[\w.-]{1,128}\Z")]
    attributes: dict[str, str] = {}


class Detail(_Camel, frozen=True, kw_only=True):
    """The detail of a state change."""

    alarm_name: str
    state: _State
    previous_state: _State | None = None
    configuration: _Configuration = _Configuration()
    mute_detail: dict[str, object] | None = None
    alarm_contributor: _Contributor | None = None


class _Change(_Camel, frozen=True, kw_only=True):
    alarm_name: str
    operation: Literal["create", "update", "delete"]
    configuration: _Configuration = _Configuration()


def state_change(envelope: Envelope) -> Signal:
    """The signal in a state change, of an alarm or of one contributor; raises `InvalidInput`.

    The envelope's id differs between deliveries of the same transition, and is not read.
    """
    event = decode(envelope.detail, Detail)
    by = event.alarm_contributor
    if by is None and envelope.detail_type == CONTRIBUTOR:
        raise InvalidInput("a contributor's state change without its contributor")
    arn = _arn(event.alarm_name, envelope)
    at = parse_instant(event.state.timestamp)
    metric = _metric(event.configuration.metrics)
    who = by.id if by else "-"
    return Signal(
        key=_key(arn, who, event.state.value, at),
        kind=SignalKind.ALARM,
        source=ALARM,
        subject=event.alarm_name,
        state=event.state.value,
        at=at,
        account=envelope.account,
        region=envelope.region,
        arn=arn,
        metric=metric.name,
        dimensions=metric.dimensions | (by.attributes if by else {}),
        marks=_marks(event),
        drill="" if by else drill_marker(event.state.reason),
        muted_until=_end(event.mute_detail),
    )


def from_firing_alarm(alarm: FiringAlarm, home: Home) -> Signal:
    """The signal of the last transition of *alarm*, whose event may not have come.

    It has the key of that event, so that the two are one. Its subject is the alarm's own name.
    """
    at = alarm.since.astimezone(UTC)
    marked = {
        Mark.NO_DATA: _NO_DATA in alarm.reason.lower(),
        Mark.PARTIAL_DATA: alarm.evaluation == _PARTIAL,
        Mark.EVALUATION_FAILED: alarm.evaluation in _FAILED,
        Mark.UNANNOUNCED: True,
    }
    return Signal(
        key=_key(alarm.arn, "-", AlarmState.ALARM, at),
        kind=SignalKind.ALARM,
        source=ALARM,
        subject=alarm.arn.split(":", maxsplit=6)[6],
        state=AlarmState.ALARM,
        at=at,
        account=home.account,
        region=home.region,
        arn=alarm.arn,
        metric=alarm.metric,
        dimensions=alarm.dimensions,
        marks=tuple(mark for mark, holds in marked.items() if holds),
        drill=drill_marker(alarm.reason),
    )


def _key(arn: str, contributor: str, state: AlarmState, at: datetime) -> SignalKey:
    """One transition of an alarm, or of one contributor of it (else ``-``)."""
    return SignalKey(f"{arn}|{contributor}|{state.value}|{at.isoformat()}")


def configuration_change(envelope: Envelope) -> Signal:
    """The signal of a change of an alarm; its state is the operation; raises `InvalidInput`.

    The event repeats the alarm's state, which is not read: it did not turn.
    """
    event = decode(envelope.detail, _Change)
    arn = _arn(event.alarm_name, envelope)
    stated = event.configuration.timestamp
    at = parse_instant(stated) if stated else envelope.time
    metric = _metric(event.configuration.metrics)
    kind = SignalKind.ALARM_CONFIGURATION
    key = ("configuration", arn, event.operation, at.isoformat())
    fields = {"arn": arn, "metric": metric.name, "dimensions": metric.dimensions, "at": at}
    return make_signal(envelope, kind, key, event.alarm_name, event.operation, **fields)


def _arn(name: str, envelope: Envelope) -> str:
    """The alarm's ARN; raises `InvalidInput` if it contradicts the alarm's name."""
    expected = f"arn:aws:cloudwatch:{envelope.region}:{envelope.account}:alarm:{name}"
    if envelope.resources != (expected,):
        raise InvalidInput(f"the event's resources are not the alarm {name!r} that it names")
    return expected


def _metric(metrics: tuple[_MetricEntry, ...]) -> AlarmMetric:
    """The one metric of the alarm."""
    return common_metric([each for each in map(_part, metrics) if each is not None])


def _part(entry: _MetricEntry) -> AlarmMetric | None:
    if entry.metric_stat is None:
        return parse_query(entry.expression, returned=entry.return_data)
    read = entry.metric_stat.metric
    return AlarmMetric(read.name, read.dimensions, read.namespace, entry.return_data)


def _end(mute: dict[str, object] | None) -> datetime | None:
    """The end of the mute window; None also where the event has another form."""
    with contextlib.suppress(InvalidInput):
        return parse_instant(str(mute.get("muteWindowEnd"))) if mute else None
    return None


def _marks(event: Detail) -> tuple[Mark, ...]:
    """The marks of the event, in a fixed order."""
    state, previous = event.state, event.previous_state
    marked = {
        Mark.FIRST_EVALUATION: previous is not None and previous.reason.startswith(_FIRST),
        Mark.NO_DATA: _NO_DATA in state.reason.lower(),
        Mark.SUPPRESSED: state.actions_suppressed_by is not None,
        Mark.PARTIAL_DATA: state.evaluation_state == _PARTIAL,
        Mark.EVALUATION_FAILED: state.evaluation_state in _FAILED,
        Mark.MUTED: event.mute_detail is not None,
    }
    return tuple(mark for mark, holds in marked.items() if holds)
