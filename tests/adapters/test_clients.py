from collections.abc import Callable
from io import BytesIO
from typing import Any

import botocore
import pytest
from boto3.session import Session
from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient
from botocore.compat import HTTPHeaders
from urllib3 import HTTPResponse

from firstline.adapters.aws import clients
from firstline.lab.twin.aws import session

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
    """The timeouts and tries of each client."""
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


def test_the_user_agent_in_cloudtrail() -> None:
    """Each request begins with firstline's name, and not with botocore's long one."""
    sent: list[bytes] = []
    held = session("us-east-1")

    def answer(request: Any, **_: object) -> AWSResponse:  # noqa: ANN401 - botocore's
        sent.append(request.headers["User-Agent"])
        raw = HTTPResponse(BytesIO(b"{}"), preload_content=False)
        return AWSResponse("", 200, HTTPHeaders(), raw)

    events: Any = held.events
    events.register("before-send", answer)
    clients.keys(held).describe_key(KeyId="alias/enclaves")
    assert len(sent) == 1
    assert sent[0].startswith(f"firstline Botocore/{botocore.__version__}".encode())
    assert b"lang/python" not in sent[0]
