"""Ports: what the core needs from outside. A method makes exactly one remote request.

Two families of adapters implement them: ``adapters/`` over AWS and PagerDuty, and
``lab/twin/memory.py`` over the twin's world. Both pass the contracts in ``tests/adapters``.
Methods raise `DependencyUnavailable` when a read fails, or a write of which nothing is known; a
mutation of the fleet never raises: its unknown outcome is `Unsettled`.
"""

from collections.abc import Mapping

import msgspec

from firstline.config.channels import channel
from firstline.controller.ports.orders import Executor, Hosts, Scaling
from firstline.controller.ports.people import Clock, Notifier, Wakes
from firstline.controller.ports.readings import Around, Background, Fleet
from firstline.controller.ports.store import Store


class Ports(msgspec.Struct, frozen=True):
    """All of them, as one value; ``adapters/wiring.py`` makes it."""

    store: Store
    fleet: Fleet
    hosts: Hosts
    scaling: Scaling
    around: Around
    background: Background
    notifiers: Mapping[str, Notifier]
    wakes: Wakes
    clock: Clock
    executors: Mapping[str, Executor] = {}

    def notifier(self, channel_name: str) -> Notifier:
        """What delivers on the channel of that name."""
        return self.notifiers[channel(channel_name).notifier]

    def executor(self, name: str) -> Executor:
        """What carries out the actions that name it: SSM, Auto Scaling, or one of ``executors``."""
        known: dict[str, Executor] = {"ssm": self.hosts, "autoscaling": self.scaling}
        return (known | dict(self.executors))[name]
