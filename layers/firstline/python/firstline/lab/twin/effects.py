"""Effects: the one seam of every in-memory port."""

from collections.abc import Callable
from typing import Protocol

from firstline.errors import Unavailable
from firstline.lab.twin.scenario import Dependency
from firstline.lab.twin.world import World

CHANGES = frozenset({"hosts.look", "hosts.fix", "scaling.fix"})
"""The ports' methods that change the fleet."""


class Effects(Protocol):
    """The one seam of every in-memory port."""

    def effect[T](self, dependency: Dependency, name: str, act: Callable[[], T]) -> T:
        """Run *act*, or raise `Unavailable`; ``name`` is the port's method."""
        ...


class ScenarioFaults:
    """`Effects` that fail as the scenario says."""

    def __init__(self, world: World) -> None:
        self._world = world

    def effect[T](self, dependency: Dependency, name: str, act: Callable[[], T]) -> T:
        """Run *act* between the scenario's faults."""
        read = dependency in ("hosts", "fleet") and name not in CHANGES
        fault = self._world.scenario.fault(dependency, self._world.elapsed, change=not read)
        if fault == "timeout-after":
            act()
        if fault is not None:
            message = f"{name}: {fault}"
            raise Unavailable(message)
        return act()
