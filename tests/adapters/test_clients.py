from collections.abc import Callable
from typing import Any

import pytest
from boto3.session import Session
from botocore.client import BaseClient

from firstline.adapters import clients
from firstline.twin.aws import session

ONCE = {"total_max_attempts": 1, "mode": "standard"}
TWICE = {"total_max_attempts": 2, "mode": "standard"}
PATIENCE: dict[str, tuple[Callable[[Session], BaseClient], tuple[int, int], dict[str, object]]] = {
    "store": (clients.store, (1, 1), ONCE),
    "routing key": (clients.secrets, (1, 1), ONCE),
    "wakes": (clients.wakes, (3, 10), ONCE),
    "commands": (clients.sending, (3, 10), ONCE),
    "answers": (clients.answers, (1, 3), TWICE),
    "group": (clients.groups, (1, 3), TWICE),
    "targets": (clients.targets, (1, 3), TWICE),
    "alarms": (clients.alarms, (1, 3), TWICE),
}


@pytest.mark.parametrize(("make", "seconds", "retries"), PATIENCE.values(), ids=PATIENCE)
def test_patience(
    make: Callable[[Session], BaseClient], seconds: tuple[int, int], retries: dict[str, object]
) -> None:
    """How long each client waits for a connection and an answer, and how often it tries."""
    config: Any = make(session("us-east-1")).meta.config  # its stubs leave out its options
    assert (config.connect_timeout, config.read_timeout) == seconds
    assert config.retries == retries


def test_a_client_is_made_at_its_first_use() -> None:
    """Ingest has eleven ports' clients at hand, and pays for the three that it asks."""
    made: list[object] = []
    held = session("us-east-1")
    events: Any = held.events
    events.register("creating-client-class", lambda **_: made.append(1))
    client = clients.keys(held)
    assert made == []
    assert [client.meta.region_name, client.meta.region_name] == ["us-east-1"] * 2
    assert made == [1]
