"""``firstline console``: one process that serves on loopback until it is ended."""

import socket
from pathlib import Path
from threading import Thread

import pytest
import urllib3

from firstline.cli.console import FollowedExport, make_server
from firstline.cli.main import dispatch
from firstline.config.settings import Home
from firstline.reporting.console.view import Missing, Overview
from firstline.reporting.html.console import Refresh
from tests.endings import Ending, by_each_ending, started

ROOT = Path(__file__).parents[2]
SCENARIO = ROOT / "events" / "scenarios" / "one-dead-host.toml"
HOME = Home(account="111122223333", region="us-east-1")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'"


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ledger of one replay."""
    path = tmp_path_factory.mktemp("console") / "ledger.jsonl"
    assert dispatch(["replay", str(SCENARIO), "--export", str(path)]) == 0
    return path


@by_each_ending
def test_it_serves_an_export_until_it_is_interrupted(export: Path, ending: Ending) -> None:
    """The address is printed first; the one page loads nothing; an interrupt is no error."""
    words = ["console", str(export), "--port", "0"]
    with started(words, ending, ROOT) as process:
        assert process.stdout is not None
        url, *_, end = process.stdout.readline().split()
        pool = urllib3.PoolManager()
        page, other = pool.request("GET", url), pool.request("GET", f"{url}favicon.ico")
        pool.clear()
        process.send_signal(ending.signal)
        assert (process.wait(), end) == (0, "it")
    assert url.startswith("http://127.0.0.1:")
    assert (page.status, page.headers["Content-Security-Policy"]) == (200, POLICY)
    assert b"Ended" in page.data
    assert b'http-equiv="refresh"' in page.data
    assert other.status == 404


def test_a_port_in_use_is_reported(export: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert dispatch(["console", str(export), "--port", str(port)]) == 2
    assert f"--port {port}: Address already in use; give another, or 0" in capsys.readouterr().err


def test_an_export_that_grows_is_read_again(export: Path, tmp_path: Path) -> None:
    """The current content is shown; if it cannot be read, the reason."""
    lines = export.read_text().splitlines(keepends=True)
    path = tmp_path / "export.jsonl"
    path.write_text(lines[0])
    followed = FollowedExport(path, HOME)
    early = followed.view("")
    assert isinstance(early, Overview)
    assert (len(early.open), len(early.ended)) == (1, 0)
    path.write_text("".join(lines) + "{")
    broken = followed.view("")
    assert isinstance(broken, Missing)
    assert f"line {len(lines) + 1}" in broken.why
    path.write_text("".join(lines))
    late = followed.view("")
    assert isinstance(late, Overview)
    assert (len(late.open), len(late.ended)) == (0, 1)
    path.unlink()
    assert isinstance(followed.view(""), Missing)


@pytest.mark.parametrize(
    ("refresh", "query", "again"),
    [(Refresh(), "", True), (Refresh(), "?refresh=off", False), (None, "", False)],
)
def test_a_page_refreshes_where_it_may_change_until_a_person_pauses_it(
    export: Path, refresh: Refresh | None, query: str, *, again: bool
) -> None:
    server = make_server(FollowedExport(export, HOME), 0, refresh)
    thread = Thread(target=server.handle_request)
    thread.start()
    with urllib3.PoolManager() as pool:
        page = pool.request("GET", f"http://127.0.0.1:{server.server_port}/{query}")
    thread.join()
    server.server_close()
    assert (b'http-equiv="refresh"' in page.data) is again


@pytest.mark.parametrize(("content", "why"), [("", "has no entries to show"), ("{}\n", "line 1")])
def test_an_empty_export_is_reported(
    content: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "export.jsonl"
    path.write_text(content)
    assert dispatch(["console", str(path)]) == 2
    assert why in capsys.readouterr().err
