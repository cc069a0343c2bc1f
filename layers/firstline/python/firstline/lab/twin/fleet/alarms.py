"""Alarms of the twin's world, as DescribeAlarms shows them."""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from firstline.diagnosis.evidence import AlarmState

CROSSED = "Threshold Crossed"
"""The first words of CloudWatch's reason for a state that data caused."""
_REASON = re.compile(
    r"of the last (?P<evaluated>\d+) datapoints? .* w(?:as|ere) (?P<negated>not )?"
    r"(?P<comparison>(?:greater|less) than(?: or equal to)?) the threshold"
    r" \((?P<threshold>[-+.\dE]+)\) \(minimum (?P<minimum>\d+) datapoint"
)
"""The rest of the reason: the minimum is of datapoints that changed the state."""
OPERATORS = {
    "greater than": "GreaterThanThreshold",
    "greater than or equal to": "GreaterThanOrEqualToThreshold",
    "less than": "LessThanThreshold",
    "less than or equal to": "LessThanOrEqualToThreshold",
}
STATISTICS = frozenset({"Average", "Maximum", "Minimum", "SampleCount", "Sum"})
"""Any other statistic is an extended one, such as a percentile."""
BAND = "ANOMALY_DETECTION_BAND"


class MuteWindow(NamedTuple):
    """A mute rule's window over one alarm; an event came of an ``announced`` one."""

    arn: str
    starts: datetime
    ends: datetime
    announced: bool = False


class Alarm(msgspec.Struct, kw_only=True):
    """One alarm; ``counts`` names its metric in the world, or None where events set its state.

    ``healthy`` and ``unhealthy`` count the hosts by the load balancer, ``answering`` is the probe's
    metric ``EnclaveAnswering``. The first state is that since ``began``.
    """

    arn: str
    envelope: bytes
    counts: str | None
    state: AlarmState
    began: datetime
    evaluated_at: datetime
    turned: list[tuple[datetime, AlarmState]] = []

    def turn(self, state: AlarmState, at: datetime) -> None:
        """Turn to *state* at *at*."""
        if state is not self.state:
            self.turned.append((at, self.state))
            self.state = state

    def state_at(self, at: datetime) -> AlarmState:
        """Return its state at *at*, which may be a little in the past."""
        return next((before for turned_at, before in self.turned if at < turned_at), self.state)

    def since(self, at: datetime) -> datetime:
        """Return the begin of the state at *at*."""
        return max(
            (turned_at for turned_at, _ in self.turned if turned_at <= at), default=self.began
        )

    def rings_at(self, at: datetime) -> bool:
        """True if it is in ALARM at *at*; before its first state it is not."""
        return at >= self.began and self.state_at(at) is AlarmState.ALARM

    def watches(self, namespace: str, metric: str) -> bool:
        """True if its event's configuration names this metric."""
        shown = self._detail.get("configuration", {}).get("metrics", ())
        metrics = (each["metricStat"]["metric"] for each in shown if "metricStat" in each)
        return any((each["namespace"], each["name"]) == (namespace, metric) for each in metrics)

    @property
    def kind(self) -> str:
        """Return its kind in the words of ``AlarmTypes``, by its event's configuration."""
        shown = self._detail.get("configuration", {})
        if "scheduledQueryConfiguration" in shown:
            return "LogAlarm"
        return "CompositeAlarm" if "alarmRule" in shown else "MetricAlarm"

    def described(self, at: datetime) -> dict[str, Any]:
        """Return what DescribeAlarms shows of it, except its actions."""
        since = self.since(at)
        first = self._detail.get("state", {}).get("reason", CROSSED)
        metrics = self._detail.get("configuration", {}).get("metrics", ())
        return {
            "AlarmName": self.arn.split(":", maxsplit=6)[-1],
            "AlarmArn": self.arn,
            "StateValue": self.state_at(at).value,
            "StateReason": CROSSED if self.turned else first,
            "StateUpdatedTimestamp": since,
            "StateTransitionedTimestamp": since,
            **_watched(metrics),
            **({} if _has_band(metrics) else _limit(first)),
        }

    @property
    def _detail(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.envelope).get("detail", {})
        return found


def _watched(metrics: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the metrics of the event's configuration; one alone is no list in the API."""
    if len(metrics) != 1 or "metricStat" not in metrics[0]:
        return {"Metrics": list(map(_metric, metrics))}
    shown = _metric(metrics[0])["MetricStat"]
    kind = "Statistic" if shown["Stat"] in STATISTICS else "ExtendedStatistic"
    return {**shown["Metric"], "Period": shown["Period"], kind: shown["Stat"]}


def _metric(entry: dict[str, Any]) -> dict[str, Any]:
    """Return a metric of the event's configuration in the API's words."""
    shown = {"Id": entry["id"], "ReturnData": entry.get("returnData", True)}
    shown |= {key.title(): entry[key] for key in ("label", "period") if key in entry}
    if "metricStat" not in entry:
        return shown | {"Expression": entry.get("expression", "")}
    stat = entry["metricStat"]
    metric = stat["metric"]
    dimensions = [{"Name": key, "Value": value} for key, value in metric["dimensions"].items()]
    named = {"Namespace": metric["namespace"], "MetricName": metric["name"]}
    of = named | {"Dimensions": dimensions}
    return shown | {"MetricStat": {"Metric": of, "Period": stat["period"], "Stat": stat["stat"]}}


def _has_band(metrics: Sequence[dict[str, Any]]) -> bool:
    """True if it compares with a band in place of a threshold."""
    return any(BAND in each.get("expression", "") for each in metrics)


def _limit(reason: str) -> dict[str, Any]:
    """Return the threshold in *reason*, and how many datapoints must cross it; else nothing.

    The minimum that ends an ALARM leaves one crossing datapoint fewer than an ALARM needs.
    """
    found = _REASON.search(reason)
    if found is None:
        return {}
    evaluated, minimum = int(found["evaluated"]), int(found["minimum"])
    return {
        "Threshold": float(found["threshold"]),
        "ComparisonOperator": OPERATORS[found["comparison"]],
        "EvaluationPeriods": evaluated,
        "DatapointsToAlarm": evaluated - minimum + 1 if found["negated"] else minimum,
    }
