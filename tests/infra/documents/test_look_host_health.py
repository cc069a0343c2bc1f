"""The real curl against a parent on the loopback: no redirect, no proxy, no large answer."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from infra.documents import content
from tests.infra.documents.host import HEALTHY, Host
from tests.infra.documents.looking import look

# The look asks for port 8080; here the parent has whatever port was free.
CURL = """
arguments=("$@")
[[ ${arguments[-1]} == http://127.0.0.1:8080/health ]] || exit 3
arguments[-1]=http://127.0.0.1:PORT/health
exec /usr/bin/curl "${arguments[@]}"
"""


@contextmanager
def parent(host: Host, body: str, status: int = 200, location: str = "") -> Iterator[list[str]]:
    """Serve one answer as the parent; gives the paths that were asked for."""
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        host.command("curl", CURL.replace("PORT", str(server.server_port)))
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield asked
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("body", "status", "healthy"),
    [
        (HEALTHY, 200, True),
        (HEALTHY.replace("true", "false"), 503, False),
        (HEALTHY, 404, None),
        (HEALTHY + " " * 100_000, 200, None),
    ],
    ids=["healthy", "unhealthy", "not-there", "large"],
)
def test_the_parent_is_asked_once(
    host: Host, body: str, status: int, *, healthy: bool | None
) -> None:
    """Its health is read from one request, whatever the status."""
    with parent(host, body, status) as asked:
        assert look(host)["parent_healthy"] is healthy
    assert asked == ["/health"]


def test_a_redirect_is_not_followed(host: Host) -> None:
    """A redirect is no answer, whatever a .curlrc says."""
    (host.folder / ".curlrc").write_text("location\n", encoding="utf-8")
    host.environment["HOME"] = str(host.folder)
    with parent(host, HEALTHY, 302, "/elsewhere") as asked:
        assert look(host)["parent_healthy"] is None
    assert asked == ["/health"]


def test_a_proxy_is_not_used(host: Host) -> None:
    """A proxy in the environment is passed over."""
    for name in ("http_proxy", "all_proxy", "ALL_PROXY"):
        host.environment[name] = "http://127.0.0.1:1"
    with parent(host, HEALTHY) as asked:
        assert look(host)["parent_healthy"] is True
    assert asked == ["/health"]


def test_nobody_listens(host: Host) -> None:
    """A parent that is not there gives null."""
    with parent(host, HEALTHY):
        pass
    assert look(host)["parent_healthy"] is None


def test_the_address_is_the_parents_own() -> None:
    """The address stands in the script and comes from no parameter."""
    document = content.look_host(enclave_units=("a",), parent_units=("b",))
    assert "http://127.0.0.1:8080/health" in str(document["mainSteps"])
