"""Commands as the real command line parses them: nothing is run, and nothing is sent."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import typer

from firstline.cli.main import COMMANDS, module_of
from firstline.cli.operators import parse_duration
from firstline.controller.operators import commands
from firstline.errors import InvalidInput

NOW = datetime(2026, 3, 11, tzinfo=UTC)
OPERATOR_COMMANDS = frozenset({"approve", "deny", "pause", "resume", "promote"})


def fault(name: str, *arguments: str) -> str:
    """Why the command line refuses these words; empty where it takes them."""
    if name not in COMMANDS:
        return f"no command {name}"
    app: typer.Typer = module_of(COMMANDS[name][0]).app
    group = typer.main.get_group(app)
    command: Any = group.commands.get(name, group)
    rest = list(arguments)
    while hasattr(command, "commands"):
        found = command.commands.get(rest[0]) if rest else None
        if found is None:
            return f"no subcommand {rest[:1]}"
        command, rest = found, rest[1:]
    try:
        given = command.make_context(name, rest).params
        if name in OPERATOR_COMMANDS:
            _read(name, given)
    except typer.TyperException as error:
        return error.format_message()
    except InvalidInput as error:
        return str(error)
    return ""


def _read(name: str, given: dict[str, Any]) -> None:
    """Parse the order like the deployed function; raises `InvalidInput`."""
    fields = {"incident", "plan", "scope", "action", "why"}
    order = {"command": name, **{key: given[key] for key in fields & given.keys()}}
    if name == "pause":
        order["until"] = (NOW + parse_duration(given["duration"])).isoformat()
    commands.parse_command(msgspec.json.encode(order))
