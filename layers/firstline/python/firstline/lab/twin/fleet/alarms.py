"""Alarms of the twin's world, as DescribeAlarms shows them."""

import json
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from firstline.diagnosis.evidence import AlarmState

CROSSED = "Threshold Crossed"
"""How CloudWatch begins the reason of a state that data led to."""


class MuteWindow(NamedTuple):
    """A mute rule's window over one alarm; of one that is ``announced`` an event came."""

    arn: str
    starts: datetime
    ends: datetime
    announced: bool = False


class Alarm(msgspec.Struct, kw_only=True):
    """One alarm; ``counts`` names what it is over, and over anything else (None) it is as told.

    ``healthy`` and ``unhealthy`` are the hosts that the load balancer finds so, ``answering`` is
    the probe's metric ``EnclaveAnswering``. It is in its first state since ``began``.
    """

    arn: str
    envelope: bytes
    counts: str | None
    state: AlarmState
    began: datetime
    evaluated_at: datetime
    turned: list[tuple[datetime, AlarmState]] = []

    def turn(self, state: AlarmState, at: datetime) -> None:
        """From *at* on it is in *state*."""
        if state is not self.state:
            self.turned.append((at, self.state))
            self.state = state

    def state_at(self, at: datetime) -> AlarmState:
        """Its state then: DescribeAlarms may tell of one a little while ago."""
        return next((before for turned_at, before in self.turned if at < turned_at), self.state)

    def since(self, at: datetime) -> datetime:
        """Since when it has been in the state of *at*."""
        return max(
            (turned_at for turned_at, _ in self.turned if turned_at <= at), default=self.began
        )

    def rings_at(self, at: datetime) -> bool:
        """Whether it is in ALARM then; before its first state it is not."""
        return at >= self.began and self.state_at(at) is AlarmState.ALARM

    def watches(self, namespace: str, metric: str) -> bool:
        """Whether the configuration that its event shows names this metric."""
        shown = self._detail.get("configuration", {}).get("metrics", ())
        metrics = (each["metricStat"]["metric"] for each in shown if "metricStat" in each)
        return any((each["namespace"], each["name"]) == (namespace, metric) for each in metrics)

    @property
    def kind(self) -> str:
        """Its kind in the words of ``AlarmTypes``, by the configuration that its event shows."""
        shown = self._detail.get("configuration", {})
        if "scheduledQueryConfiguration" in shown:
            return "LogAlarm"
        return "CompositeAlarm" if "alarmRule" in shown else "MetricAlarm"

    def described(self, at: datetime) -> dict[str, Any]:
        """What DescribeAlarms shows of it, but for its actions."""
        since = self.since(at)
        first = self._detail.get("state", {}).get("reason", CROSSED)
        return {
            "AlarmName": self.arn.split(":", maxsplit=6)[6],
            "AlarmArn": self.arn,
            "StateValue": self.state_at(at).value,
            "StateReason": CROSSED if self.turned else first,
            "StateUpdatedTimestamp": since,
            "StateTransitionedTimestamp": since,
            "Metrics": list(map(_metric, self._detail.get("configuration", {}).get("metrics", ()))),
        }

    @property
    def _detail(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.envelope).get("detail", {})
        return found


def _metric(entry: dict[str, Any]) -> dict[str, Any]:
    """A metric of the event's configuration, in the words of the API."""
    shown = {"Id": entry["id"], "ReturnData": entry.get("returnData", True)}
    if "metricStat" not in entry:
        return shown | {"Expression": entry.get("expression", "")}
    metric = entry["metricStat"]["metric"]
    dimensions = [{"Name": key, "Value": value} for key, value in metric["dimensions"].items()]
    named = {"Namespace": metric["namespace"], "MetricName": metric["name"]}
    return shown | {"MetricStat": {"Metric": named | {"Dimensions": dimensions}}}
