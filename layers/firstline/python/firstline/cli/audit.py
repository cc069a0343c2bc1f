"""``firstline audit``: list, show, export and verify the ledger."""

from pathlib import Path
from typing import Annotated

import typer

from firstline.cli import audit_export, incidents
from firstline.cli.output import lines as output
from firstline.cli.output import terminal
from firstline.cli.output.lines import AuditLine, FaultLine
from firstline.errors import InvalidInput
from firstline.ledger import verify as audit

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.callback()
def ledger() -> None:
    """List, show, export and verify the ledger."""


app.command()(audit_export.export)
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
    partial: Annotated[bool, typer.Option(help="EXPORT contains only some incidents")] = False,
    require_anchor: Annotated[bool, typer.Option(help=audit.REQUIRE_ANCHOR)] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
) -> int:
    """Verify the chains, policies and checkpoints of an export, and list unanchored entries."""
    try:
        public_key = audit.read_key(key.read_bytes()) if key else None
        with export.open("rb") as file:
            finding = audit.verify(file, tuple(head or ()), public_key, partial=partial)
    except OSError as error:
        raise InvalidInput(
            f"{error.filename or export}: cannot be read: {error.strerror}"
        ) from error
    except ValueError as error:
        raise InvalidInput(f"{key}: cannot be read: {error}") from error
    line = _audit_line(export, finding)
    if as_json:
        output.emit(line)
    else:
        terminal.print_lines(line.why.splitlines())
    return audit.status(finding, require_anchor=require_anchor)


def _audit_line(export: Path, finding: audit.VerifyResult) -> AuditLine:
    return AuditLine(
        file=str(export),
        valid=finding.valid,
        entries=finding.entries,
        heads=finding.heads,
        anchored=finding.entries > 0 and not finding.unanchored,
        line=finding.faults[0].line if finding.faults else None,
        why=audit.describe(str(export), finding),
        faults=tuple(FaultLine(line=each.line, why=each.why) for each in finding.faults),
        checkpoints=finding.checkpoints,
        checkpoint=finding.last or None,
        signed=finding.key is not None and finding.checkpoints > 0,
        unanchored=finding.unanchored,
        bare=tuple(finding.unanchored_chains),
        policies=finding.policies,
        absent=finding.absent,
    )
