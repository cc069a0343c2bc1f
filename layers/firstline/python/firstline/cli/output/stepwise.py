"""A simulated run step by step: what the ledgers say, and what went wrong beside."""

from collections.abc import Iterator
from datetime import timedelta

from firstline.lab.simulation.run import Run
from firstline.reporting import timeline


def lines(run: Run) -> list[str]:
    """Each with its seconds since the start: entries of every ledger, faults, and people's deeds.

    An entry bears the clock of the worker that wrote it, which may be wrong by seconds.
    """
    told = sorted([*_noted(run), *_recorded(run)], key=lambda each: each[0])
    return [f"{at.total_seconds():8.1f}  {line}" for at, line in told]


def _noted(run: Run) -> Iterator[tuple[timedelta, str]]:
    for at, line in run.scheduler.trace:
        yield at, f"{'':12}  {line}"


def _recorded(run: Run) -> Iterator[tuple[timedelta, str]]:
    for id_, entries in run.backend.store.tables.entries.items():
        for moment in timeline.moments(entries):
            text = "".join(each if each.isprintable() else " " for each in moment.text)
            yield moment.at - run.world.start, f"{id_[:12]:12}  {moment.word} {text}"
