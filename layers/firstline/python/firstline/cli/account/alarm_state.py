"""Drills: the alarm that is rung, as CloudWatch shows it, and its turn."""

import re
from typing import TYPE_CHECKING, Any

import msgspec

from firstline.adapters.aws.alarm_types import ALARM_TYPES, alarms_on, metric
from firstline.adapters.aws.errors import unavailable
from firstline.diagnosis.evidence import AlarmState
from firstline.errors import InvalidInput

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient


class Rung(msgspec.Struct, frozen=True):
    """An alarm that can be rung; its metric and dimensions are those that its event tells."""

    name: str
    arn: str
    state: AlarmState
    metric: str
    dimensions: dict[str, str]


class AwsAlarms:
    """The alarms of the deployment *stack*; a turn is asked for once."""

    def __init__(self, client: "CloudWatchClient", stack: str) -> None:
        self._client = client
        self._stack = stack

    def made(self, known_as: str) -> Rung | None:
        """The alarm that the stack made for the profile's *known_as*.

        Raises `DependencyUnavailable`.
        """
        begins = f"{self._stack}-Detection{''.join(it for it in known_as if it.isalnum())}"
        with unavailable("alarms"):
            pages = self._client.get_paginator("describe_alarms").paginate(
                AlarmNamePrefix=begins, AlarmTypes=ALARM_TYPES
            )
            shown = [each for page in pages for each in alarms_on(page)]
            # behind the logical id's own words come its hash, and what CloudFormation adds
            names = re.compile(rf"{re.escape(begins)}[0-9A-F]{{8}}-[A-Za-z0-9]+")
            found = [each for each in shown if names.fullmatch(each["AlarmName"])]
        return _rung(found[0]) if found else None

    def named(self, name: str) -> Rung | None:
        """The alarm of this name; raises `DependencyUnavailable`."""
        with unavailable("alarms"):
            shown = alarms_on(
                self._client.describe_alarms(AlarmNames=[name], AlarmTypes=ALARM_TYPES)
            )
        return next(map(_rung, shown), None)

    def turn(self, alarm: Rung, state: AlarmState, reason: str) -> None:
        """Turn *alarm*, until CloudWatch judges it anew; raises `DependencyUnavailable`."""
        with unavailable("alarms"):
            self._client.set_alarm_state(
                AlarmName=alarm.name, StateValue=state.value, StateReason=reason
            )


def _rung(shown: Any) -> Rung:  # noqa: ANN401 - the service's own shape
    try:
        name, dimensions = metric(shown)
        return Rung(
            name=shown["AlarmName"],
            arn=shown["AlarmArn"],
            state=AlarmState(shown["StateValue"]),
            metric=name,
            dimensions=dimensions,
        )
    except KeyError as error:
        raise InvalidInput(f"CloudWatch shows the alarm without its {error}") from error
