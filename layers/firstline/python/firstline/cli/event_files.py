"""Event files and folders on a command line, and the home account and Region."""

import json
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

import firstline
from firstline.cli.main import print_error
from firstline.config.settings import Home
from firstline.errors import InvalidInput

PROFILES = Path(firstline.__file__).parent / "profiles"
RUNBOOK = PROFILES / "runbook.toml"

EVENT_KEYS = frozenset({"detail-type", "Records", "requestPayload", "alarmData"})
"""Keys of an envelope, dead letter or SNS message, Lambda record, and direct alarm call."""

Account = Annotated[str, typer.Option("--account", help="the home account")]
Region = Annotated[str, typer.Option("--region", help="the home Region")]


def home(account: str, region: str) -> Home:
    """Return the account and Region of the command line; raises `InvalidInput`."""
    if not re.fullmatch(r"[0-9]{12}", account):
        raise InvalidInput(f"--account {account}: give the 12 digits of an account")
    return Home(account, region)


class SkippedFiles:
    """The files that *command* skips; each is a line at its end, and makes its status 2."""

    def __init__(self, command: str) -> None:
        self._command = command
        self.messages: list[str] = []

    @contextmanager
    def skipping(self) -> Iterator[None]:
        """Catch `InvalidInput` and keep its message."""
        try:
            yield
        except InvalidInput as error:
            self.messages.append(str(error))

    def status(self, otherwise: int = 0) -> int:
        """Print the messages; return 2, or *otherwise* if every file was read."""
        for each in self.messages:
            print_error(f"{self._command}: {each}")
        return 2 if self.messages else otherwise


def files(paths: list[Path], suffixes: Collection[str], skipped: SkippedFiles) -> list[Path]:
    """Return the files that *paths* name, including those in folders with one of *suffixes*."""
    paths_found: list[Path] = []
    for path in paths:
        with skipped.skipping():
            paths_found += _files_in(path, suffixes) if path.is_dir() else [path]
    return paths_found


def _files_in(folder: Path, suffixes: Collection[str]) -> list[Path]:
    try:
        matching = sorted(each for each in folder.iterdir() if each.suffix in suffixes)
    except OSError as error:
        raise InvalidInput(f"{folder}: cannot be read: {error.strerror}") from error
    if not matching:
        raise InvalidInput(
            f"{folder}: has no {' or '.join(suffixes)} in it: name a folder of events"
        )
    return matching


def event(path: Path) -> bytes:
    """Return the file's bytes; raises `InvalidInput` unless firstline can receive them.

    Ingest pages an unclassified P2 for such input; on a command line it is a mistake.
    """
    body = read(path)
    if not EVENT_KEYS & json.loads(body).keys():
        what = "an EventBridge envelope, a dead letter or Lambda's record of a failure"
        raise InvalidInput(
            f"{path}: is not an event: give {what}; classify shows how ingest treats it"
        )
    return body


def read(path: Path) -> bytes:
    """Return the file's bytes; raises `InvalidInput` unless they are one JSON object."""
    try:
        body = path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be read: {error.strerror}") from error
    try:
        event = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{path}: is not JSON ({error}): give a whole envelope") from error
    if not isinstance(event, dict):
        raise InvalidInput(f"{path}: is not a JSON object: give one EventBridge envelope")
    return body
