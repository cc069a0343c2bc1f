"""Ports: what the core needs from outside. A method makes exactly one remote request.

Two backends implement them: ``adapters/`` over AWS and PagerDuty, and ``lab/twin/memory.py`` over
the twin's world. Both pass the contracts in ``tests/adapters``. Methods raise
`DependencyUnavailable` for a failed read, or a write with an unknown outcome; a mutation of the
fleet never raises: its unknown outcome is `Unsettled`.
"""

from collections.abc import Mapping

import msgspec

from firstline.config.channels import channel
from firstline.controller.ports.executors import Executor, Hosts, Scaling
from firstline.controller.ports.messaging import Clock, Notifier, Wakes
from firstline.controller.ports.readers import Fleet, InvestigationReader, PreflightReader
from firstline.controller.ports.store import Store


class Ports(msgspec.Struct, frozen=True):
    """All ports as one value; ``adapters/wiring.py`` makes it.

    The names of the fields are part of the names of the simulation's faults (``preflight.key``).
    """

    store: Store
    fleet: Fleet
    hosts: Hosts
    scaling: Scaling
    preflight: PreflightReader
    investigation: InvestigationReader
    notifiers: Mapping[str, Notifier]
    wakes: Wakes
    clock: Clock
    executors: Mapping[str, Executor] = {}

    def notifier(self, channel_name: str) -> Notifier:
        """The notifier of the channel of that name."""
        return self.notifiers[channel(channel_name).notifier]

    def executor(self, name: str) -> Executor:
        """The executor of that name: SSM, Auto Scaling, or one of ``executors``."""
        shipped: dict[str, Executor] = {"ssm": self.hosts, "autoscaling": self.scaling}
        return (shipped | dict(self.executors))[name]
