"""Exports for tests to read."""

import itertools
from collections.abc import Iterable
from pathlib import Path

from firstline.ledger import export
from firstline.ledger.export import Recorded


def written(path: Path, *chains: Iterable[Recorded]) -> Path:
    """An export of these chains."""
    entries = itertools.chain.from_iterable(chains)
    path.write_bytes(b"".join(export.entry_line(each.entry) for each in entries))
    return path
