"""``firstline audit``: the ledger, taken out of its table and checked by anyone."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from firstline import audit
from firstline import export as exports
from firstline import profile as profiles
from firstline.cli import exported, incidents, instants, output
from firstline.cli.envelope import RUNBOOK
from firstline.cli.output import AuditLine, ExportLine
from firstline.errors import Malformed, Unavailable
from firstline.ids import Digest, IncidentId, digest
from firstline.ledger import Entry
from firstline.ports import Ledger

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.callback()
def ledger() -> None:
    """The ledger, checked by anyone."""


app.command("list")(incidents.list_incidents)
app.command()(incidents.show)


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


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False)],
    incident: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="only this one; may be given again")
    ] = None,
    since: Annotated[str, typer.Option(metavar="TIME", help="2026-03-11, or with a time")] = "",
    until: Annotated[str, typer.Option(metavar="TIME", help="as --since, itself left out")] = "",
    profile: Annotated[Path, typer.Option(help="the profile that was deployed")] = RUNBOOK,
    region: Annotated[str, typer.Option(help="where firstline is deployed")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
) -> None:
    """Write the deployed ledger to FILE: whole chains of entries, and the policies they name.

    With --since or --until, the chains that have an entry in that time.
    """
    window = (instants.read("--since", since), instants.read("--until", until))
    try:
        line = _exported(file, deployed_ledger(profile, region), (incident or []), window, profile)
    except Unavailable as error:
        raise Malformed(str(error)) from error
    if as_json:
        output.emit(line)
    else:
        print(
            f"{line.file}: {line.entries} entries in {line.incidents} chains,"
            f" {line.policies} policies, {line.checkpoints} checkpoints"
        )


def deployed_ledger(profile: Path, region: str) -> Ledger:
    """The ledger of the deployment for the fleet of *profile*; raises `Malformed`."""
    from firstline.adapters import clients, deployed
    from firstline.adapters.ledger import DynamoLedger

    fleet = profiles.load(profile).fleet.name
    session = deployed.session(region)
    return DynamoLedger(clients.ledger(session), deployed.ledger(fleet, session))


type Window = tuple[datetime | None, datetime | None]


def _exported(
    file: Path, ledger: Ledger, incidents: list[str], window: Window, profile: Path
) -> ExportLine:
    text = profile.read_bytes().decode()
    counts = {"entries": 0, "incidents": 0, "policies": 0, "checkpoints": 0}

    def policy(named: Digest) -> str | None:
        known = named == digest(text.encode())
        counts["policies"] += known
        return text if known else None

    lines = exports.write(_counted(_chosen(ledger, incidents, window), counts), policy)
    exported.write(lines, file)
    return ExportLine(file=str(file), **counts)


def _chosen(ledger: Ledger, incidents: list[str], window: Window) -> Iterator[Entry]:
    named = dict.fromkeys(map(IncidentId, incidents))
    entries = chain.from_iterable(map(ledger.entries, named)) if named else ledger.everything()
    return exports.within(entries, *window)


def _counted(entries: Iterator[Entry], counts: dict[str, int]) -> Iterator[Entry]:
    """*entries*, counted as they pass; those of a chain stand together."""
    before = None
    for entry in entries:
        counts["entries"] += 1
        counts["incidents"] += entry.incident != before
        before = entry.incident
        yield entry
