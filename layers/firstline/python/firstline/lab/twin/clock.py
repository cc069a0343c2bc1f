"""The world's time as a port."""

from datetime import datetime, timedelta

from firstline.lab.twin.world import World


class WorldClock:
    """`Clock` that reads the world's time; a sleep advances it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> datetime:
        """See `firstline.controller.ports.messaging.Clock`."""
        return self._world.now

    def sleep(self, duration: timedelta) -> None:
        """See `firstline.controller.ports.messaging.Clock`."""
        self._world.now += duration
