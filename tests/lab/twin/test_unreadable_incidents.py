"""What this code cannot read, on both backends: incidents of newer code, and spoilt ones."""

import copy
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from firstline.adapters import wiring
from firstline.config import fleet_file
from firstline.controller.ports.store import Change, Store
from firstline.errors import Unreadable
from firstline.ids import IncidentId
from firstline.lab.twin import unreadable_incidents, unreadable_items
from firstline.lab.twin.aws import TwinAws
from firstline.lab.twin.clock import WorldClock
from firstline.lab.twin.memory import MemoryBackend
from firstline.lab.twin.scenario import Scenario, SpoiltPlan, UnreadablePlan
from firstline.lab.twin.world import World
from firstline.signal import Condition
from firstline.signals import correlation
from tests.adapters.backends import PROFILE_PATH, T0
from tests.adapters.records import ID, OTHER_ID, incident

SCENARIO = Scenario(
    name="versions",
    unreadable=(UnreadablePlan(from_seconds=10, until_seconds=20),),
    spoilt=SpoiltPlan(count=2, condition=Condition.ENCLAVE_DOWN),
)
FLEET = "vettid"
CAUSE = correlation.correlation_key(FLEET, Condition.ENCLAVE_DOWN)
type Opened = tuple[Store, World, Callable[[], None]]
"""A store over a world, and what makes it follow."""


def in_memory() -> Iterator[Opened]:
    world = World(SCENARIO, T0, "vaults")
    door = MemoryBackend(world)
    unreadable_incidents.store_spoilt(door.store.tables, world, FLEET)
    yield door.ports.store, world, lambda: None


def in_moto() -> Iterator[Opened]:
    world = World(SCENARIO, T0, "vaults")
    clock = WorldClock(world)
    with TwinAws(world, clock.sleep) as aws:
        client = aws.session.client("dynamodb")
        unreadable_items.spoil_items(client, world, FLEET)
        settings = aws.settings(fleet_file.read(PROFILE_PATH), "enforce", "http://127.0.0.1:1/")
        follows = unreadable_items.UnreadableItems(client, world)
        yield wiring.system(settings, aws.session, clock).ports.store, world, follows.follow


@pytest.fixture(params=[in_memory, in_moto])
def backend(request: pytest.FixtureRequest) -> Iterator[Opened]:
    made: Iterator[Opened] = request.param()
    yield from made


def state(store: Store, id_: IncidentId) -> str:
    """What a reader learns of it."""
    try:
        return "read" if store.load(id_) else "none"
    except Unreadable as error:
        since = error.opened_at - T0 if error.opened_at else None
        return f"{error.severity} since {since}"


def test_what_newer_code_wrote_is_unreadable_for_a_while(backend: Opened) -> None:
    """What this code opens meanwhile it reads, and it goes on with the other one afterwards."""
    store, world, follow = backend
    store.commit(Change(incident=incident()))
    seen = []
    for at in (9, 10, 19, 20):
        world.advance(T0 + timedelta(seconds=at))
        follow()
        seen.append(f"{at}: {state(store, ID)}, {state(store, OTHER_ID)}")
        if at == 10:
            later = copy.replace(incident(OTHER_ID), opened_at=T0 + timedelta(seconds=11))
            store.commit(Change(incident=later))
    assert seen == [
        "9: read, none",
        "10: P1 since 0:00:00, none",
        "19: P1 since 0:00:00, read",
        "20: read, read",
    ]


def test_what_is_spoilt_is_so_for_good(backend: Opened) -> None:
    """It is open and due, and the first has the cause."""
    store, world, _ = backend
    spoilt = unreadable_incidents.spoilt_ids(world)
    assert {state(store, each) for each in spoilt} == {"P2 since -1 day, 23:00:00"}
    assert {each.incident for each in store.due(T0)} == spoilt == set(store.open_now(10))
    assert store.open_incident(CAUSE) in spoilt
