"""Chance: which fault befalls a remote request, and which failure domain breaks."""

import functools
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from firstline.diagnosis.failure_domains import Domain
from firstline.lab.simulation.choices import Choices
from firstline.lab.simulation.faults import Fault, possible
from firstline.lab.twin.scenario import BreakPlan
from firstline.lab.twin.world import World

FAULTS_RARELY = {
    "store.load": 0.02,
    "store.limits": 0.02,
    "store.commit": 0.03,
    "wakes.queue": 0.05,
    "fleet.group": 0.02,
    "fleet.target_health": 0.02,
    "fleet.alarms": 0.02,
    "fleet.answering": 0.02,
    "fleet.muted": 0.3,
    "hosts.answers": 0.02,
    "store.due": 0.02,
    "store.switch": 0.02,
    "pager.post": 0.1,
    "hosts.fix": 0.3,
    "hosts.find": 0.3,
    "scaling.fix": 0.3,
    "scaling.find": 0.3,
    "scaling.departure": 0.3,
    "team.publish": 0.3,
    "background": 0.5,
    "background.alarm_metric": 0.1,
    "background.external_metric": 0.1,
    "background.placement": 0.25,
    "background.routes": 0.5,
    "background.peerings": 0.9,
}
"""By effect, or by port: the rarer one is in a run, the more often it fails."""
FAULTS_RARELY_ELSE = 0.05
BREAKS_RARELY = 0.15
BROKEN_FOR = (120, 480, 1200)
"""In seconds: less than a look takes to be old, and longer than people are waited for."""


class Forced(NamedTuple):
    """A fault that a run must meet."""

    effect: str
    fault: Fault


class Chance:
    """The faults of one run, until it heals, and at most one failure domain that breaks in it.

    *forced* come in their order, each at the next request of its effect.
    """

    def __init__(
        self, world: World, choices: Choices, heals_at: datetime, forced: Sequence[Forced] = ()
    ) -> None:
        self._forced = list(forced)
        self._world = world
        self._choices = choices
        self._heals_at = heals_at
        self._break()

    def fault(self, effect: str) -> Fault:
        """What befalls this request of *effect*."""
        if self._forced and self._forced[0].effect == effect:
            return self._forced.pop(0).fault
        if self._world.now >= self._heals_at:
            return Fault.NONE
        kinds = possible(effect)
        return kinds[self._choices.pick(len(kinds), _rarely(effect))]

    def _break(self) -> None:
        """Which failure domain breaks in this run, if any does, from when on and for how long.

        Two that are broken at once are two causes, and two causes are what a proof asks for.
        """
        if self._world.breaks:
            return
        number = self._choices.pick(len(Domain) + 1, BREAKS_RARELY)
        if not number:
            return
        since = 60 * self._choices.pick(4, 0.7)
        length = BROKEN_FOR[self._choices.pick(len(BROKEN_FOR), 0.5)]
        domain = list(Domain)[number - 1]
        plan = BreakPlan(domain=domain, from_seconds=since, until_seconds=since + length)
        self._world.breaks.append(plan)


@functools.cache
def _rarely(effect: str) -> float:
    port = effect.partition(".")[0]
    return FAULTS_RARELY.get(effect, FAULTS_RARELY.get(port, FAULTS_RARELY_ELSE))
