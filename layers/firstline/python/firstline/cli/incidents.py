"""``firstline audit list`` and ``show``: the incidents of a ledger, and the entries of one."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from heapq import nlargest
from pathlib import Path
from typing import Annotated

import typer

from firstline.cli import exported, times
from firstline.cli.analysis.selection import OUTCOMES, Wanted, summaries
from firstline.cli.fleets import Credentials, FileOrName, Place, Region
from firstline.cli.output import entries, listing
from firstline.errors import InvalidInput
from firstline.ids import IncidentId
from firstline.ledger.export import DecodedEntry, decode_entry
from firstline.reporting.incident_summary import Summary
from firstline.signal import Condition, Severity

Export = Annotated[
    Path | None,
    typer.Argument(metavar="[EXPORT]", help="by default the deployed ledger", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON document a line")]
Since = Annotated[str, typer.Option(metavar="TIME", help="2h, 7d, 2026-03-11, or with a time")]
Until = Annotated[str, typer.Option(metavar="TIME", help="as --since, itself left out")]
Names = list[str] | None


def list_incidents(
    export: Export = None,
    since: Since = "",
    until: Until = "",
    severity: Annotated[Names, typer.Option(help="P1 to P4; may be given again")] = None,
    condition: Annotated[Names, typer.Option(help="such as enclave-down")] = None,
    host: Annotated[Names, typer.Option(help="an instance that was looked at or fixed")] = None,
    outcome: Annotated[Names, typer.Option(help=", ".join(OUTCOMES))] = None,
    last: Annotated[int, typer.Option(min=0, help="only so many, by time; 0 is all")] = 0,
    fleet: FileOrName = "",
    profile: Credentials = "",
    region: Region = "",
    as_json: AsJson = False,
) -> None:
    """List incidents, a line each; without --last in the ledger's own order, as they are read.

    A signal that opened none is listed where its --outcome is asked for.
    """
    wanted = Wanted(
        since=times.read("--since", since),
        until=times.read("--until", until),
        severities=_named("--severity", severity, Severity),
        conditions=_named("--condition", condition, Condition),
        hosts=frozenset(host or ()),
        outcomes=_named("--outcome", outcome, OUTCOMES),
    )
    with reading(export, Place(fleet, region, profile)) as found:
        fitting = (each for each in summaries(found) if _fits(each, wanted))
        listing.tell(_latest(fitting, last) if last else fitting, as_json=as_json)


def show(
    incident: Annotated[str, typer.Argument(metavar="INCIDENT", help="its id", show_default=False)],
    export: Export = None,
    fleet: FileOrName = "",
    profile: Credentials = "",
    region: Region = "",
    as_json: AsJson = False,
) -> None:
    """Show each entry of an incident: decisions with their facts, and every guard's answer."""
    id_ = IncidentId(incident)
    with reading(export, Place(fleet, region, profile), id_) as found:
        told = (each for each in found if each.entry.incident == id_)
        count = entries.tell(told, as_json=as_json)
    if not count:
        raise InvalidInput(f"there is no incident {incident} in {export or 'the deployed ledger'}")


@contextmanager
def reading(
    export: Path | None, place: Place, incident: IncidentId | None = None
) -> Iterator[Iterator[DecodedEntry]]:
    """Entries of the file *export*, or of the deployed ledger; of *incident* at least."""
    if export is not None:
        with exported.opened(export) as lines:
            yield (each for each in lines if isinstance(each, DecodedEntry))
        return
    from firstline.cli.account import deployments

    ledger = deployments.find(place).ledger
    yield map(decode_entry, ledger.entries(incident) if incident else ledger.everything())


def _fits(told: Summary, wanted: Wanted) -> bool:
    return wanted.fits(told) and (told.opened or bool(wanted.outcomes))


def _latest(told: Iterable[Summary], most: int) -> list[Summary]:
    return nlargest(most, told, key=lambda each: each.opened_at)[::-1]


def _named(option: str, given: Names, known: Iterable[str]) -> frozenset[str]:
    names = tuple(map(str, known))
    for each in given or ():
        if each not in names:
            raise InvalidInput(f"{option} {each}: give one of {', '.join(names)}")
    return frozenset(given or ())
