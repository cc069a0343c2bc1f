"""Doors: the system in the twin's memory, and over its AWS; each tells which wakes are due."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from bench.narrow import forget, narrowed
from bench.rates import Asked
from firstline.adapters import wiring
from firstline.adapters.aws.wakes import decode_wake
from firstline.cli.event_files import RUNBOOK
from firstline.config import fleet_file as profiles
from firstline.controller.ports.messaging import Wake
from firstline.controller.system import System
from firstline.lab.twin.aws import TwinAws
from firstline.lab.twin.clock import WorldClock
from firstline.lab.twin.memory import MemoryBackend
from firstline.lab.twin.pager.alerts import Alerts
from firstline.lab.twin.pager.pagerduty import PagerDutyServer
from firstline.lab.twin.world import World


class Door(NamedTuple):
    """One world's system, the alerts of its pager, and what takes the wakes that are due."""

    world: World
    system: System
    alerts: Alerts
    due: Callable[[], list[Wake]]


@contextmanager
def memory(world: World, asked: Asked) -> Iterator[Door]:
    """The ports in memory."""
    door = MemoryBackend(world, asked)
    settings = TwinAws(world, WorldClock(world).sleep).settings(
        profiles.read(RUNBOOK), "enforce", ""
    )
    system = System(door.ports, profiles.load(RUNBOOK), settings)
    yield Door(world, system, door.pager.alerts, lambda: due(door.wakes.waiting, world.now))


@contextmanager
def aws(world: World, asked: Asked) -> Iterator[Door]:
    """The adapters over the twin's AWS."""
    clock, waiting = WorldClock(world), list[tuple[datetime, Wake]]()
    pagerduty = PagerDutyServer(lambda: world.now, asked.page)
    with narrowed(), TwinAws(world, clock.sleep) as door, pagerduty:
        settings = door.settings(profiles.read(RUNBOOK), "enforce", pagerduty.url)
        asked.listen(door)

        def take() -> list[Wake]:
            with asked.nothing():  # it is Lambda that takes them
                taken = door.take(settings.wakes_queue_url)
            forget(door.home, settings.wakes_queue_url)
            waiting.extend((each.due_at, decode_wake(each.body)) for each in taken)
            return due(waiting, world.now)

        yield Door(world, wiring.system(settings, door.session, clock), pagerduty.alerts, take)


DOORS = {"memory": memory, "aws": aws}


def due(waiting: list[tuple[datetime, Wake]], now: datetime) -> list[Wake]:
    """Take what is due."""
    found = [wake for at, wake in waiting if at <= now]
    waiting[:] = [each for each in waiting if each[0] > now]
    return found
