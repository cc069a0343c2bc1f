"""Operators: they pause and approve fixes, repair by hand, answer alerts, and deploy."""

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
from firstline.lab.twin.memory import MemoryBackend
from firstline.lab.twin.world import World

ACTION_PROBABILITY = 0.12
"""The probability of an action in each minute."""
PAUSE_LENGTH = timedelta(minutes=15)
DEPLOYMENT_LENGTH = timedelta(minutes=3)


class Operators:
    """Everybody on call.

    ``resolved_keys`` are the alerts that somebody resolved in PagerDuty itself.
    """

    def __init__(
        self,
        world: World,
        backend: MemoryBackend,
        choices: Choices,
        execute: Callable[[OperatorCommand], None],
        log: Callable[[str], None],
    ) -> None:
        self.resolved_keys: set[str] = set()
        self.deploying_until: datetime | None = None
        self.deployments = 0
        self._world = world
        self._backend = backend
        self._choices = choices
        self._execute = execute
        self._log = log
        self._planned = sorted(world.scenario.operator_commands, key=lambda each: each.at_seconds)
        self._actions = (
            lambda: None,
            self.approve,
            self._pause,
            self._resume,
            self._repair_hosts,
            self._deny,
            self._acknowledge,
            self._resolve,
            self._deploy,
        )

    def act_at_random(self) -> None:
        """Perform one random action, or none."""
        self._actions[self._choices.pick(len(self._actions), ACTION_PROBABILITY)]()

    @property
    def next_at(self) -> datetime | None:
        """Return when the next planned command is due."""
        ahead = (self._world.start + timedelta(seconds=each.at_seconds) for each in self._planned)
        return next(ahead, None)

    def run_planned(self, elapsed: timedelta) -> None:
        """Execute the planned commands that are due, each once, and the rival refresh."""
        self._start_rival_refresh()
        while self._planned and timedelta(seconds=self._planned[0].at_seconds) <= elapsed:
            plan = self._planned.pop(0)
            planned: dict[str, Callable[[], None]] = {
                "approve": self.approve,
                "deny": self._deny,
                "pause": self._pause,
                "resume": self._resume,
                "promote": partial(self._promote, plan.scope),
            }
            planned[plan.command]()

    def approve(self) -> None:
        """Approve the latest proposed plan of each open incident."""
        for incident, plan in self._proposals():
            self._execute(Approve(incident=incident.id, plan=plan, why="go on"))

    def finish_deployment(self, now: datetime) -> None:
        """Finish a deployment whose time is over."""
        if self.deploying_until is not None and now >= self.deploying_until:
            self.deploying_until = None
            self._set_stack_status("UPDATE_COMPLETE")

    def _start_rival_refresh(self) -> None:
        """Refresh the fleet while firstline's own refresh is unconfirmed."""
        if not self._world.scenario.rival:
            return
        incidents = self._backend.store.readable()
        current = (each.current for each in incidents if not each.ended)
        unknown = [each for each in current if each and each.command is None]
        if any(each.action == REFRESH_FLEET.name for each in unknown):
            with contextlib.suppress(RefreshInProgress):
                self._world.group.refresh(BY_HAND, by_hand=True)
                self._log("a person refreshes the fleet")

    def _deny(self) -> None:
        for incident, plan in self._proposals():
            self._execute(Deny(incident=incident.id, plan=plan, why="not now"))

    def _pause(self) -> None:
        until = self._world.now + PAUSE_LENGTH
        self._execute(PauseFixes(scope="everything", why="a drill", until=until))

    def _resume(self) -> None:
        self._execute(Resume(scope="everything", why="it is over"))

    def _promote(self, action: str) -> None:
        self._execute(Promote(action=action, why="it was the image"))

    def _repair_hosts(self) -> None:
        """Repair everything on the hosts, and the connection to them."""
        for host in self._world.group.in_service(self._world.now):
            host.plan = copy.replace(host.plan, reachable=True)
            for each in (host.enclave, host.parent, host.answers):
                each.turn(self._world.now, holds=True)
            host.unit.turn(self._world.now, holds="active")
        self._log("a person mends the hosts by hand")

    def _acknowledge(self) -> None:
        for key in self._backend.pager.alerts.by_key:
            self._backend.pager.alerts.acknowledge(key, self._world.now)
        self._log("a person acknowledges every alert")

    def _resolve(self) -> None:
        for key in self._backend.pager.alerts.by_key:
            self._backend.pager.alerts.resolve(key, self._world.now)
            self.resolved_keys.add(key)
        self._log("a person resolves every alert in PagerDuty")

    def _deploy(self) -> None:
        """Update the fleet's stack, and deploy new code of firstline."""
        self.deploying_until = self._world.now + DEPLOYMENT_LENGTH
        self.deployments += 1
        self._set_stack_status("UPDATE_IN_PROGRESS")
        self._log("a person deploys")

    def _set_stack_status(self, status: str) -> None:
        self._world.scenario = copy.replace(self._world.scenario, stack=status)

    def _proposals(self) -> list[tuple[Incident, str]]:
        """Return the latest proposed plan of each open incident."""
        incidents = self._backend.store.readable()
        asked = [each for each in incidents if each.proposals and not each.ended]
        return [(each, each.proposals[-1].plan) for each in asked]
