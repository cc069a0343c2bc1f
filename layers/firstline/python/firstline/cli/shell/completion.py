"""Completion of a command line, by the protocol of Typer's shell scripts.

The names of commands come from the table of `firstline.cli.main`. Only the module of a typed
command is imported, for its subcommands and options. Without candidates the shell offers files.
"""

from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from firstline.cli.main import COMMANDS, NAME, group_of
from firstline.errors import InvalidInput


class Commands(TyperGroup):
    """The commands of the table; a command's module is imported when it is resolved."""

    def list_commands(self, ctx: object) -> list[str]:  # noqa: ARG002 - Typer's signature
        """Return the command names in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: object, cmd_name: str) -> TyperCommand | None:  # noqa: ARG002
        """Return a command with its name and help line only."""
        row = COMMANDS.get(cmd_name)
        return TyperCommand(cmd_name, help=row[1]) if row else None

    def resolve_command(
        self,
        ctx: object,  # noqa: ARG002
        args: list[str],
    ) -> tuple[str | None, Any, list[str]]:
        """Return the command; None if there is no such command, or it needs a checkout."""
        name, *rest = args
        try:
            group = group_of(name)
        except (KeyError, InvalidInput):
            return None, None, rest
        return name, group.commands.get(name, group), rest


app = typer.Typer(cls=Commands, rich_markup_mode=None)


@app.callback()
def root() -> None:
    """Auto-remediation for a fleet of AWS Nitro Enclave hosts."""


def complete(arguments: Sequence[str]) -> int:
    """Install or show a shell's script, or complete the words in the environment.

    Raises `InvalidInput` for an unknown shell or an extra argument.
    """
    try:
        status = typer.main.get_command(app).main(
            list(arguments), prog_name=NAME, standalone_mode=False
        )
    except typer.TyperException as error:
        raise InvalidInput(error.format_message()) from error
    return int(status or 0)
