"""The metrics of the twin's alarms: each breaches its threshold where its alarm is in ALARM."""

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from firstline.adapters.aws import external_alarm
from firstline.adapters.aws.metric_data import VALUE
from firstline.config.profile import AlarmDefinition
from firstline.lab.twin.fleet.alarms import Alarm
from firstline.lab.twin.scaling_calls import Answer, Parameters
from firstline.lab.twin.world import World
from firstline.monitoring import alarms as detection
from firstline.monitoring.alarm_metric import ExternalDefinition, ExternalMetric, Values, window

PERCENT_MAX = 100


def values(world: World, alarm: AlarmDefinition, periods: Iterable[datetime]) -> Values:
    """Return the value of each of *periods*, on its side of the threshold."""
    return {at: value(alarm, breaches=breaches(world, alarm, at)) for at in periods}


def external(
    world: World, arn: str, signalled_at: datetime, until: datetime
) -> ExternalMetric | None:
    """Return the alarm's condition by its event, and its metric around the incident."""
    shown = world.described(arn) if arn in world.alarms else {}
    judged = external_alarm.judged_metric(shown)
    if judged is None:
        return None
    around = window(judged, signalled_at, until)
    found = _values(world, external_alarm.queries(shown), around.periods)
    return ExternalMetric(judged, around, found)


def breaches(world: World, alarm: AlarmDefinition, at: datetime) -> bool:
    """True if the period that begins at *at* breaches, by any alarm over the metric."""
    watching = (
        each for each in world.alarms.values() if each.watches(alarm.namespace, alarm.metric)
    )
    return any(_leads(each, alarm, at) for each in watching)


def _leads(alarm: Alarm, judged: AlarmDefinition | ExternalDefinition, at: datetime) -> bool:
    """True if ALARM follows as many breaching periods as *judged* needs."""
    period = timedelta(seconds=judged.period_seconds)
    needed = judged.breaching_periods or judged.evaluation_periods
    return any(alarm.rings_at(at + number * period) for number in range(1, needed + 1))


def external_value(judged: ExternalDefinition, *, breaches: bool) -> float:
    """Return a value as `value` does, of an unknown unit: whole where the threshold is."""
    threshold, half = judged.threshold, abs(judged.threshold) / 2
    step = max(math.ceil(half), 1) if threshold.is_integer() else half
    if (judged.comparison in {">", ">="}) is breaches:
        return threshold + step
    # what is above 0, or at most 0, is as a rule never below it
    return threshold - step if threshold or judged.comparison in {"<", ">="} else 0.0


def value(alarm: AlarmDefinition, *, breaches: bool) -> float:
    """Return a value clearly beyond the threshold, or within it; whole for a count."""
    threshold, half = alarm.threshold, alarm.threshold / 2
    above = (alarm.comparison in {">", ">="}) is breaches
    if alarm.unit == "percent":
        return (threshold + PERCENT_MAX) / 2 if above else half
    if alarm.unit == "count":
        return threshold + max(math.ceil(half), 1) if above else math.floor(half)
    return threshold + half if above else half


def asked_for(queries: Sequence[Parameters]) -> bool:
    """True if *queries* request the metric of one alarm."""
    return any(each["Id"] == VALUE or "Expression" in each for each in queries)


def metric_data(world: World, parameters: Parameters) -> Answer:
    """Return a value for each period, from the first in the requested span."""
    queries = parameters["MetricDataQueries"]
    begin, end = parameters["StartTime"], parameters["EndTime"]
    period = timedelta(seconds=external_alarm.period_seconds(queries))
    times = [begin + number * period for number in range(math.ceil((end - begin) / period))]
    known = _values(world, queries, times)
    result = {"StatusCode": "Complete", "Timestamps": list(known), "Values": list(known.values())}
    return {"MetricDataResults": [{"Id": external_alarm.returned_query(queries)["Id"], **result}]}


def _values(world: World, queries: Sequence[Parameters], times: Sequence[datetime]) -> Values:
    """Return a metric's values, the same for all alarms over it: the profile's alarm decides."""
    made = next((each for each in world.made if _watched(each) == _asked(queries)), None)
    if made is not None:
        return values(world, made, times)
    other = next(_others(world, queries), None)
    if other is None:
        return {}
    alarm, judged = other
    return {at: external_value(judged, breaches=_leads(alarm, judged, at)) for at in times}


def _others(
    world: World, queries: Sequence[Parameters]
) -> Iterator[tuple[Alarm, ExternalDefinition]]:
    """Yield the alarms of events whose metric *queries* request."""
    for arn, alarm in world.alarms.items():
        shown = world.described(arn)
        judged = external_alarm.judged_metric(shown)
        if judged is not None and external_alarm.queries(shown) == list(queries):
            yield alarm, judged


def _watched(alarm: AlarmDefinition) -> tuple[object, ...]:
    metrics = [alarm.metric]
    metrics += [alarm.percent_of] if alarm.percent_of not in {"", detection.QUOTA} else []
    expression = detection.percent_expression(alarm) if alarm.percent_of else None
    dimensions = sorted(alarm.dimensions.items())
    own = alarm.namespace, dimensions, alarm.period_seconds, alarm.statistic
    return [(each, *own) for each in metrics], expression


def _asked(queries: Sequence[Parameters]) -> tuple[object, ...]:
    stats = [each["MetricStat"] for each in queries if "MetricStat" in each]
    expression = next((each["Expression"] for each in queries if "Expression" in each), None)
    return [_named(each) for each in stats], expression


def _named(stat: Parameters) -> tuple[object, ...]:
    metric = stat["Metric"]
    dimensions = sorted((each["Name"], each["Value"]) for each in metric.get("Dimensions", ()))
    named = metric["MetricName"], metric["Namespace"], dimensions
    return *named, stat["Period"], stat["Stat"]
