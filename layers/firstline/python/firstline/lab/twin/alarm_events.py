"""The event by which EventBridge reports a state change of a profile's alarm."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

from firstline.config.profile import AlarmDefinition, Profile
from firstline.config.settings import Home
from firstline.diagnosis.evidence import AlarmState
from firstline.errors import InvalidInput
from firstline.ids import digest
from firstline.lab.twin.fleet.alarms import MuteWindow
from firstline.lab.twin.scenario import Scenario
from firstline.lab.twin.undeployed import alarm_arn
from firstline.monitoring import alarms as detection
from firstline.signal import DRILL_ALARM
from firstline.signals.sources.transports import unwrap_dead_letter

REASON = "Threshold Crossed"
"""The first words of CloudWatch's own reasons."""


def alarm_event(  # noqa: PLR0913, PLR0917 - what an event says
    name: str,
    state: AlarmState,
    at: datetime,
    profile: Profile,
    home: Home,
    reason: str = REASON,
) -> bytes:
    """Return the event; raises `InvalidInput` for an alarm that the fleet does not have."""
    found = detection.find_alarm(name, profile)
    if found is None and name != DRILL_ALARM:
        known = ", ".join(each.name for each in detection.deployable_alarms(profile))
        message = f"the fleet file defines no alarm {name!r}: known are {known}"
        raise InvalidInput(message)
    stamp = at.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    before = AlarmState.OK if state is not AlarmState.OK else AlarmState.ALARM
    detail = {
        "alarmName": name,
        "state": {"value": state.value, "reason": reason, "timestamp": stamp},
        "previousState": {"value": before.value, "timestamp": stamp},
        "configuration": {"metrics": [_metric(found)] if found else []},
    }
    event = {
        "version": "0",
        "id": digest(f"{alarm_arn(name, home)}{state}{stamp}".encode())[:32],
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": home.account,
        "time": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": home.region,
        "resources": [alarm_arn(name, home)],
        "detail": detail,
    }
    return json.dumps(event).encode()


def mute_windows(scenario: Scenario, start: datetime, home: Home) -> Iterator[MuteWindow]:
    """Yield the mute windows of *scenario*; no event announces them."""
    for each in scenario.mutes:
        since, until = timedelta(seconds=each.from_seconds), timedelta(seconds=each.until_seconds)
        yield MuteWindow(alarm_arn(each.alarm, home), start + since, start + until)


def disables_actions(body: bytes) -> bool:
    """True if *body*, an alarm-configuration event, shows the actions disabled."""
    configuration = json.loads(unwrap_dead_letter(body))["detail"].get("configuration", {})
    return configuration.get("actionsEnabled") is False


def _metric(alarm: AlarmDefinition) -> dict[str, object]:
    metric = {
        "namespace": alarm.namespace,
        "name": alarm.metric,
        "dimensions": alarm.dimensions,
    }
    stat = {"metric": metric, "period": alarm.period_seconds, "stat": alarm.statistic}
    return {"id": "m1", "metricStat": stat, "returnData": True}
