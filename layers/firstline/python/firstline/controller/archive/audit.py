"""Auditing: the archive's last checkpoints, read again and held against bucket and table.

What ``ledger/verify.py`` does with a whole export, for the latest anchors, without being asked.
"""

from collections.abc import Iterator

from firstline.controller.archive.fill import Archiving
from firstline.controller.ports.archive import Archive
from firstline.errors import InvalidInput
from firstline.ids import IncidentId, digest
from firstline.ledger import archive as archiving
from firstline.ledger import verify as audit
from firstline.ledger.archive import SignedCheckpoint
from firstline.ledger.chain import Chain
from firstline.ledger.export import entry_line

CHECKPOINTS_READ = 50
"""How many are read each time; each has what changed since the one before."""


def faults(within: Archiving) -> Iterator[str]:
    """What does not hold, one line each; raises `DependencyUnavailable`."""
    newest = within.archive.first(archiving.CHECKPOINTS)
    if newest is None:
        return
    last = archiving.sequence_of(newest)
    key = audit.read_key(within.signer.public_key())
    before: SignedCheckpoint | None = None
    heads: dict[IncidentId, Chain] = {}
    for sequence in range(max(1, last - CHECKPOINTS_READ + 1), last + 1):
        sealed = checkpoint(within.archive, sequence)
        if sealed is None:
            yield f"checkpoint {sequence} is none"
            before = None
            continue
        yield from _links(sealed, sequence, before, key)
        before = sealed
        for incident, (length, head) in sealed.checkpoint.heads.items():
            if length >= heads.get(incident, Chain()).length:
                heads[incident] = Chain(length, head)
    for incident, chain in heads.items():
        yield from _chain(incident, chain, within)


def _links(
    sealed: SignedCheckpoint, sequence: int, before: SignedCheckpoint | None, key: audit.Key
) -> Iterator[str]:
    if not audit.signed_by(key, sealed.text.encode(), sealed.signature):
        yield f"checkpoint {sequence} is not signed by the key"
    if sealed.checkpoint.sequence != sequence:
        yield f"checkpoint {sequence} says that it is {sealed.checkpoint.sequence}"
    if before is not None and sealed.checkpoint.previous != digest(before.text.encode()):
        yield f"checkpoint {sequence} does not follow the one before it"


def _chain(incident: IncidentId, anchored: Chain, within: Archiving) -> Iterator[str]:
    """Whether the anchored head is in the bucket, and the table's chain leads to it."""
    where = f"entry {anchored.length} of {incident}"
    body = within.archive.get(archiving.entry_key(incident, anchored.length))
    if body is None or digest(body) != anchored.head:
        yield f"the archive's {where} is not what was anchored"
    lines = (
        entry_line(entry)
        for entry in within.ledger.entries(incident)
        if entry.sequence <= anchored.length
    )
    found = audit.verify(b"".join(lines), (anchored.head,))
    if found.faults:
        yield f"the table's {where}: {found.faults[0].why}"


def checkpoint(archive: Archive, sequence: int) -> SignedCheckpoint | None:
    """The checkpoint of that number; None where there is none that can be read."""
    try:
        return archiving.parse_checkpoint(archive.get(archiving.checkpoint_key(sequence)) or b"")
    except InvalidInput:
        return None
