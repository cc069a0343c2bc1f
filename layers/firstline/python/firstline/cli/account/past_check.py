"""Repeats the decisions of the deployed ledger with this code and a new policy, before a deploy."""

import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from firstline.cli import audit_export, export_files, replay_export
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


class PastCheck(NamedTuple):
    """The result of the check.

    ``undecided`` names the incidents whose decisions could not be repeated, with reasons.
    """

    incidents: int
    misses: tuple[Miss, ...]
    undecided: tuple[str, ...]

    @property
    def losses(self) -> tuple[str, ...]:
        """Return the names by which ``--accept`` accepts the losses."""
        return tuple(sorted({f"past:{each.sort}" for each in self.misses}))


def check(place: Place, since: datetime) -> PastCheck:
    """Check the incidents that have an entry from *since* on.

    Raises `InvalidInput` or `DependencyUnavailable`.
    """
    deployment = deployments.find(place)
    if deployment.file is None:
        raise InvalidInput("--check-past: name the fleet file by --fleet FILE")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "ledger.jsonl")
        audit_export.write(path, deployment, [], (since, None))
        return check_export(path, deployment.file)


def check_export(path: Path, fleet: Path) -> PastCheck:
    """Check this code and the policy of *fleet* on the export in *path*; raises `InvalidInput`."""
    policies = replay_export.policies(path)
    missed: list[Miss] = []
    undecided: list[str] = []
    latest: DecodedEntry | None = None
    incidents = 0
    with export_files.open_export(path) as export_lines, export_files.decoding(path):
        for chain in export_chains.chains(export_lines):
            record = incident_record(chain)
            if record is None:
                continue
            incidents += 1
            latest = max(filter(None, (latest, chain[-1])), key=lambda each: each.at)
            result = redecide(record, policies)
            missed += misses.by_code(chain, result)
            undecided += [f"{record.id}: {result.why}"] if result.why else []
    old_policy = policies.get(latest.policy) if latest else None
    if old_policy is not None:
        with export_files.decoding(path):
            missed += misses.by_policy(path, old_policy, fleet_file.load(fleet))
    return PastCheck(incidents, tuple(missed), tuple(undecided))


def lines(result: PastCheck) -> Iterator[str]:
    """Yield the result as text."""
    for each in result.misses[:SHOWN_MAX]:
        yield f"{each.sort:<10} {each.at:%Y-%m-%d %H:%M:%S}  {each.where}: {each.why}"
    if more := result.misses[SHOWN_MAX:]:
        yield f"and {len(more)} more"
    yield from (f"not re-decided: {each}" for each in result.undecided)
    incidents = _count(result.incidents, "incident")
    yield f"past: {incidents} re-decided, {_miss_counts(result.misses)}"


def _miss_counts(missed: Sequence[Miss]) -> str:
    pages_lost = sum(each.sort == "page-lost" for each in missed)
    fixes_gained = len(missed) - pages_lost
    return f"{_count(pages_lost, 'page')} lost, {_count(fixes_gained, 'fix', 'fixes')} gained"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"
