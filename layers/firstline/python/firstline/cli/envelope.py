"""Envelopes as a person names them: files, folders, and the home that they came to."""

import json
import re
from pathlib import Path
from typing import Annotated

import typer

import firstline
from firstline.config.settings import Home
from firstline.errors import Malformed

PROFILES = Path(firstline.__file__).parent / "profiles"
RUNBOOK = PROFILES / "runbook.toml"

ProfileFile = Annotated[Path, typer.Option("--profile", help="the operator's file")]
Account = Annotated[str, typer.Option("--account", help="the home account")]
Region = Annotated[str, typer.Option("--region", help="the home Region")]


def home(account: str, region: str) -> Home:
    """The account and Region of the command line; raises `Malformed`."""
    if not re.fullmatch(r"[0-9]{12}", account):
        raise Malformed(f"--account {account}: give the 12 digits of an account")
    return Home(account, region)


def files(paths: list[Path]) -> list[Path]:
    """What *paths* name: of a folder every .json in it; raises `Malformed` if that is none."""
    found = []
    for path in paths:
        inside = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not inside:
            raise Malformed(f"{path}: has no .json in it: name a folder of envelopes")
        found += inside
    return found


def read(path: Path) -> bytes:
    """The file's bytes; raises `Malformed` unless they are one JSON object."""
    try:
        body = path.read_bytes()
    except OSError as error:
        raise Malformed(f"{path}: cannot be read: {error.strerror}") from error
    try:
        event = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"{path}: is not JSON ({error}): give a whole envelope") from error
    if not isinstance(event, dict):
        raise Malformed(f"{path}: is not a JSON object: give one EventBridge envelope")
    return body
