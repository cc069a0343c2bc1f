"""Events of one type among the entries of a chain."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from firstline.ledger.export import DecodedEntry


def timed[E](records: Iterable[DecodedEntry], form: type[E]) -> Iterator[tuple[datetime, E]]:
    """Each event of the type *form* with the instant of its entry, in the order of the chain."""
    return ((each.at, each.event) for each in records if isinstance(each.event, form))


def events[E](records: Iterable[DecodedEntry], form: type[E]) -> Iterator[E]:
    """Each event of the type *form*, in the order of the chain."""
    return (event for _, event in timed(records, form))
