"""The metrics of the twin's alarms: each breaches its threshold where its alarm is in ALARM."""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from firstline.adapters.aws.metric_data import VALUE
from firstline.config.profile import MadeAlarm
from firstline.lab.twin.changes import Answer, Parameters
from firstline.lab.twin.world import World
from firstline.monitoring import alarms as detection
from firstline.monitoring.alarm_metric import Values

PERCENT_MAX = 100


def values(world: World, alarm: MadeAlarm, periods: Iterable[datetime]) -> Values:
    """The value of each of *periods*, on its side of the threshold."""
    return {at: value(alarm, breaches=breaches(world, alarm, at)) for at in periods}


def breaches(world: World, alarm: MadeAlarm, at: datetime) -> bool:
    """Whether the period that begins at *at* breaches: ALARM follows as many as the alarm needs."""
    period = timedelta(seconds=alarm.period_seconds)
    needed = alarm.breaching_periods or alarm.evaluation_periods
    ringing = (
        each for each in world.alarms.values() if each.watches(alarm.namespace, alarm.metric)
    )
    ends = [at + number * period for number in range(1, needed + 1)]
    return any(each.rings_at(end) for each in ringing for end in ends)


def value(alarm: MadeAlarm, *, breaches: bool) -> float:
    """A value well beyond the threshold, or well within it; of what is counted, a whole one."""
    threshold, half = alarm.threshold, alarm.threshold / 2
    above = (alarm.comparison in {">", ">="}) is breaches
    if alarm.unit == "percent":
        return (threshold + PERCENT_MAX) / 2 if above else half
    if alarm.unit == "count":
        return threshold + max(math.ceil(half), 1) if above else math.floor(half)
    return threshold + half if above else half


def asked_for(queries: Sequence[Parameters]) -> bool:
    """Whether *queries* ask for the metric of one alarm."""
    return any(each["Id"] == VALUE for each in queries)


def metric_data(world: World, parameters: Parameters) -> Answer:
    """A value each period, from the first that begins in the time that is asked for."""
    queries = parameters["MetricDataQueries"]
    begin, end = parameters["StartTime"], parameters["EndTime"]
    period = timedelta(seconds=queries[0]["MetricStat"]["Period"])
    times = [begin + number * period for number in range(math.ceil((end - begin) / period))]
    found = next((each for each in world.made if _watched(each) == _asked(queries)), None)
    known = values(world, found, times) if found is not None else {}
    result = {"StatusCode": "Complete", "Timestamps": list(known), "Values": list(known.values())}
    return {"MetricDataResults": [{"Id": VALUE, **result}]}


def _watched(alarm: MadeAlarm) -> tuple[object, ...]:
    metrics = [alarm.metric]
    metrics += [alarm.percent_of] if alarm.percent_of not in {"", detection.QUOTA} else []
    expression = detection.share(alarm) if alarm.percent_of else None
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
