"""Archive: each entry of the ledger into the locked bucket, and a checkpoint over the heads.

Nothing is remembered between two batches but what the bucket holds. An object is put once and an
incident's entries in order, so a batch that is stopped anywhere, comes again, comes late or comes
to two workers leaves a prefix of each chain, and only checkpoints whose heads are there. Two
workers cannot fork the chain of checkpoints: each link has a key of its own, which one of them
wins; the other reads again.
"""

import base64
from collections.abc import Iterable, Sequence
from itertools import groupby

import msgspec

from firstline.controller.ports.archive import Archive, Signer
from firstline.controller.ports.ledger import Ledger
from firstline.controller.ports.people import Clock
from firstline.errors import DependencyUnavailable
from firstline.ids import Digest, IncidentId, digest
from firstline.ledger import archive as archiving
from firstline.ledger import export
from firstline.ledger.chain import Chain, Entry

TRIES_MAX = 5
"""How often a lost race for the next checkpoint is run again; the batch then comes again."""


class Archiving(msgspec.Struct, frozen=True, kw_only=True):
    """What archiving needs from outside; ``policy`` is the text of the profile that runs."""

    archive: Archive
    signer: Signer
    ledger: Ledger
    clock: Clock
    policy: bytes
    fleet: str


class Archived(msgspec.Struct, frozen=True):
    """What a batch brought, or one chain of it: entries put now, alterations kept, entries lost.

    Lost is what nobody has any more. ``heads`` is how far each chain of the batch is archived.
    """

    entries: int
    altered: int
    lost: int
    heads: dict[IncidentId, Chain]


def archive(changes: Iterable[archiving.LedgerChange], within: Archiving) -> Archived:
    """Carry *changes* to the bucket.

    Raises `DependencyUnavailable`, after which they are to come again.
    """
    within.archive.put(archiving.policy_key(digest(within.policy)), within.policy)
    changes = tuple(changes)
    altered = [each for each in changes if isinstance(each, archiving.ItemAlteration)]
    for each in altered:
        _keep(each, within)
    added = sorted(
        (each.entry for each in changes if isinstance(each, archiving.EntryAdded)),
        key=lambda entry: (entry.incident, entry.sequence),
    )
    chains = [
        _carry(incident, tuple(entries), within)
        for incident, entries in groupby(added, key=lambda entry: entry.incident)
    ]
    return Archived(
        entries=sum(each.entries for each in chains),
        altered=len(altered) + sum(each.altered for each in chains),
        lost=sum(each.lost for each in chains),
        heads={incident: head for each in chains for incident, head in each.heads.items()},
    )


def anchor(heads: dict[IncidentId, Chain], within: Archiving) -> None:
    """Sign a checkpoint that says what the last one does not say of *heads*.

    Raises `DependencyUnavailable`, after which the batch is to come again.
    """
    for _ in range(TRIES_MAX):
        newest = within.archive.first(archiving.CHECKPOINTS)
        last = archiving.parse_checkpoint(_read(newest, within)) if newest else None
        checkpoint = archiving.next_checkpoint(last, within.clock.now(), heads)
        if checkpoint is None:
            return
        text = archiving.checkpoint_text(checkpoint)
        signature = within.signer.sign(digest(text.encode()))
        line = export.checkpoint_line(text, base64.b64encode(signature).decode())
        if within.archive.put(archiving.checkpoint_key(checkpoint.sequence), line):
            return
    raise DependencyUnavailable("archive: others were first with each checkpoint that was tried")


def _keep(altered: archiving.ItemAlteration, within: Archiving) -> None:
    within.archive.put(archiving.alteration_key(altered), msgspec.json.encode(altered))


def _carry(incident: IncidentId, entries: Sequence[Entry], within: Archiving) -> Archived:
    """Put what is missing of the incident's chain up to the last of *entries*, in order."""
    held = set(map(archiving.sequence_of, within.archive.keys(archiving.entries_prefix(incident))))
    brought = {entry.sequence for entry in entries}
    missing = set(range(1, max(brought) + 1)) - held - brought
    # the table is asked only where something is missing
    table = within.ledger.entries(incident) if missing else ()
    filled = [each for each in table if each.sequence in missing]
    there = {
        entry: _put(entry, within)
        for entry in sorted((*filled, *entries), key=lambda entry: entry.sequence)
    }
    top = max(held | brought)
    heads = {entry.sequence: put.head for entry, put in there.items()}
    head = heads.get(top) or _stored(incident, top, within)
    return Archived(
        entries=sum(each.put for each in there.values()),
        altered=sum(each.replaced for each in there.values()),
        lost=len(missing) - len(filled),
        heads={incident: Chain(length=top, head=head)},
    )


class _Put(msgspec.Struct, frozen=True):
    """Whether an entry was put now, or found another in its place; the digest of what is there."""

    put: bool
    replaced: bool
    head: Digest


def _put(entry: Entry, within: Archiving) -> _Put:
    """Put *entry*. What stands there already stays, and another body is kept beside it."""
    body = entry.body.encode()
    own = digest(body)
    if within.archive.put(archiving.entry_key(entry.incident, entry.sequence), body):
        return _Put(put=True, replaced=False, head=own)
    head = _stored(entry.incident, entry.sequence, within)
    if head != own:
        _keep(archiving.duplicate_entry(entry), within)
    return _Put(put=False, replaced=head != own, head=head)


def _stored(incident: IncidentId, sequence: int, within: Archiving) -> Digest:
    return digest(_read(archiving.entry_key(incident, sequence), within))


def _read(key: str, within: Archiving) -> bytes:
    body = within.archive.get(key)
    if body is None:
        raise DependencyUnavailable(f"archive: {key} was there, and is gone")
    return body
