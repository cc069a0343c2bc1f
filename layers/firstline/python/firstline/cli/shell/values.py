"""Values: what an argument may be, where that is known without an account."""

import typer

from firstline.actions.catalogue import FIXES
from firstline.cli import fleets
from firstline.config import fleet_file as profiles
from firstline.errors import InvalidInput
from firstline.signal import Condition


def conditions() -> list[str]:
    """Every condition of a fleet."""
    return list(map(str, Condition))


def scopes() -> list[str]:
    """What a pause may be of, but for the ids of incidents."""
    return ["everything", *conditions()]


def actions() -> list[str]:
    """What may be done to a host or a group."""
    return list(FIXES)


def alarms(ctx: typer.Context) -> list[str]:
    """The alarms of the fleet file that is typed already, or of the one that the command takes.

    Of a file that does not hold together there is none.
    """
    from firstline.lab.generate import alarms_of

    try:
        return alarms_of(profiles.load(fleets.choose_or_example(ctx.params["fleet"] or "")))
    except InvalidInput:
        return []
