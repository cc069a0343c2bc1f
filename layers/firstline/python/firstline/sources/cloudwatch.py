"""CloudWatch: "CloudWatch Alarm State Change".

Shape and oddities: the CloudWatch user guide, "Alarm events and EventBridge". The state change
is sent also when the alarm's actions are suppressed or muted, and ``reasonData`` is a hint that
is not always there, so nothing is decided by it.
"""

import re
from datetime import UTC, datetime

import msgspec

from firstline.errors import Malformed
from firstline.evidence import AlarmState
from firstline.ids import SignalKey
from firstline.settings import Home
from firstline.signals import Mark, Signal

SOURCE = "aws.cloudwatch"
STATE_CHANGE = "CloudWatch Alarm State Change"
ALARM = "cloudwatch.alarm"
"""What rules call the source of these signals."""

_FIRST = "Unchecked: Initial alarm creation"
_NO_DATA = re.compile(r"no datapoints were received", re.IGNORECASE)


class _Camel(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """CloudWatch writes its keys so."""


class _State(_Camel, frozen=True, kw_only=True):
    value: AlarmState
    timestamp: str = ""
    reason: str = ""
    actions_suppressed_by: str | None = None


class _Metric(_Camel, frozen=True, kw_only=True):
    name: str = ""
    dimensions: dict[str, str] = {}


class _MetricStat(_Camel, frozen=True, kw_only=True):
    metric: _Metric


class _MetricEntry(_Camel, frozen=True, kw_only=True):
    return_data: bool = True
    metric_stat: _MetricStat | None = None


class _Configuration(_Camel, frozen=True, kw_only=True):
    metrics: tuple[_MetricEntry, ...] = ()


class _Detail(_Camel, frozen=True, kw_only=True):
    alarm_name: str
    state: _State
    previous_state: _State | None = None
    configuration: _Configuration = _Configuration()
    mute_detail: dict[str, object] | None = None


_decoder = msgspec.json.Decoder(_Detail)


def state_change(detail: msgspec.Raw, resources: tuple[str, ...], home: Home) -> Signal:
    """The signal in a state change; raises `Malformed`.

    The key is (ARN, contributor or ``-``, state, time of the state): the envelope's id differs
    between deliveries of the same transition.
    """
    try:
        event = _decoder.decode(detail)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"not an alarm's state change: {error}"
        raise Malformed(message) from error
    arn = _arn(event.alarm_name, resources, home)
    at = _instant(event.state.timestamp)
    metric = _metric(event.configuration.metrics)
    return Signal(
        key=SignalKey(f"{arn}|-|{event.state.value}|{at.isoformat()}"),
        source=ALARM,
        subject=event.alarm_name,
        state=event.state.value,
        at=at,
        account=home.account,
        region=home.region,
        arn=arn,
        metric=metric.name,
        dimensions=metric.dimensions,
        marks=tuple(_marks(event)),
    )


def _arn(name: str, resources: tuple[str, ...], home: Home) -> str:
    """The alarm's ARN; one that contradicts the alarm's name is not believed."""
    expected = f"arn:aws:cloudwatch:{home.region}:{home.account}:alarm:{name}"
    if resources != (expected,):
        message = f"the event's resources are not the alarm {name!r} that it names"
        raise Malformed(message)
    return expected


def _instant(text: str) -> datetime:
    """The instant in UTC, so that each way to write it gives the same key."""
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        message = f"state.timestamp is not an instant: {text[:40]!r}"
        raise Malformed(message) from error
    message = f"state.timestamp has no offset: {text[:40]!r}"
    raise Malformed(message)


def _metric(metrics: tuple[_MetricEntry, ...]) -> _Metric:
    """The metric that the alarm is about, where it is a single one."""
    stats = [each.metric_stat.metric for each in metrics if each.metric_stat]
    return stats[0] if len(stats) == 1 else _Metric()


def _marks(event: _Detail) -> list[Mark]:
    previous = event.previous_state
    marks = {
        Mark.FIRST_EVALUATION: previous is not None and previous.reason.startswith(_FIRST),
        Mark.NO_DATA: _NO_DATA.search(event.state.reason) is not None,
        Mark.SUPPRESSED: event.state.actions_suppressed_by is not None,
        Mark.MUTED: event.mute_detail is not None,
    }
    return [mark for mark, holds in marks.items() if holds]
