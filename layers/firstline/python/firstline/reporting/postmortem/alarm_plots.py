"""The alarms of an incident as plots: their states, and the leading alarm's metric.

Both come from the record, so a report that is made again shows the same. The metric is what
CloudWatch had when the incident ended. Without it, the plot has what firstline read at each
decision; most metrics have no such readings, and then only the states are shown.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from firstline.config.profile import AlarmDefinition, Profile
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
from firstline.reporting.postmortem.formatting import parse_number
from firstline.reporting.postmortem.health import FleetKnowledge
from firstline.reporting.postmortem.incident_facts import IncidentFacts
from firstline.reporting.postmortem.record import Record
from firstline.reporting.postmortem.report import Line, Plot, Point
from firstline.reporting.tones import Tone
from firstline.signal import is_plausible

type MetricReader = Callable[[ObservedFleet], Point | float | None]
"""One decision's reading of a metric: a value, or one with an instant of its own."""

ALARMS_DRAWN_MAX = 6
"""Alarms that are drawn, in the order of their first state."""
LEVELS = {AlarmState.ALARM: 1.0, AlarmState.INSUFFICIENT_DATA: 0.5, AlarmState.OK: 0.0}


def alarm_plots(
    record: Record,
    knowledge: tuple[FleetKnowledge, ...],
    facts: IncidentFacts,
    profile: Profile | None,
) -> tuple[Plot, ...]:
    """The metric of the leading alarm, if the record has it, and the alarms' states."""
    made = leading_alarm(facts, profile)
    metric = _from_cloudwatch(record, profile) or (
        _from_decisions(made, knowledge) if made is not None else None
    )
    states = _states(record, made)
    return (states,) if metric is None else (metric, states)


def leading_alarm(facts: IncidentFacts, profile: Profile | None) -> AlarmDefinition | None:
    """The leading alarm as the profile makes it; None for an external one."""
    return _named(facts.subject, profile)


def _named(name: str, profile: Profile | None) -> AlarmDefinition | None:
    made = profile.alarms.made if profile is not None else ()
    return next((each for each in made if each.name == name), None)


def definition(made: AlarmDefinition) -> str:
    """The definition of *made* in a line."""
    share = f" of {made.percent_of}" if made.percent_of else ""
    limit = f"{made.comparison} {made.threshold:g} {made.unit}{share}"
    return f"{made.metric} ({made.statistic}) {limit} in {periods(made)}"


class _AlarmDefinition(NamedTuple):
    """The alarm whose metric a plot shows."""

    alarm: str
    metric: str
    unit: str
    comparison: str
    threshold: float
    definition: str


def _of_made(made: AlarmDefinition) -> _AlarmDefinition:
    limit = made.comparison, float(made.threshold)
    return _AlarmDefinition(made.name, made.metric, made.unit, *limit, definition(made))


def _of_read(read: AlarmMetricRead, profile: Profile | None) -> _AlarmDefinition | None:
    """The definition in the entry, for an external alarm without a unit; else the profile's."""
    threshold = parse_number(read.threshold) if read.threshold is not None else None
    if threshold is None:
        made = _named(read.alarm, profile)
        return _of_made(made) if made is not None else None
    name, metric = read.alarm.rpartition(":alarm:")[2], read.metric or "metric"
    return _AlarmDefinition(
        name, metric, "", read.comparison or "", threshold, read.definition or metric
    )


def _from_cloudwatch(record: Record, profile: Profile | None) -> Plot | None:
    """The metric as CloudWatch had it at the end; its alarm may lead since others joined."""
    for read in reversed(tuple(events(record, AlarmMetricRead))):
        alarm, points = _of_read(read, profile), tuple(_values(read))
        if alarm is not None and len(points) > 1:
            lacking = len(read.values) - len(points)
            gaps = f", none in {lacking} of {len(read.values)} periods" if lacking else ""
            note = f"as CloudWatch had it at the end, per {read.period_seconds} s{gaps}"
            return _metric(alarm, points, note, read)
    return None


def _values(read: AlarmMetricRead) -> Iterator[Point]:
    """Each number, at the beginning of its period."""
    if read.begins is None or not is_plausible(read.begins):
        return
    for place, text in enumerate(read.values):
        value = parse_number(text) if text is not None else None
        if value is not None:
            yield Point(read.begins + timedelta(seconds=place * read.period_seconds), value)


def _from_decisions(made: AlarmDefinition, knowledge: tuple[FleetKnowledge, ...]) -> Plot | None:
    """The metric as decisions read it, if they did."""
    reading = _READINGS.get((made.namespace, made.metric))
    if reading is None:
        return None
    points = dict.fromkeys(_points(reading, knowledge))
    return _metric(_of_made(made), tuple(points), "as firstline read it")


def _metric(
    alarm: _AlarmDefinition,
    points: tuple[Point, ...],
    source: str,
    read: AlarmMetricRead | None = None,
) -> Plot:
    """*points* with the threshold; those of *read* hold for a period each."""
    holds = timedelta(seconds=read.period_seconds) if read is not None else None
    return Plot(
        title=f"{alarm.metric}, the metric of {alarm.alarm}",
        unit=alarm.unit,
        note=f"{source}; the alarm: {alarm.definition}",
        lines=(Line(name=alarm.metric, tone=Tone.PLAIN, points=points, holds=holds),),
        limit=alarm.threshold,
        limit_name=f"threshold: {alarm.comparison} {alarm.threshold:g}",
        begins=read.begins if read is not None else None,
    )


def _points(reading: MetricReader, knowledge: tuple[FleetKnowledge, ...]) -> Iterator[Point]:
    for each in knowledge:
        value = reading(each.fleet)
        if value is not None:
            yield value if isinstance(value, Point) else Point(each.at, value)


def _targets(state: str) -> MetricReader:
    def count(fleet: ObservedFleet) -> float | None:
        health = fleet.target_health
        if not isinstance(health, TargetHealth):
            return None
        return sum(1 for each in health.states.values() if each == state)

    return count


def _answers(fleet: ObservedFleet) -> Point | None:
    answering = fleet.answering
    return Point(answering.at, int(answering.answers)) if isinstance(answering, Answering) else None


_READINGS: dict[tuple[str, str], MetricReader] = {
    ("AWS/ApplicationELB", "HealthyHostCount"): _targets("healthy"),
    ("AWS/ApplicationELB", "UnHealthyHostCount"): _targets("unhealthy"),
    ("firstline", "EnclaveAnswering"): _answers,
}
"""Metrics that decisions read themselves, with their readers."""


def _states(record: Record, made: AlarmDefinition | None) -> Plot:
    points: dict[str, list[Point]] = {}
    for name, at, state in sorted(_readings(record), key=lambda each: each[1]):
        points.setdefault(name, []).append(Point(at, LEVELS[state]))
    shown = list(points.items())[:ALARMS_DRAWN_MAX]
    return Plot(
        title="Alarms",
        unit="1 ALARM, 0.5 no data, 0 OK",
        note=f"{made.name}: {definition(made)}" if made else "as signals and readings had them",
        lines=tuple(Line(name=name, tone=Tone.BAD, points=tuple(each)) for name, each in shown),
    )


def _readings(record: Record) -> Iterator[tuple[str, datetime, AlarmState]]:
    """Each state of an alarm, from signals and from decisions' readings."""
    names: dict[str, str] = {}
    for entry in record:
        match entry.event:
            case SignalReceived() | SignalsJoined() as event:
                for each in event.signals:
                    if each.arn and each.state in LEVELS:
                        name = names.setdefault(each.arn, each.subject or each.arn)
                        yield name, each.signalled_at or entry.at, AlarmState(each.state)
            case DecisionMade(observed={"alarms": dict() as alarms}):
                for arn, fact in alarms.items():
                    state = fact.get("state") if isinstance(fact, dict) else None
                    if state in LEVELS:
                        yield names.get(str(arn), str(arn)), entry.at, AlarmState(state)
            case _:
                pass
