"""Completion: what may stand next in a command line, by the protocol of Typer's shell scripts.

The names of commands come from the table of `firstline.cli.main`; only the command that is typed
already is imported, for its subcommands and options. Where nothing is known to stand, the shell
offers files.
"""

from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from firstline.cli.main import COMMANDS, NAME, group_of
from firstline.errors import InvalidInput


class Commands(TyperGroup):
    """The rows of the table; a row's module is imported once its command is resolved."""

    def list_commands(self, ctx: object) -> list[str]:  # noqa: ARG002 - Typer's signature
        """The first words, in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: object, cmd_name: str) -> TyperCommand | None:  # noqa: ARG002
        """The row's name and line, with nothing behind them."""
        row = COMMANDS.get(cmd_name)
        return TyperCommand(cmd_name, help=row[1]) if row else None

    def resolve_command(
        self,
        ctx: object,  # noqa: ARG002
        args: list[str],
    ) -> tuple[str | None, Any, list[str]]:
        """The command itself; None where there is no such word, or it needs a checkout."""
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


def answer(arguments: Sequence[str]) -> int:
    """Install or show a shell's script, or complete what the environment holds.

    Raises `InvalidInput` for a shell that is not known, or a word beside the option.
    """
    try:
        status = typer.main.get_command(app).main(
            list(arguments), prog_name=NAME, standalone_mode=False
        )
    except typer.TyperException as error:
        raise InvalidInput(error.format_message()) from error
    return int(status or 0)
