"""``firstline audit export``: the deployed ledger, and what its archive says of it, in a file."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from firstline.cli import export_files, times
from firstline.cli.account import deployments
from firstline.cli.account.deployments import Deployment
from firstline.cli.analysis import archive_reader
from firstline.cli.analysis.selection import within
from firstline.cli.fleets import Credentials, FileOrName, Place, Region
from firstline.cli.output import lines as output
from firstline.cli.output.lines import ExportLine
from firstline.config import fleet_file
from firstline.controller.ports.ledger import Ledger
from firstline.ids import Digest, IncidentId, digest
from firstline.ledger import export as exports
from firstline.ledger.chain import Entry


def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="to write", show_default=False)],
    incident: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="only this one; may be given again")
    ] = None,
    since: Annotated[str, typer.Option(metavar="TIME", help="2026-03-11, or with a time")] = "",
    until: Annotated[str, typer.Option(metavar="TIME", help="as --since, itself left out")] = "",
    fleet: FileOrName = "",
    profile: Credentials = "",
    region: Region = "",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
) -> None:
    """Write the deployed ledger to FILE: chains of entries, policies and checkpoints.

    With --since or --until, the whole chains that have an entry in that time. What is not of all
    incidents is verified with --partial.
    """
    window = (times.read("--since", since), times.read("--until", until))
    deployment = deployments.find(Place(fleet, region, profile))
    line = write(file, deployment, incident or [], window)
    if as_json:
        output.emit(line)
    else:
        print(
            f"{line.file}: {line.entries} entries in {line.incidents} chains,"
            f" {line.policies} policies, {line.checkpoints} checkpoints"
        )


type Window = tuple[datetime | None, datetime | None]


def write(file: Path, deployment: Deployment, incidents: list[str], window: Window) -> ExportLine:
    """Write the export of *incidents*, or of all in the *window*, to *file*.

    What checkpoints there are is settled before the first entry is read.
    """
    counted = Counter[str]()
    sealed = archive_reader.checkpoints(deployment.archive) if deployment.archive else iter(())
    lines = exports.write(
        _counted(_chosen(deployment.ledger, incidents, window), counted),
        _texts(deployment, counted),
        (each for each in sealed if counted.update(("checkpoints",)) is None),
    )
    export_files.write(lines, file)
    return ExportLine(
        file=str(file),
        entries=counted["entries"],
        incidents=counted["incidents"],
        policies=counted["policies"],
        checkpoints=counted["checkpoints"],
    )


def _texts(deployment: Deployment, counted: Counter[str]) -> Callable[[Digest], str | None]:
    """A policy's text: the archive's, or that of the fleet file that was named."""
    archive = deployment.archive
    own = fleet_file.read(deployment.file) if deployment.file else b""

    def text_of(policy: Digest) -> str | None:
        kept = archive_reader.policy(archive, policy) if archive else None
        text = kept if kept is not None or policy != digest(own) else own.decode()
        counted["policies"] += text is not None
        return text

    return text_of


def _chosen(ledger: Ledger, incidents: list[str], window: Window) -> Iterator[Entry]:
    named = dict.fromkeys(map(IncidentId, incidents))
    entries = chain.from_iterable(map(ledger.entries, named)) if named else ledger.everything()
    return within(entries, *window)


def _counted(entries: Iterator[Entry], counted: Counter[str]) -> Iterator[Entry]:
    """*entries*, counted as they pass; those of a chain stand together."""
    before = None
    for entry in entries:
        counted["entries"] += 1
        counted["incidents"] += entry.incident != before
        before = entry.incident
        yield entry
