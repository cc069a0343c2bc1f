"""Alarm kinds: what CloudWatch has of alarms, and the lists that DescribeAlarms answers with.

Of a kind that a request does not name, CloudWatch shows no alarm (API reference, DescribeAlarms).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from firstline.adapters.aws.errors import instant
from firstline.diagnosis.evidence import FiringAlarm
from firstline.signals.sources.alarm_metric import AlarmMetric, common_metric, parse_query

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.literals import AlarmTypeType
    from mypy_boto3_cloudwatch.type_defs import DescribeAlarmsOutputTypeDef, MetricAlarmTypeDef

LOG_ALARMS = "LogAlarms"
LIST_OF_TYPE: dict["AlarmTypeType", str] = {
    "MetricAlarm": "MetricAlarms",
    "CompositeAlarm": "CompositeAlarms",
    "LogAlarm": LOG_ALARMS,
}
"""Each kind, and the list of an answer that holds its alarms."""
ALARM_TYPES: tuple["AlarmTypeType", ...] = tuple(LIST_OF_TYPE)


def alarms_on(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The alarms of all kinds on a *page*; raises `KeyError` for one that is cut.

    CloudWatch shows the lists of metric and of composite alarms also where they are empty.
    """
    # a botocore that does not know log alarms drops their list, so that none is found: `whole`
    lists = {LOG_ALARMS: []} | dict(page)
    return [alarm for each in LIST_OF_TYPE.values() for alarm in lists[each]]


def metric_alarms(page: "DescribeAlarmsOutputTypeDef") -> "list[MetricAlarmTypeDef]":
    """The metric alarms on a *page*; raises `KeyError` for one that is cut."""
    return page["MetricAlarms"]


def alarm_name(arn: str) -> str:
    """The name of the alarm that *arn* is of; empty for the ARN of something else."""
    return arn.partition(":alarm:")[2]


def is_complete(page: Mapping[str, Any]) -> bool:
    """Whether an alarm that *page* could list and does not list is not there, whatever its kind."""
    return LOG_ALARMS in page


def firing_alarm(alarm: Mapping[str, Any]) -> FiringAlarm:
    """*alarm*, which is in ALARM; raises `KeyError` for one that is cut.

    One whose state has not changed since CloudWatch keeps the time of that shows no such time.
    """
    of, dimensions = metric(alarm)
    return FiringAlarm(
        arn=alarm["AlarmArn"],
        since=instant(alarm.get("StateTransitionedTimestamp") or alarm["StateUpdatedTimestamp"]),
        reason=alarm.get("StateReason", ""),
        evaluation=alarm.get("EvaluationState", ""),
        metric=of,
        dimensions=dimensions,
        suppressed=suppression_reason(alarm),
    )


def metric(alarm: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """The metric that *alarm* is about and its dimensions, as its event tells them.

    Of an expression that is what `firstline.signals.sources.alarm_metric.common_metric` makes of
    its parts. An alarm of another kind, and a metric without dimensions, show no such key.
    """
    parts = [_parse_part(each) for each in alarm.get("Metrics", ())]
    several = common_metric([each for each in parts if each is not None])
    found = _parse_metric(alarm) if "MetricName" in alarm else several
    return found.name, found.dimensions


def _parse_part(entry: Mapping[str, Any]) -> AlarmMetric | None:
    """What one entry of an expression reads; the service's own default is that it is judged."""
    returned = entry.get("ReturnData", True)
    if "MetricStat" not in entry:
        return parse_query(entry.get("Expression", ""), returned=returned)
    return _parse_metric(entry["MetricStat"]["Metric"])._replace(returned=returned)


def _parse_metric(shown: Mapping[str, Any]) -> AlarmMetric:
    dimensions = {each["Name"]: each["Value"] for each in shown.get("Dimensions", ())}
    return AlarmMetric(shown["MetricName"], dimensions, shown.get("Namespace", ""))


def suppression_reason(alarm: Mapping[str, Any]) -> str:
    """Why the actions of *alarm* are not taken; raises `KeyError` for an alarm that is cut.

    CloudWatch dates the last change of an alarm, of which disabling is one.
    """
    if not alarm["ActionsEnabled"]:
        since = alarm["AlarmConfigurationUpdatedTimestamp"].isoformat(timespec="seconds")
        return f"its actions are disabled since {since}"
    by = alarm.get("ActionsSuppressedBy")  # of composite alarms, while they are suppressed
    return f"its actions are suppressed by its suppressor ({by})" if by else ""
