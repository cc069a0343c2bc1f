"""The timeline of a simulated run: ledger entries, faults and operator actions in order."""

from collections.abc import Iterator
from datetime import timedelta

from firstline.lab.simulation.run import Run
from firstline.reporting import timeline


def lines(run: Run) -> list[str]:
    """Return the lines of a run, each with its seconds since the start.

    An entry has the clock of the worker that wrote it, which may be wrong by seconds.
    """
    rows = sorted([*_fault_rows(run), *_entry_rows(run)], key=lambda each: each[0])
    return [f"{at.total_seconds():8.1f}  {line}" for at, line in rows]


def _fault_rows(run: Run) -> Iterator[tuple[timedelta, str]]:
    for at, line in run.scheduler.trace:
        yield at, f"{'':12}  {line}"


def _entry_rows(run: Run) -> Iterator[tuple[timedelta, str]]:
    for id_, entries in run.backend.store.tables.entries.items():
        for moment in timeline.moments(entries):
            text = "".join(each if each.isprintable() else " " for each in moment.text)
            yield moment.at - run.world.start, f"{id_[:12]:12}  {moment.word} {text}"
