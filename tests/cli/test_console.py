"""``firstline console``: one process that serves on loopback until it is ended."""

import socket
from pathlib import Path

import pytest
import urllib3

from firstline.cli.main import dispatch
from tests.endings import Ending, by_each_ending, started

ROOT = Path(__file__).parents[2]
SCENARIO = ROOT / "events" / "scenarios" / "one-dead-host.toml"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'"


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ledger of one replay."""
    path = tmp_path_factory.mktemp("console") / "ledger.jsonl"
    assert dispatch(["replay", str(SCENARIO), "--export", str(path)]) == 0
    return path


@by_each_ending
def test_it_serves_an_export_until_it_is_interrupted(export: Path, ending: Ending) -> None:
    """The address is told at once; there is one page, which loads nothing; the end is no fault."""
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
    assert other.status == 404


def test_a_port_that_is_taken_is_told(export: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert dispatch(["console", str(export), "--port", str(port)]) == 2
    assert f"--port {port}: Address already in use; give another, or 0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "why"), [("", "has no entries, so there is nothing to show"), ("{}\n", "line 1")]
)
def test_an_export_that_says_nothing_is_told(
    content: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "export.jsonl"
    path.write_text(content)
    assert dispatch(["console", str(path)]) == 2
    assert why in capsys.readouterr().err
