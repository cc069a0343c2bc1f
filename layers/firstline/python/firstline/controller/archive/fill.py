"""Archive: copy each ledger entry to the locked bucket, and sign checkpoints over the heads.

The only state between two batches is the bucket. An object is put once, and an incident's entries
in order, so a batch that is interrupted, repeated, late, or processed by two workers leaves a
prefix of each chain, and only checkpoints whose heads are stored. Two workers cannot fork the chain
of checkpoints: each link has its own key, which only one of them can put; the other reads again.

There is no cursor: the content of the bucket decides what is due. A key that cannot sign stops
checkpoints, and not entries.
"""

import base64
from collections.abc import Iterable, Sequence
from itertools import groupby

import msgspec

from firstline.controller.ports.archive import Archive, Signer
from firstline.controller.ports.ledger import Ledger
from firstline.controller.ports.messaging import Clock
from firstline.errors import DependencyUnavailable
from firstline.ids import Digest, IncidentId, digest
from firstline.ledger import archive as archiving
from firstline.ledger import export
from firstline.ledger.chain import Chain, Entry

CHECKPOINT_TRIES_MAX = 5
"""The number of tries for a checkpoint that others win; then the batch is redelivered."""


class ArchiveContext(msgspec.Struct, frozen=True, kw_only=True):
    """The dependencies of archiving; ``policy`` is the text of the deployed profile."""

    archive: Archive
    signer: Signer
    ledger: Ledger
    clock: Clock
    policy: bytes
    fleet: str


class ArchiveResult(msgspec.Struct, frozen=True):
    """The result of a batch or of one chain: entries put, alterations kept, entries lost.

    An entry is lost if neither the table nor the bucket has it. ``heads`` has the archived head of
    each chain of the batch.
    """

    entries: int
    altered: int
    lost: int
    heads: dict[IncidentId, Chain]


def archive(changes: Iterable[archiving.LedgerChange], context: ArchiveContext) -> ArchiveResult:
    """Copy *changes* to the bucket.

    Raises `DependencyUnavailable`; then the batch must be redelivered.
    """
    context.archive.put(archiving.policy_key(digest(context.policy)), context.policy)
    changes = tuple(changes)
    altered = [each for each in changes if isinstance(each, archiving.ItemAlteration)]
    for each in altered:
        _put_alteration(each, context)
    added = sorted(
        (each.entry for each in changes if isinstance(each, archiving.EntryAdded)),
        key=lambda entry: (entry.incident, entry.sequence),
    )
    chains = [
        _archive_chain(incident, tuple(entries), context)
        for incident, entries in groupby(added, key=lambda entry: entry.incident)
    ]
    return ArchiveResult(
        entries=sum(each.entries for each in chains),
        altered=len(altered) + sum(each.altered for each in chains),
        lost=sum(each.lost for each in chains),
        heads={incident: head for each in chains for incident, head in each.heads.items()},
    )


def anchor(heads: dict[IncidentId, Chain], context: ArchiveContext) -> None:
    """Sign a checkpoint for those of *heads* that the last checkpoint lacks.

    Raises `DependencyUnavailable`; then the batch must be redelivered.
    """
    for _ in range(CHECKPOINT_TRIES_MAX):
        newest = context.archive.first(archiving.CHECKPOINTS)
        last = archiving.parse_checkpoint(_read(newest, context)) if newest else None
        checkpoint = archiving.next_checkpoint(last, context.clock.now(), heads)
        if checkpoint is None:
            return
        text = archiving.checkpoint_text(checkpoint)
        signature = context.signer.sign(digest(text.encode()))
        line = export.checkpoint_line(text, base64.b64encode(signature).decode())
        if context.archive.put(archiving.checkpoint_key(checkpoint.sequence), line):
            return
    raise DependencyUnavailable("archive: others were first with each checkpoint that was tried")


def _put_alteration(altered: archiving.ItemAlteration, context: ArchiveContext) -> None:
    context.archive.put(archiving.alteration_key(altered), msgspec.json.encode(altered))


def _archive_chain(
    incident: IncidentId, entries: Sequence[Entry], context: ArchiveContext
) -> ArchiveResult:
    """Put the missing entries of the incident's chain up to the last of *entries*, in order."""
    stored = set(
        map(archiving.sequence_of, context.archive.keys(archiving.entries_prefix(incident)))
    )
    batch = {entry.sequence for entry in entries}
    missing = set(range(1, max(batch) + 1)) - stored - batch
    # the table is asked only where something is missing
    table = context.ledger.entries(incident) if missing else ()
    filled = [each for each in table if each.sequence in missing]
    results = {
        entry: _put(entry, context)
        for entry in sorted((*filled, *entries), key=lambda entry: entry.sequence)
    }
    last = max(stored | batch)
    heads = {entry.sequence: put.head for entry, put in results.items()}
    head = heads.get(last) or _stored_digest(incident, last, context)
    return ArchiveResult(
        entries=sum(each.put for each in results.values()),
        altered=sum(each.replaced for each in results.values()),
        lost=len(missing) - len(filled),
        heads={incident: Chain(length=last, head=head)},
    )


class _PutResult(msgspec.Struct, frozen=True):
    """The result of a put: put now, or replaced by another body; the stored digest."""

    put: bool
    replaced: bool
    head: Digest


def _put(entry: Entry, context: ArchiveContext) -> _PutResult:
    """Put *entry*. An existing object stays, and another body is kept in addition."""
    body = entry.body.encode()
    own = digest(body)
    if context.archive.put(archiving.entry_key(entry.incident, entry.sequence), body):
        return _PutResult(put=True, replaced=False, head=own)
    head = _stored_digest(entry.incident, entry.sequence, context)
    if head != own:
        _put_alteration(archiving.duplicate_entry(entry), context)
    return _PutResult(put=False, replaced=head != own, head=head)


def _stored_digest(incident: IncidentId, sequence: int, context: ArchiveContext) -> Digest:
    return digest(_read(archiving.entry_key(incident, sequence), context))


def _read(key: str, context: ArchiveContext) -> bytes:
    body = context.archive.get(key)
    if body is None:
        raise DependencyUnavailable(f"archive: {key} was there, and is gone")
    return body
