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
from firstline.cli.output import AuditLine, ExportLine, FaultLine
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
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
) -> int:
    """Check every chain, policy and checkpoint of an export, and say what nothing anchors."""
    try:
        known = audit.read_key(key.read_bytes()) if key else None
        with export.open("rb") as file:
            found = audit.verify(file, tuple(head or ()), known, partial=partial)
    except OSError as error:
        raise Malformed(f"{error.filename or export}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise Malformed(f"{key}: cannot be read: {error}") from error
    line = _audited(export, found)
    if as_json:
        output.emit(line)
    else:
        print(line.why)
    return 0 if line.valid else 1


def _audited(export: Path, found: audit.Finding) -> AuditLine:
    return AuditLine(
        file=str(export),
        valid=found.valid,
        entries=found.entries,
        heads=found.heads,
        anchored=found.entries > 0 and not found.unanchored,
        line=found.faults[0].line if found.faults else None,
        why=audit.told(str(export), found),
        faults=tuple(FaultLine(line=each.line, why=each.why) for each in found.faults),
        checkpoints=found.checkpoints,
        checkpoint=found.last or None,
        signed=found.key is not None and found.checkpoints > 0,
        unanchored=found.unanchored,
        policies=found.policies,
        absent=found.absent,
    )


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
