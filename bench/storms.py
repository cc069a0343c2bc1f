"""Storms: the alarm events of each kind of storm, a hundred a second.

Whoever takes an event finds the world's alarm in the state that it tells of.
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from bench.rates import SECOND
from firstline.cli.event_files import RUNBOOK
from firstline.config import fleet_file as profiles
from firstline.diagnosis.evidence import AlarmState
from firstline.event_sources import ALARM as RULED
from firstline.ids import digest
from firstline.lab.twin.world import World
from firstline.signal import Condition
from firstline.signals import correlation as causes

EVENT = Path(__file__).parents[1] / "events" / "cloudwatch.unlisted-http-api-5xx.json"
RATE = 100
"""Events a second."""
ALARM, OK, NO_DATA = AlarmState.ALARM, AlarmState.OK, AlarmState.INSUFFICIENT_DATA
STRANGERS = 500
"""How many alarms that no rule knows are there beside an outage."""

type Storm = Callable[[World, int], Iterator[bytes]]


def strangers(world: World, count: int) -> Iterator[bytes]:
    """Alarms that no rule knows: each is a trouble of its own."""
    for number in range(count):
        yield _turn(world, f"stranger-{number}", ALARM, number)


def outage(world: World, count: int) -> Iterator[bytes]:
    """What one outage raises.

    First the P1, whose alarm counts the hosts that serve and so is OK again once they are mended.
    Then every other alarm by which the service is seen turns and turns again, and is OK in the
    end; among them others that no rule knows lose their data and have it again. Each tenth event
    comes twice.
    """
    leader, *sides = service()
    result, turned = _turn(world, leader, ALARM, 0, counts="healthy"), 0
    yield result
    for number in range(1, count):
        ending = number - (count - len(sides))
        if ending >= 0:
            result = _turn(world, sides[ending], OK, number)
        elif number % 10 == 9:  # noqa: PLR2004
            pass  # once more
        elif number % 4 == 3:  # noqa: PLR2004
            seen, which = divmod(number // 4, STRANGERS)
            result = _turn(world, f"stranger-{which}", OK if seen % 2 else NO_DATA, number)
        else:
            rounds, which = divmod(turned, len(sides))
            result = _turn(world, sides[which], OK if rounds % 2 else ALARM, number)
            turned += 1
        yield result


def amid(world: World, count: int) -> Iterator[bytes]:
    """An outage, and with it alarms that no rule knows."""
    yield _turn(world, service()[0], ALARM, 0)
    for number in range(1, count):
        yield _turn(world, f"stranger-{number}", ALARM, number)


STORMS: dict[str, Storm] = {"strangers": strangers, "outage": outage, "amid": amid}


def service() -> list[str]:
    """The alarms by which the profile sees the service, a P1 first, as CloudWatch names them."""
    profile = profiles.load(RUNBOOK)
    names = {each.known_as: each.name for each in profile.alarms.external}
    whole = causes.correlation_key(profile.fleet.name, Condition.COMPLETE_OUTAGE)
    rules = (each for each in profile.rules if each.source == RULED)
    seen = [
        each
        for each in rules
        if causes.correlation_key(profile.fleet.name, each.condition) == whole
    ]
    seen.sort(key=lambda each: each.severity)
    return [names.get(each.subject, each.subject) for each in seen]


def _turn(
    world: World, name: str, state: AlarmState, number: int, counts: str | None = None
) -> bytes:
    """The alarm is in that state, since the hundredth of the last second that *number* says."""
    arn = f"arn:aws:cloudwatch:us-east-1:111122223333:alarm:{name}"
    at = world.now - SECOND + timedelta(milliseconds=number % RATE * 1000 // RATE)
    event = _alarm_event(arn, name, state, at)
    world.watch(arn, event if counts else _template(), counts, state)
    return event


@cache
def _template() -> bytes:
    """One for all: what CloudWatch keeps of an alarm is not what is measured."""
    return EVENT.read_bytes()


def _alarm_event(arn: str, name: str, state: AlarmState, at: datetime) -> bytes:
    event = json.loads(_template())
    stamp = at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
    event["id"] = digest(f"{arn}{state}{stamp}".encode())[:32]
    event["time"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    event["resources"] = [arn]
    detail = event["detail"]
    detail["alarmName"], detail["previousState"] = name, detail["state"]
    detail["state"] = {"value": state.value, "reason": "Threshold Crossed", "timestamp": stamp}
    return json.dumps(event).encode()
