"""The chains of an export, one at a time, with the policies that their entries name.

Policies stand anywhere in an export, so it is read twice; one chain at a time is in memory.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby

from firstline.config import profile_file as profiles
from firstline.config.profile import Profile
from firstline.errors import InvalidInput
from firstline.ids import Digest, digest
from firstline.ledger.export import DecodedEntry, Line, Policy


def policies(lines: Iterable[Line]) -> dict[Digest, Profile]:
    """Return the profiles of an export by their digests; raises `InvalidInput`.

    A text that does not match its digest is rejected.
    """
    known: dict[Digest, Profile] = {}
    for line in lines:
        if isinstance(line, Policy):
            text = line.text.encode()
            if digest(text) != line.digest:
                raise InvalidInput(f"line {line.line}: the text is not the policy {line.digest}")
            known[line.digest] = profiles.parse(text, f"the policy in line {line.line}")
    return known


def chains(lines: Iterable[Line]) -> Iterator[tuple[DecodedEntry, ...]]:
    """Yield each chain's entries; those of a chain are contiguous in *lines*."""
    entries = (line for line in lines if isinstance(line, DecodedEntry))
    for _, chain in groupby(entries, key=lambda each: each.entry.incident):
        yield tuple(chain)
