"""``firstline console``: what the widget shows, of a replay or an export, on loopback."""

import contextlib
import io
from datetime import timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import typer

from firstline.cli import envelope, exported, replay
from firstline.cli.analysis import board
from firstline.cli.analysis.board import Board
from firstline.cli.envelope import Account, Region
from firstline.cli.output import screen
from firstline.cli.replay import Profile, Where
from firstline.config.settings import Home
from firstline.errors import Malformed
from firstline.lab.twin.replay import replay as played
from firstline.ledger.export import Recorded, recorded
from firstline.reporting.html.console import ASKED, page

app = typer.Typer(add_completion=False, rich_markup_mode=None)

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'"
"""No script, no font and no image of anybody: what is shown is in the page."""
MAX = 10**9
"""Thirty years, in seconds."""
Port = Annotated[int, typer.Option(help="on 127.0.0.1; 0 takes a free one", min=0, max=65535)]
At = Annotated[
    int | None,
    typer.Option(metavar="SECONDS", help="as it was so long after the first entry", min=0, max=MAX),
]


@app.command("console")
def run(
    path: Where,
    at: At = None,
    port: Port = 8265,
    profile: Profile = None,
    account_id: Account = "111122223333",
    region: Region = "us-east-1",
) -> None:
    """Show an event (.json) or a scenario (.toml) that is replayed, or an export, in a browser."""
    shown = open_board(path, at, profile, envelope.home(account_id, region))
    try:
        server = serving(shown, port)
    except OSError as error:
        raise Malformed(f"--port {port}: {error.strerror}; give another, or 0") from error
    with server, contextlib.suppress(KeyboardInterrupt):
        print(f"http://127.0.0.1:{server.server_port}/ shows {path}; Ctrl-C ends it", flush=True)
        server.serve_forever()


def open_board(path: Path, at: int | None, profile: Path | None, home: Home) -> Board:
    """What *path* holds, as it was *at* seconds after its first entry; raises `Malformed`."""
    name, records = _records(path, profile, home)
    if not records:
        raise Malformed(f"{path}: has no entries, so there is nothing to show")
    times = [each.at for each in records]
    now = max(times) if at is None else min(times) + timedelta(seconds=at)
    return board.at(name, records, now)


def _records(path: Path, profile: Path | None, home: Home) -> tuple[str, list[Recorded]]:
    if path.suffix == ".jsonl":
        with exported.opened(path) as lines:
            return path.name, [each for each in lines if isinstance(each, Recorded)]
    scenario, events, policy = replay.read(path, home, profile)
    with screen.progress(scenario.name) as progress, contextlib.redirect_stdout(io.StringIO()):
        done = played(scenario, events, policy, home, progress)
    chains = (*(each.entries for each in done.chapters), done.control)
    return scenario.name, [recorded(entry) for chain in chains for entry in chain]


def serving(shown: Board, port: int) -> ThreadingHTTPServer:
    """A server on loopback that shows *shown*; raises `OSError` when the port is taken."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if url.path != "/":
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            asked = parse_qs(url.query).get(ASKED, [""])[0]
            self._answer(page(shown.look(asked)).encode())

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
