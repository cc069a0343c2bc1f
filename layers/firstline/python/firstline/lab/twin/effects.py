"""Effects: the one interface behind every in-memory port."""

from collections.abc import Callable
from typing import Protocol

from firstline.errors import DependencyUnavailable
from firstline.lab.twin.scenario import Dependency, FaultKind
from firstline.lab.twin.world import World

CHANGES = frozenset({"hosts.look", "hosts.fix", "scaling.fix"})
"""The ports' methods that change the fleet."""


class Effects(Protocol):
    """The interface behind every in-memory port."""

    def effect[T](self, dependency: Dependency, name: str, act: Callable[[], T]) -> T:
        """Run *act*, or raise `DependencyUnavailable`; ``name`` is the port's method."""
        ...


class ScenarioFaults:
    """`Effects` with the scenario's faults."""

    def __init__(self, world: World) -> None:
        self._world = world

    def effect[T](self, dependency: Dependency, name: str, act: Callable[[], T]) -> T:
        """Run *act* with the scenario's faults."""
        fault = planned_fault(self._world, dependency, name)
        if fault == "timeout-after":
            act()
        if fault is not None:
            message = f"{name}: {fault}"
            raise DependencyUnavailable(message)
        return act()


def planned_fault(world: World, dependency: Dependency, name: str) -> FaultKind | None:
    """Return the scenario's fault of this request now."""
    read = dependency in ("hosts", "fleet") and name not in CHANGES
    return world.scenario.fault(dependency, world.elapsed, change=not read)
