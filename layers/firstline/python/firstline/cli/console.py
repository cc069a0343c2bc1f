"""``firstline console``: what the widget shows, of a replay or an export, on loopback."""

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

from firstline.cli import envelope, exported, replay
from firstline.cli.analysis import board
from firstline.cli.analysis.board import Board
from firstline.cli.envelope import Account, Region
from firstline.cli.fleets import FileOrExample
from firstline.cli.output import screen
from firstline.cli.replay import Where
from firstline.config.settings import Home
from firstline.errors import InvalidInput
from firstline.ledger.export import DecodedEntry, decode_entry
from firstline.redaction import redact
from firstline.reporting.console.view import Missing, View
from firstline.reporting.html.console import INCIDENT_PARAMETER, Refresh, page

app = typer.Typer(add_completion=False, rich_markup_mode=None)

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'"
"""No script, no font and no image of anybody: what is shown is in the page."""
REFRESH = Refresh()
MAX = 10**9
"""Thirty years, in seconds."""
Port = Annotated[int, typer.Option(help="on 127.0.0.1; 0 takes a free one", min=0, max=65535)]
At = Annotated[
    int | None,
    typer.Option(metavar="SECONDS", help="as it was so long after the first entry", min=0, max=MAX),
]


class Shown(Protocol):
    """What is served: a board, or an export that is read again."""

    def look(self, asked: str) -> View:
        """The overview, or the incident whose id was *asked* for."""
        ...


@app.command("console")
def run(
    path: Where,
    at: At = None,
    port: Port = 8265,
    fleet: FileOrExample = "",
    account_id: Account = "111122223333",
    region: Region = "us-east-1",
) -> None:
    """Show an event (.json) or a scenario (.toml) that is replayed, or an export, in a browser."""
    home = envelope.home(account_id, region)
    follows = path.suffix == ".jsonl" and at is None
    shown = Followed(path, home) if follows else open_board(path, at, fleet, home)
    try:
        server = serving(shown, port, REFRESH if follows else None)
    except OSError as error:
        raise InvalidInput(f"--port {port}: {error.strerror}; give another, or 0") from error
    with server, contextlib.suppress(KeyboardInterrupt):
        print(f"http://127.0.0.1:{server.server_port}/ shows {path}; Ctrl-C ends it", flush=True)
        server.serve_forever()


class Followed:
    """An export that may grow: it is read again once the file has changed."""

    def __init__(self, path: Path, home: Home) -> None:
        """Read *path*; raises `InvalidInput`."""
        self._path, self._home = path, home
        self._stamp = self._now()
        self._board = open_board(path, None, "", home)

    def look(self, asked: str) -> View:
        """As the file is now; `Missing` with the reason where it cannot be read."""
        stamp = self._now()
        try:
            if stamp != self._stamp:
                self._board = open_board(self._path, None, "", self._home)
                self._stamp = stamp
            return self._board.look(asked)
        except InvalidInput as error:
            return Missing(redact(str(error)))

    def _now(self) -> tuple[int, int]:
        """What changes with the file."""
        try:
            found = self._path.stat()
        except OSError:
            return 0, 0
        return found.st_mtime_ns, found.st_size


def open_board(path: Path, at: int | None, fleet: str, home: Home) -> Board:
    """What *path* holds, as it was *at* seconds after its first entry; raises `InvalidInput`."""
    name, records = _records(path, fleet, home)
    if not records:
        raise InvalidInput(f"{path}: has no entries, so there is nothing to show")
    times = [each.at for each in records]
    now = max(times) if at is None else min(times) + timedelta(seconds=at)
    return board.at(name, records, now)


def _records(path: Path, fleet: str, home: Home) -> tuple[str, list[DecodedEntry]]:
    if path.suffix == ".jsonl":
        with exported.opened(path) as lines:
            return path.name, [each for each in lines if isinstance(each, DecodedEntry)]
    from firstline.lab.twin.replay import replay as played

    scenario, events, policy = replay.read(path, home, fleet)
    with screen.progress(scenario.name) as progress, contextlib.redirect_stdout(io.StringIO()):
        done = played(scenario, events, policy, home, progress)
    chains = (*(each.entries for each in done.ledgers), done.control)
    return scenario.name, [decode_entry(entry) for chain in chains for entry in chain]


def serving(shown: Shown, port: int, refresh: Refresh | None = None) -> ThreadingHTTPServer:
    """A server on loopback that shows *shown*; raises `OSError` when the port is taken."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if url.path != "/":
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            query = parse_qs(url.query)
            paused = query.get(Refresh.parameter) == [Refresh.off]
            again = copy.replace(refresh, paused=paused) if refresh else None
            self._answer(page(shown.look(query.get(INCIDENT_PARAMETER, [""])[0]), again).encode())

        def _answer(self, body: bytes) -> None:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", POLICY)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads a log of one reader."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)
