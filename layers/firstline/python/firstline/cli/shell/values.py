"""Completion values that need no access to an account."""

import typer

from firstline.actions.catalogue import FIXES
from firstline.cli import fleets
from firstline.config import fleet_file as profiles
from firstline.errors import InvalidInput
from firstline.signal import Condition


def conditions() -> list[str]:
    """Return every condition of a fleet."""
    return list(map(str, Condition))


def scopes() -> list[str]:
    """Return the scopes of a pause; ids of incidents are left out."""
    return ["everything", *conditions()]


def actions() -> list[str]:
    """Return the fixes of a host or a group."""
    return list(FIXES)


def alarms(ctx: typer.Context) -> list[str]:
    """Return the alarms of the fleet file on the command line, else of the default one.

    An invalid file has none.
    """
    from firstline.lab.generate import alarms_of

    try:
        return alarms_of(profiles.load(fleets.choose_or_example(ctx.params["fleet"] or "")))
    except InvalidInput:
        return []
