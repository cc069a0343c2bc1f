"""Past: the deployed ledger, decided by this code and the new policy before they are deployed."""

import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from firstline.cli import exported, exporting, replay_export
from firstline.cli.account import deployments
from firstline.cli.fleets import Place
from firstline.config import fleet_file
from firstline.errors import InvalidInput
from firstline.lab.redecide import export_chains, misses
from firstline.lab.redecide.incident_record import incident_record
from firstline.lab.redecide.misses import Miss
from firstline.lab.redecide.redecision import redecide

if TYPE_CHECKING:
    from firstline.ledger.export import DecodedEntry

SHOWN_MAX = 20


class Past(NamedTuple):
    """What came of it; *undecided* are incidents that could not be decided again, with reasons."""

    incidents: int
    misses: tuple[Miss, ...]
    undecided: tuple[str, ...]

    @property
    def losses(self) -> tuple[str, ...]:
        """The names by which a person may accept them."""
        return tuple(sorted({f"past:{each.sort}" for each in self.misses}))


def check(place: Place, since: datetime) -> Past:
    """The incidents that have an entry from *since* on.

    Raises `InvalidInput` or `DependencyUnavailable`.
    """
    deployment = deployments.find(place)
    if deployment.file is None:
        raise InvalidInput("--check-past: name the fleet file by --fleet FILE")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "ledger.jsonl")
        exporting.write(path, deployment, [], (since, None))
        return of_export(path, deployment.file)


def of_export(path: Path, fleet: Path) -> Past:
    """What this code and the policy of *fleet* miss of the export in *path*; `InvalidInput`."""
    known = replay_export.policies(path)
    found: list[Miss] = []
    undecided: list[str] = []
    latest: DecodedEntry | None = None
    incidents = 0
    with exported.opened(path) as read, exported.understood(path):
        for chain in export_chains.chains(read):
            told = incident_record(chain)
            if told is None:
                continue
            incidents += 1
            latest = max(filter(None, (latest, chain[-1])), key=lambda each: each.at)
            compared = redecide(told, known)
            found += misses.by_code(chain, compared)
            undecided += [f"{told.id}: {compared.why}"] if compared.why else []
    before = known.get(latest.policy) if latest else None
    if before is not None:
        with exported.understood(path):
            found += misses.by_policy(path, before, fleet_file.load(fleet))
    return Past(incidents, tuple(found), tuple(undecided))


def lines(past: Past) -> Iterator[str]:
    """The check in words."""
    for each in past.misses[:SHOWN_MAX]:
        yield f"{each.sort:<10} {each.at:%Y-%m-%d %H:%M:%S}  {each.where}: {each.why}"
    if more := past.misses[SHOWN_MAX:]:
        yield f"and {len(more)} more"
    yield from (f"not decided again: {each}" for each in past.undecided)
    yield f"past: {_count(past.incidents, 'incident')} decided again, {_missed(past.misses)}"


def _missed(found: Sequence[Miss]) -> str:
    lost = sum(each.sort == "page-lost" for each in found)
    return f"{_count(lost, 'page')} lost, {_count(len(found) - lost, 'fix', 'fixes')} gained"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"
