"""Alarm types: the types of CloudWatch's alarms, and the lists of a DescribeAlarms answer.

CloudWatch returns only the types that a request names (API reference, DescribeAlarms).
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
"""Each type, and the list of an answer with its alarms."""
ALARM_TYPES: tuple["AlarmTypeType", ...] = tuple(LIST_OF_TYPE)


def alarms_on(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The alarms of all types on a *page*; raises `KeyError` for a truncated one.

    CloudWatch returns the lists of metric and composite alarms even if they are empty.
    """
    # a botocore that does not know log alarms drops their list, so that none is found: `whole`
    lists = {LOG_ALARMS: []} | dict(page)
    return [alarm for each in LIST_OF_TYPE.values() for alarm in lists[each]]


def metric_alarms(page: "DescribeAlarmsOutputTypeDef") -> "list[MetricAlarmTypeDef]":
    """The metric alarms on a *page*; raises `KeyError` for a truncated one."""
    return page["MetricAlarms"]


def alarm_name(arn: str) -> str:
    """The name in the ARN of an alarm; empty for the ARN of anything else."""
    return arn.partition(":alarm:")[2]


def is_complete(page: Mapping[str, Any]) -> bool:
    """True if *page* can list alarms of every type, so that a missing alarm does not exist."""
    return LOG_ALARMS in page


def firing_alarm(alarm: Mapping[str, Any]) -> FiringAlarm:
    """Parse *alarm*, which is in ALARM; raises `KeyError` for a truncated one.

    CloudWatch omits the transition's time if the state is older than that field.
    """
    metric_name, dimensions = metric(alarm)
    return FiringAlarm(
        arn=alarm["AlarmArn"],
        since=instant(alarm.get("StateTransitionedTimestamp") or alarm["StateUpdatedTimestamp"]),
        reason=alarm.get("StateReason", ""),
        evaluation=alarm.get("EvaluationState", ""),
        metric=metric_name,
        dimensions=dimensions,
        suppressed=suppression_reason(alarm),
    )


def metric(alarm: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """The metric of *alarm* and its dimensions, as its event has them.

    For an expression it is `firstline.signals.sources.alarm_metric.common_metric` of its parts. An
    alarm of another type, and a metric without dimensions, have no such key.
    """
    parts = [_parse_part(each) for each in alarm.get("Metrics", ())]
    several = common_metric([each for each in parts if each is not None])
    alarm_metric = _parse_metric(alarm) if "MetricName" in alarm else several
    return alarm_metric.name, alarm_metric.dimensions


def _parse_part(entry: Mapping[str, Any]) -> AlarmMetric | None:
    """The metric of one entry of an expression; by the service's default it is returned."""
    returned = entry.get("ReturnData", True)
    if "MetricStat" not in entry:
        return parse_query(entry.get("Expression", ""), returned=returned)
    return _parse_metric(entry["MetricStat"]["Metric"])._replace(returned=returned)


def _parse_metric(stored: Mapping[str, Any]) -> AlarmMetric:
    dimensions = {each["Name"]: each["Value"] for each in stored.get("Dimensions", ())}
    return AlarmMetric(stored["MetricName"], dimensions, stored.get("Namespace", ""))


def suppression_reason(alarm: Mapping[str, Any]) -> str:
    """The reason why *alarm*'s actions are suppressed, or an empty string.

    Raises `KeyError` for a truncated alarm. CloudWatch dates an alarm's last change, such as the
    disabling of its actions.
    """
    if not alarm["ActionsEnabled"]:
        since = alarm["AlarmConfigurationUpdatedTimestamp"].isoformat(timespec="seconds")
        return f"its actions are disabled since {since}"
    by = alarm.get("ActionsSuppressedBy")  # of composite alarms, while they are suppressed
    return f"its actions are suppressed by its suppressor ({by})" if by else ""
