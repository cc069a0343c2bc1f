"""Audit: verify the archive's latest checkpoints against the bucket and the table.

It runs on a schedule and does for the latest anchors what ``ledger/verify.py`` does for a whole
export.
"""

from collections.abc import Iterator

from firstline.controller.archive.fill import ArchiveContext
from firstline.controller.ports.archive import Archive
from firstline.errors import InvalidInput
from firstline.ids import IncidentId, digest
from firstline.ledger import archive as archiving
from firstline.ledger import verify
from firstline.ledger.archive import SignedCheckpoint
from firstline.ledger.chain import Chain
from firstline.ledger.export import entry_line

CHECKPOINTS_MAX = 50
"""The number of latest checkpoints that one audit reads."""


def find_faults(context: ArchiveContext) -> Iterator[str]:
    """Yield each fault as one line; raises `DependencyUnavailable`."""
    newest = context.archive.first(archiving.CHECKPOINTS)
    if newest is None:
        return
    last = archiving.sequence_of(newest)
    key = verify.read_key(context.signer.public_key())
    previous: SignedCheckpoint | None = None
    heads: dict[IncidentId, Chain] = {}
    for sequence in range(max(1, last - CHECKPOINTS_MAX + 1), last + 1):
        sealed = read_checkpoint(context.archive, sequence)
        if sealed is None:
            yield f"object {sequence} is not a checkpoint"
            previous = None
            continue
        yield from _checkpoint_faults(sealed, sequence, previous, key)
        previous = sealed
        for incident, (length, head) in sealed.checkpoint.heads.items():
            if length >= heads.get(incident, Chain()).length:
                heads[incident] = Chain(length, head)
    for incident, chain in heads.items():
        yield from _chain_faults(incident, chain, context)


def _checkpoint_faults(
    sealed: SignedCheckpoint, sequence: int, previous: SignedCheckpoint | None, key: verify.Key
) -> Iterator[str]:
    if not verify.signed_by(key, sealed.text.encode(), sealed.signature):
        yield f"checkpoint {sequence} is not signed by the key"
    if sealed.checkpoint.sequence != sequence:
        yield f"checkpoint {sequence} has the number {sealed.checkpoint.sequence}"
    if previous is not None and sealed.checkpoint.previous != digest(previous.text.encode()):
        yield f"checkpoint {sequence} does not follow the one before it"


def _chain_faults(incident: IncidentId, anchored: Chain, context: ArchiveContext) -> Iterator[str]:
    where = f"entry {anchored.length} of {incident}"
    body = context.archive.get(archiving.entry_key(incident, anchored.length))
    if body is None or digest(body) != anchored.head:
        yield f"the archive's {where} differs from its anchor"
    lines = (
        entry_line(entry)
        for entry in context.ledger.entries(incident)
        if entry.sequence <= anchored.length
    )
    report = verify.verify(b"".join(lines), (anchored.head,))
    if report.faults:
        yield f"the table's {where}: {report.faults[0].why}"


def read_checkpoint(archive: Archive, sequence: int) -> SignedCheckpoint | None:
    """The checkpoint of that number; None if it is absent or unreadable."""
    try:
        return archiving.parse_checkpoint(archive.get(archiving.checkpoint_key(sequence)) or b"")
    except InvalidInput:
        return None
