"""The options that name a fleet and AWS credentials, shared by the commands."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from firstline.cli.event_files import RUNBOOK
from firstline.config import fleet_choice
from firstline.config import fleet_file as profiles
from firstline.errors import InvalidInput

if TYPE_CHECKING:
    from boto3.session import Session

_CHOICE = f"else {fleet_choice.VARIABLE}, else {fleet_choice.FILE}"
File = Annotated[
    str,
    typer.Option("--fleet", metavar="FILE", help=f"the fleet file; {_CHOICE}", show_default=False),
]
FileOrExample = Annotated[
    str,
    typer.Option(
        "--fleet",
        metavar="FILE",
        help=f"the fleet file; {_CHOICE}, else the shipped example",
        show_default=False,
    ),
]
FileOrName = Annotated[
    str,
    typer.Option(
        "--fleet",
        metavar="FILE|NAME",
        help=f"the fleet file, or the fleet's name; {_CHOICE}",
        show_default=False,
    ),
]
Credentials = Annotated[
    str,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="AWS credentials profile; else AWS_PROFILE",
        show_default=False,
    ),
]
Region = Annotated[
    str,
    typer.Option(
        "--region", help="else that of the fleet file, else AWS_REGION", show_default=False
    ),
]


class Place(NamedTuple):
    """A deployment as a command line names it; an empty field is not given."""

    fleet: str = ""
    region: str = ""
    credentials: str = ""


class ChosenFleet(NamedTuple):
    """The chosen fleet; ``file`` is None if only its name is given."""

    name: str
    file: Path | None
    session: "Session"


def choose(given: str) -> Path:
    """Return the fleet file; raises `InvalidInput` if none is named."""
    return fleet_choice.choose(given, os.environ, Path())


def choose_or_example(given: str) -> Path:
    """Return the fleet file, else the shipped example: for commands that reach no account."""
    try:
        return choose(given)
    except InvalidInput:
        return RUNBOOK


def find(place: Place) -> ChosenFleet:
    """Return the fleet of *place* with a session; raises `InvalidInput` or `DependencyUnavailable`.

    A fault of the file is reported before one of the environment.
    """
    path = choose(place.fleet)
    if path.suffix != ".toml" and len(path.parts) == 1 and not path.is_file():
        return ChosenFleet(str(path), None, session(place))
    name = profiles.load(path).fleet.name
    return ChosenFleet(name, path, session(place, profiles.deployment(path).region))


def session(place: Place, recorded: str = "") -> "Session":
    """Return a session in the Region of *place*, else in the *recorded* one of the fleet file."""
    from firstline.doctor.readers import stacks

    return stacks.session(place.region or recorded, place.credentials)
