"""``firstline audit``: the ledger, checked by anyone."""

from pathlib import Path
from typing import Annotated

import typer

from firstline import audit
from firstline.cli import output
from firstline.cli.output import AuditLine
from firstline.errors import Malformed

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.callback()
def ledger() -> None:
    """The ledger, checked by anyone."""


@app.command()
def verify(
    export: Annotated[Path, typer.Argument(metavar="EXPORT", show_default=False)],
    head: Annotated[
        list[str] | None, typer.Option(help="a chain's last hash, known from elsewhere")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
) -> int:
    """Check every chain of an export; with --head, also that its end was not cut off."""
    try:
        content = export.read_bytes()
    except OSError as error:
        raise Malformed(f"{export}: cannot be read: {error.strerror}") from error
    anchors = tuple(head or ())
    found = audit.verify(content, anchors)
    line = AuditLine(
        file=str(export),
        valid=found.fault is None and found.entries > 0,
        entries=found.entries,
        heads=found.heads,
        anchored=bool(anchors),
        line=found.fault.line if found.fault else None,
        why=audit.told(str(export), found, anchored=bool(anchors)),
    )
    if as_json:
        output.emit(line)
    else:
        print(line.why)
    return 0 if line.valid else 1
