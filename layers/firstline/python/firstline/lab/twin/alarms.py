"""Alarms of the twin's world, as DescribeAlarms shows them."""

import json
from datetime import datetime

import msgspec

from firstline.diagnosis.evidence import AlarmState


class Alarm(msgspec.Struct, kw_only=True):
    """One alarm; ``counts`` names what it is over, and over anything else (None) it is as told.

    ``healthy`` and ``unhealthy`` are the hosts that the load balancer finds so, ``answering`` is
    the probe's metric ``EnclaveAnswering``.
    """

    arn: str
    envelope: bytes
    counts: str | None
    state: AlarmState
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

    @property
    def kind(self) -> str:
        """Its kind in the words of ``AlarmTypes``, by the configuration that its event shows."""
        shown = json.loads(self.envelope).get("detail", {}).get("configuration", {})
        if "scheduledQueryConfiguration" in shown:
            return "LogAlarm"
        return "CompositeAlarm" if "alarmRule" in shown else "MetricAlarm"
