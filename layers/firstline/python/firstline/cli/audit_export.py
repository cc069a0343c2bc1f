"""``firstline audit export``: the deployed ledger and its archive, written to a file."""

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
from firstline.cli.analysis.selection import chains_in_window
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
        list[str] | None, typer.Option(metavar="ID", help="only this incident; repeatable")
    ] = None,
    since: Annotated[str, typer.Option(metavar="TIME", help="2026-03-11, or with a time")] = "",
    until: Annotated[str, typer.Option(metavar="TIME", help="like --since, exclusive")] = "",
    fleet: FileOrName = "",
    profile: Credentials = "",
    region: Region = "",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
) -> None:
    """Write the deployed ledger to FILE: chains of entries, policies and checkpoints.

    With --since or --until, only the chains with an entry in that time, whole. An export of some
    incidents only is verified with --partial.
    """
    window = (times.parse_instant("--since", since), times.parse_instant("--until", until))
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

    The set of checkpoints is fixed before the first entry is read.
    """
    counts = Counter[str]()
    checkpoints = archive_reader.checkpoints(deployment.archive) if deployment.archive else iter(())
    lines = exports.write(
        _count_entries(_selected_entries(deployment.ledger, incidents, window), counts),
        _policy_texts(deployment, counts),
        (each for each in checkpoints if counts.update(("checkpoints",)) is None),
    )
    export_files.write(lines, file)
    return ExportLine(
        file=str(file),
        entries=counts["entries"],
        incidents=counts["incidents"],
        policies=counts["policies"],
        checkpoints=counts["checkpoints"],
    )


def _policy_texts(deployment: Deployment, counts: Counter[str]) -> Callable[[Digest], str | None]:
    """Return a lookup of policy texts in the archive and the given fleet file."""
    archive = deployment.archive
    fleet_text = fleet_file.read(deployment.file) if deployment.file else b""

    def text_of(policy: Digest) -> str | None:
        archived = archive_reader.policy(archive, policy) if archive else None
        text = (
            archived
            if archived is not None or policy != digest(fleet_text)
            else fleet_text.decode()
        )
        counts["policies"] += text is not None
        return text

    return text_of


def _selected_entries(ledger: Ledger, incidents: list[str], window: Window) -> Iterator[Entry]:
    ids = dict.fromkeys(map(IncidentId, incidents))
    entries = chain.from_iterable(map(ledger.entries, ids)) if ids else ledger.everything()
    return chains_in_window(entries, *window)


def _count_entries(entries: Iterator[Entry], counts: Counter[str]) -> Iterator[Entry]:
    """Yield *entries* and count them; they are in chain order."""
    previous = None
    for entry in entries:
        counts["entries"] += 1
        counts["incidents"] += entry.incident != previous
        previous = entry.incident
        yield entry
