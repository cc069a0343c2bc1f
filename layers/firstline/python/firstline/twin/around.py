"""The twin's surroundings: a key, one stack and one watched parameter, through both doors."""

from datetime import timedelta

from firstline.surroundings import Deployment, Deployments, KeyState
from firstline.twin.changes import Answer, Parameters
from firstline.twin.effects import Effects
from firstline.twin.world import World

LONG_AGO = timedelta(days=30)


class MemoryAround:
    """The `Around` port over the world."""

    def __init__(self, world: World, effects: Effects) -> None:
        self._world = world
        self._effects = effects

    def key(self) -> KeyState | None:
        """See `firstline.ports.Around`."""
        return self._effects.effect("around", "key", lambda: KeyState(self._world.scenario.key))

    def stack(self) -> Deployments | None:
        """See `firstline.ports.Around`."""
        return self._effects.effect("around", "stack", self._stack)

    def parameters(self) -> Deployments | None:
        """See `firstline.ports.Around`."""
        return self._effects.effect("around", "parameters", self._parameters)

    def _stack(self) -> Deployments:
        busy = self._world.scenario.stack.endswith("_IN_PROGRESS")
        return Deployments((Deployment("the stack", self._world.start - LONG_AGO, busy),))

    def _parameters(self) -> Deployments:
        ago = timedelta(seconds=self._world.scenario.parameters_changed_seconds_ago)
        return Deployments((Deployment("the parameter", self._world.start - ago),))


def describe_key(world: World, parameters: Parameters) -> Answer:
    """The key of any name."""
    return {"KeyMetadata": {"KeyId": parameters["KeyId"], "KeyState": world.scenario.key}}


def describe_stacks(world: World, parameters: Parameters) -> Answer:
    """The one stack, of any name."""
    name, made_at = parameters["StackName"], world.start - LONG_AGO
    stack = {"StackName": name, "CreationTime": made_at, "StackStatus": world.scenario.stack}
    return {"Stacks": [stack]}


def describe_parameters(world: World, parameters: Parameters) -> Answer:
    """Each that is asked for."""
    ago = timedelta(seconds=world.scenario.parameters_changed_seconds_ago)
    (asked,) = parameters["ParameterFilters"]
    return {
        "Parameters": [
            {"Name": each, "LastModifiedDate": world.start - ago} for each in asked["Values"]
        ]
    }
