"""The alarms of an incident, as plots: the states that they were in, and the leading one's metric.

Both are of the record, so a report that is made again shows the same. Of the metric it has what
CloudWatch had when the incident ended. Where it lacks that, it may have what firstline itself read
at each decision; of most metrics it has nothing then, and shows the alarm's states alone.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from firstline.config.profile import MadeAlarm, Profile
from firstline.diagnosis.evidence import AlarmState, Answering, TargetHealth
from firstline.ledger.entries import (
    AlarmMetricRead,
    DecisionMade,
    SignalReceived,
    SignalsJoined,
)
from firstline.monitoring.alarm_metric import periods
from firstline.remediation.decision_record import ObservedFleet
from firstline.reporting.events import events
from firstline.reporting.postmortem.health import Known
from firstline.reporting.postmortem.record import Record
from firstline.reporting.postmortem.report import Line, Plot, Point
from firstline.reporting.postmortem.standing import Standing
from firstline.reporting.postmortem.words import number
from firstline.reporting.tones import Tone
from firstline.signal import is_plausible

type Reading = Callable[[ObservedFleet], Point | float | None]
"""What one decision read of a metric: a value, or one with an instant of its own."""

ALARMS_MAX = 6
"""As many alarms are drawn, those that rang first."""
LEVELS = {AlarmState.ALARM: 1.0, AlarmState.INSUFFICIENT_DATA: 0.5, AlarmState.OK: 0.0}


def alarm_plots(
    record: Record, found: tuple[Known, ...], stands: Standing, profile: Profile | None
) -> tuple[Plot, ...]:
    """The metric of the leading alarm, where the record has it, and the alarms' states."""
    made = alarm(stands, profile)
    metric = _recorded(record, profile) or (_observed(made, found) if made is not None else None)
    states = _states(record, made)
    return (states,) if metric is None else (metric, states)


def alarm(stands: Standing, profile: Profile | None) -> MadeAlarm | None:
    """The leading alarm as the profile makes it; None for one that it does not make."""
    return _named(stands.subject, profile)


def _named(name: str, profile: Profile | None) -> MadeAlarm | None:
    made = profile.alarms.made if profile is not None else ()
    return next((each for each in made if each.name == name), None)


def definition(made: MadeAlarm) -> str:
    """When *made* is in ALARM, in a line."""
    share = f" of {made.percent_of}" if made.percent_of else ""
    limit = f"{made.comparison} {made.threshold:g} {made.unit}{share}"
    return f"{made.metric} ({made.statistic}) {limit} in {periods(made)}"


class _Judged(NamedTuple):
    """What a plot says of the alarm whose metric it shows."""

    alarm: str
    metric: str
    unit: str
    comparison: str
    threshold: float
    definition: str


def _of_made(made: MadeAlarm) -> _Judged:
    limit = made.comparison, float(made.threshold)
    return _Judged(made.name, made.metric, made.unit, *limit, definition(made))


def _of_read(read: AlarmMetricRead, profile: Profile | None) -> _Judged | None:
    """As the entry says of an alarm of others, which has no unit; else as the profile does."""
    threshold = number(read.threshold) if read.threshold is not None else None
    if threshold is None:
        made = _named(read.alarm, profile)
        return _of_made(made) if made is not None else None
    name, metric = read.alarm.rpartition(":alarm:")[2], read.metric or "metric"
    return _Judged(name, metric, "", read.comparison or "", threshold, read.definition or metric)


def _recorded(record: Record, profile: Profile | None) -> Plot | None:
    """The metric as CloudWatch had it at the end; it may lead since others joined."""
    for read in reversed(tuple(events(record, AlarmMetricRead))):
        judged, points = _of_read(read, profile), tuple(_values(read))
        if judged is not None and len(points) > 1:
            lacking = len(read.values) - len(points)
            gaps = f", none in {lacking} of {len(read.values)} periods" if lacking else ""
            note = f"as CloudWatch had it at the end, per {read.period_seconds} s{gaps}"
            return _metric(judged, points, note, read)
    return None


def _values(read: AlarmMetricRead) -> Iterator[Point]:
    """Each that is a number, at the beginning of its period."""
    if read.begins is None or not is_plausible(read.begins):
        return
    for place, text in enumerate(read.values):
        value = number(text) if text is not None else None
        if value is not None:
            yield Point(read.begins + timedelta(seconds=place * read.period_seconds), value)


def _observed(made: MadeAlarm, found: tuple[Known, ...]) -> Plot | None:
    """The metric as decisions read it, where they do."""
    reading = _READINGS.get((made.namespace, made.metric))
    if reading is None:
        return None
    points = dict.fromkeys(_points(reading, found))
    return _metric(_of_made(made), tuple(points), "as firstline read it")


def _metric(
    judged: _Judged, points: tuple[Point, ...], source: str, read: AlarmMetricRead | None = None
) -> Plot:
    """*points* beside the threshold; those of *read* hold for a period each."""
    holds = timedelta(seconds=read.period_seconds) if read is not None else None
    return Plot(
        title=f"{judged.metric}, the metric of {judged.alarm}",
        unit=judged.unit,
        note=f"{source}; the alarm: {judged.definition}",
        lines=(Line(name=judged.metric, tone=Tone.PLAIN, points=points, holds=holds),),
        limit=judged.threshold,
        limit_name=f"threshold: {judged.comparison} {judged.threshold:g}",
        begins=read.begins if read is not None else None,
    )


def _points(reading: Reading, found: tuple[Known, ...]) -> Iterator[Point]:
    for each in found:
        value = reading(each.seen)
        if value is not None:
            yield value if isinstance(value, Point) else Point(each.at, value)


def _targets(state: str) -> Reading:
    def count(seen: ObservedFleet) -> float | None:
        health = seen.target_health
        if not isinstance(health, TargetHealth):
            return None
        return sum(1 for each in health.states.values() if each == state)

    return count


def _answers(seen: ObservedFleet) -> Point | None:
    answering = seen.answering
    return Point(answering.at, int(answering.answers)) if isinstance(answering, Answering) else None


_READINGS: dict[tuple[str, str], Reading] = {
    ("AWS/ApplicationELB", "HealthyHostCount"): _targets("healthy"),
    ("AWS/ApplicationELB", "UnHealthyHostCount"): _targets("unhealthy"),
    ("firstline", "EnclaveAnswering"): _answers,
}
"""The metrics that a decision reads itself, each by what it read."""


def _states(record: Record, made: MadeAlarm | None) -> Plot:
    points: dict[str, list[Point]] = {}
    for name, at, state in sorted(_readings(record), key=lambda each: each[1]):
        points.setdefault(name, []).append(Point(at, LEVELS[state]))
    shown = list(points.items())[:ALARMS_MAX]
    return Plot(
        title="Alarms",
        unit="1 ALARM, 0.5 no data, 0 OK",
        note=f"{made.name}: {definition(made)}" if made else "as signals and readings had them",
        lines=tuple(Line(name=name, tone=Tone.BAD, points=tuple(each)) for name, each in shown),
    )


def _readings(record: Record) -> Iterator[tuple[str, datetime, AlarmState]]:
    """Each state of an alarm, by signals and by what decisions read."""
    names: dict[str, str] = {}
    for entry in record:
        match entry.event:
            case SignalReceived() | SignalsJoined() as event:
                for each in event.signals:
                    if each.arn and each.state in LEVELS:
                        name = names.setdefault(each.arn, each.subject or each.arn)
                        yield name, each.signalled_at or entry.at, AlarmState(each.state)
            case DecisionMade(seen={"alarms": dict() as alarms}):
                for arn, fact in alarms.items():
                    state = fact.get("state") if isinstance(fact, dict) else None
                    if state in LEVELS:
                        yield names.get(str(arn), str(arn)), entry.at, AlarmState(state)
            case _:
                pass
