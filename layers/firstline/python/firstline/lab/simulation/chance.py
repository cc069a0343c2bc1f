"""Chance: which fault befalls a remote request, and which reader lies."""

import functools
from datetime import datetime, timedelta

from firstline.lab.simulation.choices import Choices
from firstline.lab.simulation.faults import DECEPTIVE, LIES_FOR, Fault, possible
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
    "hosts.answers": 0.02,
    "store.due": 0.02,
    "store.switch": 0.02,
    "pager.post": 0.1,
    "hosts.fix": 0.3,
    "hosts.find": 0.3,
    "scaling.fix": 0.3,
    "scaling.find": 0.3,
    "team.publish": 0.3,
    "background": 0.5,
    "background.placement": 0.25,
    "background.routes": 0.5,
    "background.peerings": 0.9,
}
"""By effect, or by port: the rarer one is in a run, the more often it fails."""
FAULTS_RARELY_ELSE = 0.05
LIES_RARELY = 0.15


class Chance:
    """The faults of one run, until it heals; the *liar* is one that lies from the beginning."""

    def __init__(self, world: World, choices: Choices, heals_at: datetime, liar: str = "") -> None:
        self._world = world
        self._choices = choices
        self._heals_at = heals_at
        self._liar, self._lies_from = (liar, world.start) if liar else self._deceiver()

    def fault(self, effect: str) -> Fault:
        """What befalls this request of *effect*."""
        now = self._world.now
        if now >= self._heals_at:
            return Fault.NONE
        if effect == self._liar and self._lies_from <= now < self._lies_from + LIES_FOR:
            return Fault.LIE
        kinds = _chances(effect)
        return kinds[self._choices.pick(len(kinds), _rarely(effect))]

    def _deceiver(self) -> tuple[str, datetime]:
        """Which one reader lies in this run, if any does, and from when on."""
        liars = ("", *sorted(DECEPTIVE))
        liar = liars[self._choices.pick(len(liars), LIES_RARELY)]
        minutes = self._choices.pick(4, 0.7) if liar else 0
        return liar, self._world.start + timedelta(minutes=minutes)


@functools.cache
def _chances(effect: str) -> tuple[Fault, ...]:
    """What may befall one request by chance; a reader that lies does so for a while."""
    return tuple(each for each in possible(effect) if each is not Fault.LIE)


@functools.cache
def _rarely(effect: str) -> float:
    port = effect.partition(".")[0]
    return FAULTS_RARELY.get(effect, FAULTS_RARELY.get(port, FAULTS_RARELY_ELSE))
