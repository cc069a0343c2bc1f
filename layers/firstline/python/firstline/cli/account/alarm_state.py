"""The CloudWatch alarms of a deployment: their state, and setting it for a drill."""

import re
from typing import TYPE_CHECKING, Any

import msgspec

from firstline.adapters.aws.alarm_types import ALARM_TYPES, alarms_on, metric
from firstline.adapters.aws.errors import unavailable
from firstline.diagnosis.evidence import AlarmState
from firstline.errors import InvalidInput

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient


class DrillAlarm(msgspec.Struct, frozen=True):
    """An alarm that a drill can raise; ``metric`` and ``dimensions`` are those of its event."""

    name: str
    arn: str
    state: AlarmState
    metric: str
    dimensions: dict[str, str]


class CloudWatchAlarms:
    """The alarms of the deployment *stack*. Setting a state is requested once, without a retry."""

    def __init__(self, client: "CloudWatchClient", stack: str) -> None:
        self._client = client
        self._stack = stack

    def find_created(self, known_as: str) -> DrillAlarm | None:
        """Return the alarm that the stack created for the profile's *known_as*.

        Raises `DependencyUnavailable`.
        """
        prefix = f"{self._stack}-Detection{''.join(it for it in known_as if it.isalnum())}"
        with unavailable("alarms"):
            pages = self._client.get_paginator("describe_alarms").paginate(
                AlarmNamePrefix=prefix, AlarmTypes=ALARM_TYPES
            )
            alarms = [each for page in pages for each in alarms_on(page)]
            # the logical id ends in its hash, and CloudFormation adds a suffix
            names = re.compile(rf"{re.escape(prefix)}[0-9A-F]{{8}}-[A-Za-z0-9]+")
            matching = [each for each in alarms if names.fullmatch(each["AlarmName"])]
        return _drill_alarm(matching[0]) if matching else None

    def find(self, name: str) -> DrillAlarm | None:
        """Return the alarm of this name; raises `DependencyUnavailable`."""
        with unavailable("alarms"):
            alarms = alarms_on(
                self._client.describe_alarms(AlarmNames=[name], AlarmTypes=ALARM_TYPES)
            )
        return next(map(_drill_alarm, alarms), None)

    def set_state(self, alarm: DrillAlarm, state: AlarmState, reason: str) -> None:
        """Set the state until CloudWatch next evaluates the alarm.

        Raises `DependencyUnavailable`.
        """
        with unavailable("alarms"):
            self._client.set_alarm_state(
                AlarmName=alarm.name, StateValue=state.value, StateReason=reason
            )


def _drill_alarm(description: Any) -> DrillAlarm:  # noqa: ANN401 - the service's own shape
    try:
        metric_name, dimensions = metric(description)
        return DrillAlarm(
            name=description["AlarmName"],
            arn=description["AlarmArn"],
            state=AlarmState(description["StateValue"]),
            metric=metric_name,
            dimensions=dimensions,
        )
    except KeyError as error:
        raise InvalidInput(f"CloudWatch returned the alarm without {error}") from error
