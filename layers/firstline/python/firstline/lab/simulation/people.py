"""People: they stop fixes, allow them, mend by hand, take alerts, and deploy in the midst of it."""

import contextlib
import copy
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from firstline.actions.refresh_fleet import REFRESH_FLEET
from firstline.controller.operators.commands import (
    Approve,
    Deny,
    OperatorCommand,
    PauseFixes,
    Promote,
    Resume,
)
from firstline.incidents.incident import Incident
from firstline.lab.simulation.choices import Choices
from firstline.lab.twin.fleet.group import BY_HAND, RefreshInProgress
from firstline.lab.twin.memory import MemoryDoor
from firstline.lab.twin.world import World

OFTEN = 0.12
"""How often somebody does something, in each minute."""
PAUSE = timedelta(minutes=15)
DEPLOYS_FOR = timedelta(minutes=3)


class People:
    """Whoever is awake. ``resolved`` are the alerts that somebody ended in PagerDuty itself."""

    def __init__(
        self,
        world: World,
        door: MemoryDoor,
        choices: Choices,
        pull: Callable[[OperatorCommand], None],
        note: Callable[[str], None],
    ) -> None:
        self.resolved: set[str] = set()
        self.deploys_until: datetime | None = None
        self.deployed = 0
        self._world = world
        self._door = door
        self._choices = choices
        self._pull = pull
        self._note = note
        self._planned = sorted(world.scenario.levers, key=lambda each: each.at_seconds)
        self._deeds = (
            lambda: None,
            self.approve,
            self._pause,
            self._resume,
            self._mend,
            self._deny,
            self._acknowledge,
            self._resolve,
            self._deploy,
        )

    def act(self) -> None:
        """What somebody does in this minute, if anybody does anything."""
        self._deeds[self._choices.pick(len(self._deeds), OFTEN)]()

    @property
    def next_at(self) -> datetime | None:
        """When the next lever of the start is pulled."""
        ahead = (self._world.start + timedelta(seconds=each.at_seconds) for each in self._planned)
        return next(ahead, None)

    def follow(self, elapsed: timedelta) -> None:
        """Pull the levers that the start has a person pull by then, each once; or be a rival."""
        self._rival()
        while self._planned and timedelta(seconds=self._planned[0].at_seconds) <= elapsed:
            plan = self._planned.pop(0)
            planned: dict[str, Callable[[], None]] = {
                "approve": self.approve,
                "deny": self._deny,
                "pause": self._pause,
                "resume": self._resume,
                "promote": partial(self._promote, plan.scope),
            }
            planned[plan.lever]()

    def approve(self) -> None:
        """Allow the plan that stands proposed."""
        for held, plan in self._proposed():
            self._pull(Approve(incident=held.id, plan=plan, why="go on"))

    def deployed_by(self, now: datetime) -> None:
        """End a deployment whose time is over."""
        if self.deploys_until is not None and now >= self.deploys_until:
            self.deploys_until = None
            self._turn_stack("UPDATE_COMPLETE")

    def _rival(self) -> None:
        """Refresh the fleet while it is not known whether firstline does."""
        if not self._world.scenario.rival:
            return
        held = self._door.store.readable()
        current = (each.current for each in held if not each.ended)
        unknown = [each for each in current if each and each.command is None]
        if any(each.action == REFRESH_FLEET.name for each in unknown):
            with contextlib.suppress(RefreshInProgress):
                self._world.group.refresh(BY_HAND, by_hand=True)
                self._note("a person refreshes the fleet")

    def _deny(self) -> None:
        for held, plan in self._proposed():
            self._pull(Deny(incident=held.id, plan=plan, why="not now"))

    def _pause(self) -> None:
        until = self._world.now + PAUSE
        self._pull(PauseFixes(scope="everything", why="a drill", until=until))

    def _resume(self) -> None:
        self._pull(Resume(scope="everything", why="it is over"))

    def _promote(self, action: str) -> None:
        self._pull(Promote(action=action, why="it was the image"))

    def _mend(self) -> None:
        """Everything that is wrong on the hosts, the way to them among it."""
        for host in self._world.group.in_service(self._world.now):
            host.plan = copy.replace(host.plan, reachable=True)
            for each in (host.enclave, host.parent, host.answers):
                each.turn(self._world.now, holds=True)
            host.unit.turn(self._world.now, holds="active")
        self._note("a person mends the hosts by hand")

    def _acknowledge(self) -> None:
        for key in self._door.pager.alerts.by_key:
            self._door.pager.alerts.acknowledge(key, self._world.now)
        self._note("a person acknowledges every alert")

    def _resolve(self) -> None:
        for key in self._door.pager.alerts.by_key:
            self._door.pager.alerts.resolve(key, self._world.now)
            self.resolved.add(key)
        self._note("a person resolves every alert in PagerDuty")

    def _deploy(self) -> None:
        """The fleet's stack is updated, and new code of firstline's own goes live."""
        self.deploys_until = self._world.now + DEPLOYS_FOR
        self.deployed += 1
        self._turn_stack("UPDATE_IN_PROGRESS")
        self._note("a person deploys")

    def _turn_stack(self, status: str) -> None:
        self._world.scenario = copy.replace(self._world.scenario, stack=status)

    def _proposed(self) -> list[tuple[Incident, str]]:
        """The plans that people were asked about last, of incidents that are open."""
        held = self._door.store.readable()
        asked = [each for each in held if each.proposals and not each.ended]
        return [(each, each.proposals[-1].plan) for each in asked]
