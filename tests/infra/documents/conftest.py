"""One host, and each way in which an agent hands a parameter to a script."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.infra.documents.host import Door, Host, build_host
from tests.infra.documents.nats import serving


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """Give a host where all is well, and end the processes that its stand-ins noted in `left`."""
    host = build_host(tmp_path / "host")
    yield host
    left = host.folder / "left"
    for process_id in left.read_text(encoding="utf-8").split() if left.exists() else ():
        with suppress(ProcessLookupError):
            os.kill(int(process_id), signal.SIGKILL)


@pytest.fixture(params=["environment", "text"])
def door(request: pytest.FixtureRequest) -> Door:
    """Give the way in: the environment (agents from 3.3.2746.0 on), or the text (older ones)."""
    way: Door = request.param
    return way


@pytest.fixture
def port() -> Iterator[int]:
    """Serve NATS on the loopback, as far as its first line."""
    with serving(b'INFO {"server_id":"NA"}\r\n') as number:
        yield number
