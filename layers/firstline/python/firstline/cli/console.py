"""``firstline console``: the console widget for a replay or an export, on loopback."""

import contextlib
import copy
import io
from datetime import timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated, Protocol
from urllib.parse import parse_qs, urlsplit

import typer

from firstline.cli import event_files, export_files, replay
from firstline.cli.analysis import board
from firstline.cli.analysis.board import Board
from firstline.cli.event_files import Account, Region
from firstline.cli.fleets import FileOrExample
from firstline.cli.output import replay_text
from firstline.cli.replay import ReplayPath
from firstline.config.settings import Home
from firstline.errors import InvalidInput
from firstline.ledger.export import DecodedEntry, decode_entry
from firstline.redaction import redact
from firstline.reporting.console.view import Missing, View
from firstline.reporting.html.console import INCIDENT_PARAMETER, Refresh, page

app = typer.Typer(add_completion=False, rich_markup_mode=None)

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'"
)
"""Forbids scripts, fonts and external images; the page has all that it shows."""
REFRESH = Refresh()
AT_SECONDS_MAX = 10**9
"""About thirty years."""
Port = Annotated[int, typer.Option(help="on 127.0.0.1; 0 selects a free port", min=0, max=65535)]
At = Annotated[
    int | None,
    typer.Option(
        metavar="SECONDS",
        help=("the state at this time after the first entry"),
        min=0,
        max=AT_SECONDS_MAX,
    ),
]


class ViewSource(Protocol):
    """A source of views: a board, or an export that is read again."""

    def view(self, incident: str) -> View:
        """Return the view of the incident with this id; the overview for an empty id."""
        ...


@app.command("console")
def run(
    path: ReplayPath,
    at: At = None,
    port: Port = 8265,
    fleet: FileOrExample = "",
    account_id: Account = "111122223333",
    region: Region = "us-east-1",
) -> None:
    """Show an event (.json), a scenario (.toml) or an export (.jsonl) in a browser."""
    home = event_files.home(account_id, region)
    is_followed = path.suffix == ".jsonl" and at is None
    source = FollowedExport(path, home) if is_followed else open_board(path, at, fleet, home)
    try:
        server = make_server(source, port, REFRESH if is_followed else None)
    except OSError as error:
        raise InvalidInput(f"--port {port}: {error.strerror}; give another, or 0") from error
    with server, contextlib.suppress(KeyboardInterrupt):
        print(f"http://127.0.0.1:{server.server_port}/ shows {path}; Ctrl-C ends it", flush=True)
        server.serve_forever()


class FollowedExport:
    """An export that may grow: it is read again after each change of the file."""

    def __init__(self, path: Path, home: Home) -> None:
        """Read *path*; raises `InvalidInput`."""
        self._path, self._home = path, home
        self._stamp = self._now()
        self._board = open_board(path, None, "", home)

    def view(self, incident: str) -> View:
        """Return the view of the current file; `Missing` with the reason if it is unreadable."""
        stamp = self._now()
        try:
            if stamp != self._stamp:
                self._board = open_board(self._path, None, "", self._home)
                self._stamp = stamp
            return self._board.view(incident)
        except InvalidInput as error:
            return Missing(redact(str(error)))

    def _now(self) -> tuple[int, int]:
        """Return the file's change stamp; zeros if there is none."""
        try:
            status = self._path.stat()
        except OSError:
            return 0, 0
        return status.st_mtime_ns, status.st_size


def open_board(path: Path, at: int | None, fleet: str, home: Home) -> Board:
    """Return the board of *path*, *at* seconds after its first entry; raises `InvalidInput`."""
    name, records = _records(path, fleet, home)
    if not records:
        raise InvalidInput(f"{path}: has no entries to show")
    times = [each.at for each in records]
    now = max(times) if at is None else min(times) + timedelta(seconds=at)
    return board.board_at(name, records, now)


def _records(path: Path, fleet: str, home: Home) -> tuple[str, list[DecodedEntry]]:
    if path.suffix == ".jsonl":
        with export_files.open_export(path) as lines:
            return path.name, [each for each in lines if isinstance(each, DecodedEntry)]
    from firstline.lab.twin.replay import replay as played

    scenario, events, policy = replay.read(path, home, fleet)
    with (
        replay_text.virtual_time_progress(scenario.name) as progress,
        contextlib.redirect_stdout(io.StringIO()),
    ):
        replayed = played(scenario, events, policy, home, progress)
    chains = (*(each.entries for each in replayed.ledgers), replayed.control)
    return scenario.name, [decode_entry(entry) for chain in chains for entry in chain]


def make_server(
    source: ViewSource, port: int, refresh: Refresh | None = None
) -> ThreadingHTTPServer:
    """Return a loopback server that shows *source*; raises `OSError` when the port is taken."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if url.path != "/":
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            query = parse_qs(url.query)
            paused = query.get(Refresh.parameter) == [Refresh.off]
            state = copy.replace(refresh, paused=paused) if refresh else None
            self._answer(page(source.view(query.get(INCIDENT_PARAMETER, [""])[0]), state).encode())

        def _answer(self, body: bytes) -> None:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing: the server has one user."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)
