from collections.abc import Iterator

import pytest

from firstline.adapters import wiring
from firstline.adapters.aws.wakes import decode_wake
from firstline.config import fleet_file
from firstline.config.profile import Profile
from firstline.config.settings import Settings
from firstline.lab.twin.aws import TwinAws
from firstline.lab.twin.clock import WorldClock
from firstline.lab.twin.memory import MemoryBackend
from firstline.lab.twin.scenario import Scenario
from firstline.lab.twin.world import World
from tests.adapters.backends import PROFILE_PATH, T0, Door, Requests


@pytest.fixture
def profile() -> Profile:
    """The runbook's own profile."""
    return fleet_file.load(PROFILE_PATH)


@pytest.fixture
def world(profile: Profile) -> World:
    """Three hosts whose enclaves are down."""
    return World(Scenario(name="contract"), T0, profile.fleet.group)


@pytest.fixture
def aws(world: World) -> Iterator[TwinAws]:
    """AWS over the world."""
    with TwinAws(world, WorldClock(world).sleep) as twin:
        yield twin


@pytest.fixture
def settings(aws: TwinAws) -> Settings:
    """The addresses of what the twin's AWS holds."""
    return aws.settings(fleet_file.read(PROFILE_PATH), "enforce", "http://127.0.0.1:1/")


@pytest.fixture
def requests(aws: TwinAws) -> Requests:
    """The requests through the session of `aws`."""
    counted = Requests()
    counted.listen(aws.session)
    return counted


@pytest.fixture
def aws_door(world: World, aws: TwinAws, settings: Settings, requests: Requests) -> Door:
    """The deployed adapters, wired as in Lambda."""
    system = wiring.system(settings, aws.session, WorldClock(world))
    requests.clear()
    return Door(
        ports=system.ports,
        world=world,
        waiting=lambda: [
            (each.due_at, decode_wake(each.body)) for each in aws.take(settings.wakes_queue_url)
        ],
    )


@pytest.fixture
def memory_door(world: World) -> Door:
    """The ports in memory."""
    door = MemoryBackend(world)
    return Door(ports=door.ports, world=world, waiting=lambda: list(door.wakes.waiting))


@pytest.fixture(params=["aws_door", "memory_door"], ids=["aws", "memory"])
def door(request: pytest.FixtureRequest) -> Door:
    """Either of the two, for what must hold of both."""
    chosen: Door = request.getfixturevalue(request.param)
    return chosen
