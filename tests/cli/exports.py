"""Exports for tests to read."""

import itertools
from collections.abc import Iterable
from pathlib import Path

from firstline.cli.main import dispatch
from firstline.ledger import export
from firstline.ledger.export import DecodedEntry


def outage(folder: Path) -> Path:
    """The ledger of a complete outage, replayed."""
    path = folder / "ledger.jsonl"
    assert (
        dispatch(["replay", "events/cloudwatch.healthy-hosts-zero.json", "--export", str(path)])
        == 0
    )
    return path


def written(path: Path, *chains: Iterable[DecodedEntry]) -> Path:
    """An export of these chains."""
    entries = itertools.chain.from_iterable(chains)
    path.write_bytes(b"".join(export.entry_line(each.entry) for each in entries))
    return path
