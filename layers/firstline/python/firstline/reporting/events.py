"""Events of one type in a chain."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from firstline.ledger.export import DecodedEntry


def timed[E](records: Iterable[DecodedEntry], form: type[E]) -> Iterator[tuple[datetime, E]]:
    """Each event of the type *form* with its entry's instant, in the order of the chain."""
    return ((each.at, each.event) for each in records if isinstance(each.event, form))


def events[E](records: Iterable[DecodedEntry], form: type[E]) -> Iterator[E]:
    """Each event of the type *form*, in the order of the chain."""
    return (event for _, event in timed(records, form))
