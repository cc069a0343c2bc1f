"""Envelopes as a person names them: files, folders, and the home that they came to."""

import json
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

import firstline
from firstline.cli.main import mistake
from firstline.config.settings import Home
from firstline.errors import InvalidInput

PROFILES = Path(firstline.__file__).parent / "profiles"
RUNBOOK = PROFILES / "runbook.toml"

EVENT_KEYS = frozenset({"detail-type", "Records", "requestPayload", "alarmData"})
"""Of an envelope, a dead letter or SNS's notification, Lambda's record, an alarm's direct call."""

Account = Annotated[str, typer.Option("--account", help="the home account")]
Region = Annotated[str, typer.Option("--region", help="the home Region")]


def home(account: str, region: str) -> Home:
    """The account and Region of the command line; raises `InvalidInput`."""
    if not re.fullmatch(r"[0-9]{12}", account):
        raise InvalidInput(f"--account {account}: give the 12 digits of an account")
    return Home(account, region)


class Unread:
    """The files that *command* goes past: each is a line at its end, and makes its status 2."""

    def __init__(self, command: str) -> None:
        self._command = command
        self.lines: list[str] = []

    @contextmanager
    def past(self) -> Iterator[None]:
        """Go past what is `InvalidInput` inside."""
        try:
            yield
        except InvalidInput as error:
            self.lines.append(str(error))

    def status(self, otherwise: int = 0) -> int:
        """Write the lines; the exit status is 2, or *otherwise* where every file was read."""
        for each in self.lines:
            mistake(f"{self._command}: {each}")
        return 2 if self.lines else otherwise


def files(paths: list[Path], suffixes: Collection[str], unread: Unread) -> list[Path]:
    """What *paths* name: of a folder each file in it that ends so."""
    found: list[Path] = []
    for path in paths:
        with unread.past():
            found += _inside(path, suffixes) if path.is_dir() else [path]
    return found


def _inside(folder: Path, suffixes: Collection[str]) -> list[Path]:
    try:
        inside = sorted(each for each in folder.iterdir() if each.suffix in suffixes)
    except OSError as error:
        raise InvalidInput(f"{folder}: cannot be read: {error.strerror}") from error
    if not inside:
        raise InvalidInput(
            f"{folder}: has no {' or '.join(suffixes)} in it: name a folder of events"
        )
    return inside


def event(path: Path) -> bytes:
    """The bytes of what firstline can be sent; raises `InvalidInput` for any other file.

    Ingest pages an unclassified P2 for the latter: on a laptop it is a slip.
    """
    body = read(path)
    if not EVENT_KEYS & json.loads(body).keys():
        what = "an EventBridge envelope, a dead letter or Lambda's record of a failure"
        raise InvalidInput(
            f"{path}: is no event: give {what}; classify says what ingest makes of it"
        )
    return body


def read(path: Path) -> bytes:
    """The file's bytes; raises `InvalidInput` unless they are one JSON object."""
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
