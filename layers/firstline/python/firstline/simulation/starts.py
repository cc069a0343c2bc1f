"""Starts: the worlds that runs begin in. A seed chooses one; a fleet of each kind of trouble."""

import copy
from collections.abc import Sequence
from typing import Any

from firstline.evidence import AlarmState
from firstline.ids import InstanceId
from firstline.twin.scenario import Dependency, EventPlan, FaultPlan, HostPlan, Scenario

IDS = tuple(InstanceId(f"i-0a1b2c3d4e5f6071{number}") for number in (1, 2, 3))
ZERO = EventPlan(alarm="healthy-hosts")
SOME = EventPlan(alarm="unhealthy-hosts")


def _fleet(*hosts: dict[str, Any]) -> tuple[HostPlan, ...]:
    return tuple(HostPlan(id=id_, **plan) for id_, plan in zip(IDS, hosts, strict=False))


def _start(name: str, hosts: tuple[HostPlan, ...], *events: EventPlan) -> Scenario:
    return Scenario(name=name, hosts=hosts, events=events)


def _down(dependency: Dependency) -> Scenario:
    """All of one dependency fails for five minutes, in the midst of a complete outage."""
    fault = FaultPlan(dependency=dependency, until_seconds=300)
    whole = _start(f"{dependency} is down", _fleet({}, {}), ZERO)
    return copy.replace(whole, faults=(fault,))


UP: dict[str, Any] = {"enclave": "up"}
STARTS: Sequence[Scenario] = (
    _start("a complete outage", _fleet({}, {}, {}), ZERO),
    _start("one dead host", _fleet({}, UP, UP), SOME),
    _start("restarts do not help", _fleet({"restart_helps": False}, UP), SOME),
    _start("nothing helps", _fleet({"restart_helps": False, "replacement_helps": False}), ZERO),
    _start("all is well", _fleet(UP, UP), ZERO),
    _start("a lost host", _fleet({"reachable": False}, UP), SOME),
    _start("a fix that does not last", _fleet({"relapses_after_seconds": 90}, UP), SOME),
    _start("it recovers by itself", _fleet({"recovers_at_seconds": 20}, UP), SOME),
    _start(
        "a second alarm joins",
        _fleet({}, {"enclave": "up", "dies_at_seconds": 15}),
        SOME,
        EventPlan(alarm="healthy-hosts", at_seconds=40),
    ),
    _start(
        "an alarm that is OK again at once",
        _fleet({}, UP),
        EventPlan(alarm="rest-api-errors"),
        EventPlan(alarm="rest-api-errors", state=AlarmState.OK, at_seconds=2),
    ),
    _start(
        "two troubles at once", _fleet({}, {}), ZERO, EventPlan(alarm="host-memory", at_seconds=5)
    ),
    _down("store"),
    _down("pagerduty"),
    _down("hosts"),
    _down("fleet"),
    _down("wakes"),
)
