"""The twin's preflight data: a key, one stack and one watched parameter, for both backends."""

import json
from datetime import timedelta

from firstline.diagnosis.preflight import Deployment, Deployments, KeyState
from firstline.lab.twin.effects import Effects
from firstline.lab.twin.scaling_calls import Answer, Parameters
from firstline.lab.twin.world import World

KEY = "12345678-0a1b-2c3d-4e5f-123456789012"
BUILD_HOST = "i-0b0b0b0b0b0b0b0b0"
LONG_AGO = timedelta(days=30)


class MemoryPreflight:
    """The `PreflightReader` port over the world."""

    def __init__(self, world: World, effects: Effects) -> None:
        self._world = world
        self._effects = effects

    def key(self) -> KeyState | None:
        """See `firstline.controller.ports.readers.Around`."""
        found = KeyState(self._world.scenario.key, KEY)
        return self._effects.effect("preflight", "preflight.key", lambda: found)

    def stack(self) -> Deployments | None:
        """See `firstline.controller.ports.readers.Around`."""
        return self._effects.effect("preflight", "preflight.stack", self._stack)

    def parameters(self) -> Deployments | None:
        """See `firstline.controller.ports.readers.Around`."""
        return self._effects.effect("preflight", "preflight.parameters", self._parameters)

    def builds(self) -> Deployments | None:
        """See `firstline.controller.ports.readers.Around`."""
        host = Deployment(BUILD_HOST, self._world.start, in_progress=True)
        found = Deployments((host,) if self._world.scenario.building else ())
        return self._effects.effect("preflight", "preflight.builds", lambda: found)

    def image_published(self) -> str | None:
        """See `firstline.controller.ports.readers.Around`."""
        published = self._world.scenario.published_pcr0
        return self._effects.effect("preflight", "preflight.image_published", lambda: published)

    def images_allowed(self, key: str) -> tuple[str, ...]:
        """See `firstline.controller.ports.readers.Around`."""
        allowed = (self._world.scenario.allowed_pcr0,) if key == KEY else ()
        return self._effects.effect("preflight", "preflight.images_allowed", lambda: allowed)

    def _stack(self) -> Deployments:
        busy = self._world.scenario.stack.endswith("_IN_PROGRESS")
        return Deployments((Deployment("the stack", self._world.start - LONG_AGO, busy),))

    def _parameters(self) -> Deployments:
        ago = timedelta(seconds=self._world.scenario.parameters_changed_seconds_ago)
        return Deployments((Deployment("the parameter", self._world.start - ago),))


def describe_key(world: World, parameters: Parameters) -> Answer:
    """Return the key of any name."""
    del parameters
    return {"KeyMetadata": {"KeyId": KEY, "KeyState": world.scenario.key}}


def get_key_policy(world: World, _: Parameters) -> Answer:
    """Return a policy under which enclaves of one image may decrypt."""
    pinned = {"kms:RecipientAttestation:PCR0": world.scenario.allowed_pcr0.upper()}
    statements = [
        {"Sid": "Admin", "Effect": "Allow", "Action": "kms:*", "Resource": "*"},
        {
            "Sid": "Enclaves",
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": "*",
            "Condition": {"StringEqualsIgnoreCase": pinned},
        },
    ]
    return {"Policy": json.dumps({"Version": "2012-10-17", "Statement": statements})}


def get_parameter(world: World, parameters: Parameters) -> Answer:
    """Return the parameter with the published measurement, of any name."""
    name, value = parameters["Name"], world.scenario.published_pcr0
    return {"Parameter": {"Name": name, "Value": value}}


def describe_stacks(world: World, parameters: Parameters) -> Answer:
    """Return the one stack, of any name."""
    name, made_at = parameters["StackName"], world.start - LONG_AGO
    times = {"CreationTime": made_at, "LastUpdatedTime": made_at}
    return {"Stacks": [{"StackName": name, "StackStatus": world.scenario.stack, **times}]}


def describe_parameters(world: World, parameters: Parameters) -> Answer:
    """Return each requested parameter."""
    ago = timedelta(seconds=world.scenario.parameters_changed_seconds_ago)
    (asked,) = parameters["ParameterFilters"]
    return {
        "Parameters": [
            {"Name": each, "LastModifiedDate": world.start - ago} for each in asked["Values"]
        ]
    }
