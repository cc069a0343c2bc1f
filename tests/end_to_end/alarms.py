"""CloudWatch's alarms: the deployed ones, evaluated, told to the bus and to their topics.

Metrics are those that the functions printed, the load balancer's of the fleet, and the queues'.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from operator import ge, gt, le, lt
from threading import Event, Thread
from typing import Any, Self

from moto.sqs.models import sqs_backends

from firstline.lab.twin.world import World
from firstline.signals.sources.cloudwatch import SOURCE, STATE_CHANGE
from tests.end_to_end import pace
from tests.end_to_end.cloud import ACCOUNT, REGION, Cloud
from tests.end_to_end.composites import holds
from tests.end_to_end.fleet import Fleet
from tests.end_to_end.metrics import STATISTICS, Metric, Metrics
from tests.end_to_end.rules import Bus

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": ge,
    "GreaterThanThreshold": gt,
    "LessThanOrEqualToThreshold": le,
    "LessThanThreshold": lt,
}
HALF = pace.MINUTE / 2
MISSING = {"breaching": True, "notBreaching": False, "ignore": None}


class Alarms:
    """Evaluates the alarms of which *watched* says so, twice a minute, while it is entered.

    What is turned by somebody (SetAlarmState) is told as well, and stands until the next time.
    """

    def __init__(
        self, cloud: Cloud, metrics: Metrics, fleet: Fleet, watched: Callable[[str], bool]
    ) -> None:
        self._cloud = cloud
        self._metrics = metrics
        self._fleet = fleet
        self._watched = watched
        self._bus = Bus(cloud)
        self._over = Event()
        self._thread = Thread(target=self._run, name="alarms")
        self._states: dict[str, str] = {}
        self._measured = pace.now()

    def __enter__(self) -> Self:
        self._states = {each["AlarmName"]: each["StateValue"] for each in self.deployed()}
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(HALF.total_seconds()):
            at, alarms = pace.now(), self.deployed()
            self._measure(alarms, at)
            for alarm in alarms:
                if alarm["StateValue"] != self._states[alarm["AlarmName"]]:
                    self._turned(alarm, at)
                elif self._watched(alarm["AlarmName"]):
                    self._turn(alarm, state(alarm, self._metrics, at), at)
            self._combine(alarms)

    def deployed(self) -> list[dict[str, Any]]:
        """The metric alarms as CloudWatch describes them."""
        return list(self._cloud.client("cloudwatch").describe_alarms()["MetricAlarms"])

    def composites(self) -> list[dict[str, Any]]:
        """The composite alarms as CloudWatch describes them."""
        result = self._cloud.client("cloudwatch").describe_alarms(AlarmTypes=["CompositeAlarm"])
        return list(result["CompositeAlarms"])

    def _measure(self, alarms: list[dict[str, Any]], at: datetime) -> None:
        """What AWS itself measures, twice a minute: targets by their health, and queues.

        This thread may come round less often; what it sees then stands for the time in between.
        """
        while self._measured + HALF <= at:
            self._measured += HALF
            self._measure_once(alarms, self._measured)

    def _measure_once(self, alarms: list[dict[str, Any]], at: datetime) -> None:
        health = list(self._fleet.ask(World.target_states).values())
        for alarm in alarms:
            counts = {"HealthyHostCount": "healthy", "UnHealthyHostCount": "unhealthy"}
            if alarm.get("MetricName") in counts:
                value = health.count(counts[alarm["MetricName"]])
                self._metrics.put(_metric(alarm), value, at)
            if alarm.get("Namespace") == "AWS/SQS":
                self._metrics.put(_metric(alarm), _of_queue(alarm, at), at)

    def _turn(self, alarm: dict[str, Any], now: str, at: datetime) -> None:
        if now == alarm["StateValue"]:
            return
        self._set(alarm, now)
        self._turned(alarm, at)

    def _set(self, alarm: dict[str, Any], now: str) -> None:
        alarm.update(StateValue=now, StateReason=f"Threshold Crossed: {now}")
        self._cloud.client("cloudwatch").set_alarm_state(
            AlarmName=alarm["AlarmName"], StateValue=now, StateReason=alarm["StateReason"]
        )

    def _turned(self, alarm: dict[str, Any], at: datetime) -> None:
        """What a metric alarm's turn is told to: the bus, and its own topics."""
        name, now = alarm["AlarmName"], alarm["StateValue"]
        before, self._states[name] = self._states[name], now
        self._put_event(alarm, before, at)
        self._act(alarm)

    def _combine(self, alarms: list[dict[str, Any]]) -> None:
        """Composite alarms, which speak to their topics and to no rule."""
        states = {each["AlarmArn"]: each["StateValue"] for each in alarms}
        for composite in self.composites():
            now = "ALARM" if holds(composite["AlarmRule"], states) else "OK"
            if now != composite["StateValue"]:
                self._set(composite, now)
                self._act(composite)

    def _put_event(self, alarm: dict[str, Any], before: str, at: datetime) -> None:
        """The event of a state, on the default bus."""
        stamp = at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
        turned = {"reason": alarm["StateReason"], "timestamp": stamp}
        detail = {
            "alarmName": alarm["AlarmName"],
            "configuration": {"metrics": [_metric_of(alarm)]},
            "previousState": {"value": before, **turned},
            "state": {"value": alarm["StateValue"], **turned},
        }
        self._bus.put(SOURCE, STATE_CHANGE, detail, alarm["AlarmArn"], at)

    def _act(self, alarm: dict[str, Any]) -> None:
        """What the topics hear that are actions of the alarm's state."""
        name, now = alarm["AlarmName"], alarm["StateValue"]
        message = json.dumps({"AlarmName": name, "NewStateValue": now})
        for topic in alarm[{"ALARM": "AlarmActions", "OK": "OKActions"}[now]]:
            self._cloud.client("sns").publish(
                TopicArn=topic, Subject=f"{now}: {name}", Message=message
            )


def state(alarm: dict[str, Any], metrics: Metrics, at: datetime) -> str:
    """The alarm's state by its last periods, each counted in the minutes of this test."""
    if "MetricName" not in alarm or not alarm["MetricName"]:
        raise NotImplementedError(f"{alarm['AlarmName']} is over an expression")
    period = pace.scaled(timedelta(seconds=alarm["Period"]))
    periods = alarm["EvaluationPeriods"]
    breaching = [_breaches(alarm, metrics, at - n * period, period) for n in range(periods)]
    needed = alarm.get("DatapointsToAlarm") or periods
    if breaching.count(True) >= needed:
        return "ALARM"
    return "OK" if False in breaching else str(alarm["StateValue"])


def _breaches(
    alarm: dict[str, Any], metrics: Metrics, until: datetime, period: timedelta
) -> bool | None:
    values = metrics.values(_metric(alarm), until, period)
    if not values:
        return MISSING[alarm["TreatMissingData"]]
    value = STATISTICS[alarm["Statistic"]](values)
    return COMPARISONS[alarm["ComparisonOperator"]](value, alarm["Threshold"])


def _metric(alarm: dict[str, Any]) -> Metric:
    by = frozenset((each["Name"], each["Value"]) for each in alarm["Dimensions"])
    return Metric(alarm["Namespace"], alarm["MetricName"], by)


def _metric_of(alarm: dict[str, Any]) -> dict[str, Any]:
    metric = {
        "namespace": alarm["Namespace"],
        "name": alarm["MetricName"],
        "dimensions": {each["Name"]: each["Value"] for each in alarm["Dimensions"]},
    }
    stat = {"metric": metric, "period": alarm["Period"], "stat": alarm["Statistic"]}
    return {"id": "m1", "metricStat": stat, "returnData": True}


def _of_queue(alarm: dict[str, Any], at: datetime) -> float:
    """The oldest message's age in seconds, as AWS counts them, or how many can be received."""
    ((_, name),) = _metric(alarm).dimensions
    messages: list[Any] = list(sqs_backends[ACCOUNT][REGION].queues[name]._messages)  # noqa: SLF001 - hidden ones count, too
    if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible":
        return float(len([each for each in messages if each.visible and not each.delayed]))
    sent = [each.sent_timestamp / 1000 for each in messages if not each.delayed]
    age = timedelta(seconds=max((at.timestamp() - each for each in sent), default=0))
    return age / pace.MINUTE * 60
