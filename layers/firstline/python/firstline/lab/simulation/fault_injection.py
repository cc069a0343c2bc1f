"""Fault injection: which fault a remote request has, and which failure domain breaks."""

import functools
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from firstline.diagnosis.failure_domains import Domain
from firstline.lab.simulation.choices import Choices
from firstline.lab.simulation.faults import Fault, possible
from firstline.lab.twin.scenario import BreakPlan
from firstline.lab.twin.world import World

FAULT_PROBABILITIES = {
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
    "investigation": 0.5,
    "investigation.alarm_metric": 0.1,
    "investigation.external_metric": 0.1,
    "investigation.placement": 0.25,
    "investigation.routes": 0.5,
    "investigation.peerings": 0.9,
}
"""By effect or by port; the rarer an effect is in a run, the more often it fails."""
FAULT_PROBABILITY_DEFAULT = 0.05
DOMAIN_FAILURE_PROBABILITY = 0.15
DOMAIN_FAILURE_SECONDS = (120, 480, 1200)
"""From less than the validity of an inspection to more than the approval timeout."""


class ForcedFault(NamedTuple):
    """A fault that a run must meet."""

    effect: str
    fault: Fault


class FaultInjector:
    """The faults of a run until they end, and at most one failure domain that breaks.

    *forced_faults* come in order, each at the next request of its effect.
    """

    def __init__(
        self,
        world: World,
        choices: Choices,
        faults_end_at: datetime,
        forced_faults: Sequence[ForcedFault] = (),
    ) -> None:
        self._forced_faults = list(forced_faults)
        self._world = world
        self._choices = choices
        self._faults_end_at = faults_end_at
        self._plan_domain_failure()

    def fault(self, effect: str) -> Fault:
        """Return the fault of this request of *effect*."""
        if self._forced_faults and self._forced_faults[0].effect == effect:
            return self._forced_faults.pop(0).fault
        if self._world.now >= self._faults_end_at:
            return Fault.NONE
        kinds = possible(effect)
        return kinds[self._choices.pick(len(kinds), _probability(effect))]

    def _plan_domain_failure(self) -> None:
        """Choose a failure domain that breaks, its begin and its length.

        Two broken domains would be two independent causes, which is what a diagnosis requires.
        """
        if self._world.breaks:
            return
        number = self._choices.pick(len(Domain) + 1, DOMAIN_FAILURE_PROBABILITY)
        if not number:
            return
        since = 60 * self._choices.pick(4, 0.7)
        length = DOMAIN_FAILURE_SECONDS[self._choices.pick(len(DOMAIN_FAILURE_SECONDS), 0.5)]
        domain = list(Domain)[number - 1]
        plan = BreakPlan(domain=domain, from_seconds=since, until_seconds=since + length)
        self._world.breaks.append(plan)


@functools.cache
def _probability(effect: str) -> float:
    port = effect.partition(".")[0]
    return FAULT_PROBABILITIES.get(effect, FAULT_PROBABILITIES.get(port, FAULT_PROBABILITY_DEFAULT))
