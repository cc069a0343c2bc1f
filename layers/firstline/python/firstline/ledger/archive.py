"""The archive: the keys of its objects, and the fleet-wide chain of heads.

    entries/<incident>/<sequence>.json     an entry's exact body
    checkpoints/<down>-<sequence>.json     a checkpoint, as the line of an export
    policies/<digest>.toml                 a profile's text
    altered/<incident>/<sequence>/<n>.json a change of a ledger item, which must never change
    reports/<incident>/...                 reports of an ended incident (report_location.py)

No object is ever changed. ``<down>`` counts down: S3 lists keys by name, so the first listed
checkpoint is the latest.
"""

from datetime import datetime
from typing import Any

import msgspec

from firstline.errors import InvalidInput
from firstline.ids import Digest, IncidentId, digest
from firstline.ledger import export
from firstline.ledger.chain import GENESIS, Chain, Entry
from firstline.ledger.report_location import REPORTS

ENTRIES, CHECKPOINTS, POLICIES, ALTERED = "entries/", "checkpoints/", "policies/", "altered/"
PREFIXES = (ENTRIES, CHECKPOINTS, POLICIES, ALTERED, REPORTS)
"""Prefixes of objects that are written once."""
AUDITS_METRIC = "ArchiveAudits"
"""Metric of completed audits."""
FAULTS_METRIC = "ArchiveFaults"
"""Metric of faults that audits found."""
_CHECKPOINTS_MAX = 999_999_999


class EntryAdded(msgspec.Struct, frozen=True):
    """A new entry of the ledger."""

    entry: Entry


class ItemAlteration(msgspec.Struct, frozen=True):
    """A change, removal or replacement of a ledger item, or an item that is no entry.

    ``number`` is the stream's sequence number; ``old`` and ``new`` are the item's attributes
    before and after, None where there was no item.
    """

    incident: str
    sequence: str
    how: str
    number: str
    old: dict[str, Any] | None
    new: dict[str, Any] | None


type LedgerChange = EntryAdded | ItemAlteration


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A link of the fleet-wide chain: ``heads`` are the changed ones, as length and hash."""

    sequence: int
    previous: Digest
    at: datetime
    heads: dict[IncidentId, tuple[int, Digest]]


class SignedCheckpoint(msgspec.Struct, frozen=True):
    """A checkpoint, the exact text that was signed, and its signature in base64."""

    checkpoint: Checkpoint
    text: str
    signature: str


def duplicate_entry(entry: Entry) -> ItemAlteration:
    """The alteration for an entry whose place another entry has already."""
    return ItemAlteration(
        incident=entry.incident,
        sequence=str(entry.sequence),
        how="a second entry with the same sequence",
        number=digest(entry.body.encode()),
        old=None,
        new={"body": entry.body},
    )


def entry_key(incident: IncidentId, sequence: int) -> str:
    """The key of an entry."""
    return f"{entries_prefix(incident)}{sequence:06d}.json"


def entries_prefix(incident: IncidentId) -> str:
    """The prefix of the keys of an incident's entries."""
    return f"{ENTRIES}{incident}/"


def checkpoint_key(sequence: int) -> str:
    """The key of a checkpoint; a later one sorts first."""
    return f"{CHECKPOINTS}{_CHECKPOINTS_MAX - sequence:09d}-{sequence:09d}.json"


def policy_key(policy: Digest) -> str:
    """The key of a profile's text."""
    return f"{POLICIES}{policy}.toml"


def alteration_key(altered: ItemAlteration) -> str:
    """The key of a recorded alteration."""
    return f"{ALTERED}{altered.incident}/{altered.sequence}/{altered.number}.json"


def sequence_of(key: str) -> int:
    """The sequence at the end of an entry's or a checkpoint's key."""
    return int(key.removesuffix(".json").replace("/", "-").rpartition("-")[2])


def parse_checkpoint(line: bytes) -> SignedCheckpoint:
    """The checkpoint of an archived object; raises `InvalidInput` if it is not one."""
    (read,) = export.read([line])
    if not isinstance(read, export.Checkpoint):
        raise InvalidInput("an archived object is not a checkpoint")
    try:
        checkpoint = msgspec.json.decode(read.text, type=Checkpoint)
    except msgspec.DecodeError as error:
        raise InvalidInput(f"an archived checkpoint cannot be read: {error}") from error
    return SignedCheckpoint(checkpoint, read.text, read.signature)


def next_checkpoint(
    last: SignedCheckpoint | None, at: datetime, heads: dict[IncidentId, Chain]
) -> Checkpoint | None:
    """The checkpoint after *last* with the *heads* that changed since; None if none did."""
    known = last.checkpoint.heads if last else {}
    new = {
        incident: (chain.length, chain.head)
        for incident, chain in heads.items()
        if known.get(incident, (0, GENESIS))[0] < chain.length
    }
    if not new:
        return None
    return Checkpoint(
        sequence=last.checkpoint.sequence + 1 if last else 1,
        previous=digest(last.text.encode()) if last else GENESIS,
        at=at,
        heads=new,
    )


def checkpoint_text(checkpoint: Checkpoint) -> str:
    """The exact text to sign."""
    return msgspec.json.encode(checkpoint, order="deterministic").decode()
