"""``firstline audit``: the ledger, taken out of its table and checked by anyone."""

from pathlib import Path
from typing import Annotated

import typer

from firstline.cli import exporting, incidents
from firstline.cli.output import lines as output
from firstline.cli.output import terminal
from firstline.cli.output.lines import AuditLine, FaultLine
from firstline.errors import InvalidInput
from firstline.ledger import verify as audit

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.callback()
def ledger() -> None:
    """The ledger, checked by anyone."""


app.command()(exporting.export)
app.command("list")(incidents.list_incidents)
app.command()(incidents.show)


@app.command()
def verify(
    export: Annotated[Path, typer.Argument(metavar="EXPORT", help="the file", show_default=False)],
    key: Annotated[
        Path | None, typer.Argument(metavar="[KEY]", help="the public key of checkpoints")
    ] = None,
    head: Annotated[
        list[str] | None,
        typer.Option(
            help="the hash of a chain's last entry or the last checkpoint, from elsewhere"
        ),
    ] = None,
    partial: Annotated[bool, typer.Option(help="EXPORT is of some incidents only")] = False,
    require_anchor: Annotated[bool, typer.Option(help=audit.REQUIRE_ANCHOR)] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
) -> int:
    """Check every chain, policy and checkpoint of an export, and say what nothing anchors."""
    try:
        known = audit.read_key(key.read_bytes()) if key else None
        with export.open("rb") as file:
            found = audit.verify(file, tuple(head or ()), known, partial=partial)
    except OSError as error:
        raise InvalidInput(
            f"{error.filename or export}: cannot be read: {error.strerror}"
        ) from error
    except ValueError as error:
        raise InvalidInput(f"{key}: cannot be read: {error}") from error
    line = _audited(export, found)
    if as_json:
        output.emit(line)
    else:
        terminal.say(line.why.splitlines())
    return audit.status(found, require_anchor=require_anchor)


def _audited(export: Path, found: audit.VerifyResult) -> AuditLine:
    return AuditLine(
        file=str(export),
        valid=found.valid,
        entries=found.entries,
        heads=found.heads,
        anchored=found.entries > 0 and not found.unanchored,
        line=found.faults[0].line if found.faults else None,
        why=audit.describe(str(export), found),
        faults=tuple(FaultLine(line=each.line, why=each.why) for each in found.faults),
        checkpoints=found.checkpoints,
        checkpoint=found.last or None,
        signed=found.key is not None and found.checkpoints > 0,
        unanchored=found.unanchored,
        bare=tuple(found.unanchored_chains),
        policies=found.policies,
        absent=found.absent,
    )
