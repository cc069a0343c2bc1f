"""``firstline audit list`` and ``show``: the incidents of a ledger, and one's entries."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from heapq import nlargest
from pathlib import Path
from typing import Annotated

import typer

from firstline.cli import export_files, times
from firstline.cli.analysis.selection import OUTCOMES, IncidentFilter, summaries
from firstline.cli.fleets import Credentials, FileOrName, Place, Region
from firstline.cli.output import entry_list, incident_list
from firstline.errors import InvalidInput
from firstline.ids import IncidentId
from firstline.ledger.export import DecodedEntry, decode_entry
from firstline.reporting.incident_summary import Summary
from firstline.signal import Condition, Severity

Export = Annotated[
    Path | None,
    typer.Argument(metavar="[EXPORT]", help="by default the deployed ledger", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON document per line")]
Since = Annotated[str, typer.Option(metavar="TIME", help="2h, 7d, 2026-03-11, or with a time")]
Until = Annotated[str, typer.Option(metavar="TIME", help="like --since, exclusive")]
Names = list[str] | None


def list_incidents(
    export: Export = None,
    since: Since = "",
    until: Until = "",
    severity: Annotated[Names, typer.Option(help="P1 to P4; repeatable")] = None,
    condition: Annotated[Names, typer.Option(help="such as enclave-down")] = None,
    host: Annotated[Names, typer.Option(help="an instance that was inspected or fixed")] = None,
    outcome: Annotated[Names, typer.Option(help=", ".join(OUTCOMES))] = None,
    last: Annotated[int, typer.Option(min=0, help="at most this many, by time; 0: all")] = 0,
    fleet: FileOrName = "",
    profile: Credentials = "",
    region: Region = "",
    as_json: AsJson = False,
) -> None:
    """List incidents, one a line; without --last in the ledger's order, as they are read.

    Signals that opened no incident are listed only with --outcome.
    """
    incident_filter = IncidentFilter(
        since=times.parse_instant("--since", since),
        until=times.parse_instant("--until", until),
        severities=_choices("--severity", severity, Severity),
        conditions=_choices("--condition", condition, Condition),
        hosts=frozenset(host or ()),
        outcomes=_choices("--outcome", outcome, OUTCOMES),
    )
    with open_entries(export, Place(fleet, region, profile)) as records:
        matching = (each for each in summaries(records) if _is_listed(each, incident_filter))
        incident_list.print_incidents(
            _latest(matching, last) if last else matching, as_json=as_json
        )


def show(
    incident: Annotated[str, typer.Argument(metavar="INCIDENT", help="its id", show_default=False)],
    export: Export = None,
    fleet: FileOrName = "",
    profile: Credentials = "",
    region: Region = "",
    as_json: AsJson = False,
) -> None:
    """Show each entry of an incident: decisions with their inputs, and every guard's result."""
    id_ = IncidentId(incident)
    with open_entries(export, Place(fleet, region, profile), id_) as records:
        of_incident = (each for each in records if each.entry.incident == id_)
        count = entry_list.print_entries(of_incident, as_json=as_json)
    if not count:
        raise InvalidInput(f"there is no incident {incident} in {export or 'the deployed ledger'}")


@contextmanager
def open_entries(
    export: Path | None, place: Place, incident: IncidentId | None = None
) -> Iterator[Iterator[DecodedEntry]]:
    """Yield entries of the file *export* or the deployed ledger; at least those of *incident*."""
    if export is not None:
        with export_files.open_export(export) as lines:
            yield (each for each in lines if isinstance(each, DecodedEntry))
        return
    from firstline.cli.account import deployments

    ledger = deployments.find(place).ledger
    yield map(decode_entry, ledger.entries(incident) if incident else ledger.everything())


def _is_listed(summary: Summary, incident_filter: IncidentFilter) -> bool:
    return incident_filter.matches(summary) and (summary.opened or bool(incident_filter.outcomes))


def _latest(summaries: Iterable[Summary], count: int) -> list[Summary]:
    return nlargest(count, summaries, key=lambda each: each.opened_at)[::-1]


def _choices(option: str, given: Names, allowed: Iterable[str]) -> frozenset[str]:
    names = tuple(map(str, allowed))
    for each in given or ():
        if each not in names:
            raise InvalidInput(f"{option} {each}: give one of {', '.join(names)}")
    return frozenset(given or ())
