from collections.abc import Iterator

import pytest

from tests.probe.servers import nats_server


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """An open server's port."""
    with nats_server(tmp_path_factory.mktemp("nats") / "server") as chosen:
        yield chosen
