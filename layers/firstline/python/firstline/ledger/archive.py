"""What the archive holds: its objects' keys, and the fleet-wide chain of heads.

    entries/<incident>/<sequence>.json     an entry's exact body
    checkpoints/<down>-<sequence>.json     a checkpoint, as the line of an export
    policies/<digest>.toml                 a profile's text
    altered/<incident>/<sequence>/<n>.json what became of an item of the ledger that must not change
    reports/<incident>/...                 reports of an ended incident (report_location.py)

No object is ever changed. ``<down>`` counts down, since S3 lists keys in the order of their names
and can be asked for the first one alone: the latest checkpoint.
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
"""Where an object is put once, and never again."""
AUDITS = "ArchiveAudits"
"""The metric of an audit that was done."""
FAULTS = "ArchiveFaults"
"""The metric of what does not hold."""
_CHECKPOINTS_MAX = 999_999_999


class Added(msgspec.Struct, frozen=True):
    """An entry that came into the ledger."""

    entry: Entry


class Altered(msgspec.Struct, frozen=True):
    """An item of the ledger that was changed, removed or replaced, or is no entry.

    ``number`` is the stream's own for what happened; ``old`` and ``new`` are the item, attribute
    by attribute, before and after, None where there was none.
    """

    incident: str
    sequence: str
    how: str
    number: str
    old: dict[str, Any] | None
    new: dict[str, Any] | None


type LedgerChange = Added | Altered


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A link of the fleet-wide chain: ``heads`` are those that changed, as length and hash."""

    sequence: int
    previous: Digest
    at: datetime
    heads: dict[IncidentId, tuple[int, Digest]]


class Sealed(msgspec.Struct, frozen=True):
    """A checkpoint, the exact text that was signed, and its signature in base64."""

    checkpoint: Checkpoint
    text: str
    signature: str


def second(entry: Entry) -> Altered:
    """An entry in whose place another stands already."""
    return Altered(
        incident=entry.incident,
        sequence=str(entry.sequence),
        how="a second entry in its place",
        number=digest(entry.body.encode()),
        old=None,
        new={"body": entry.body},
    )


def entry_key(incident: IncidentId, sequence: int) -> str:
    """Where an entry is."""
    return f"{entries_of(incident)}{sequence:06d}.json"


def entries_of(incident: IncidentId) -> str:
    """How the keys of the incident's entries begin."""
    return f"{ENTRIES}{incident}/"


def checkpoint_key(sequence: int) -> str:
    """Where a checkpoint is; the later one's key comes first."""
    return f"{CHECKPOINTS}{_CHECKPOINTS_MAX - sequence:09d}-{sequence:09d}.json"


def policy_key(policy: Digest) -> str:
    """Where a profile's text is."""
    return f"{POLICIES}{policy}.toml"


def altered_key(altered: Altered) -> str:
    """Where it is kept what became of an item."""
    return f"{ALTERED}{altered.incident}/{altered.sequence}/{altered.number}.json"


def number(key: str) -> int:
    """The sequence that the key of an entry or a checkpoint ends with."""
    return int(key.removesuffix(".json").replace("/", "-").rpartition("-")[2])


def sealed(line: bytes) -> Sealed:
    """The checkpoint of an archived object; raises `InvalidInput` for one that is none."""
    (read,) = export.read([line])
    if not isinstance(read, export.Checkpoint):
        raise InvalidInput("an archived checkpoint is none")
    try:
        checkpoint = msgspec.json.decode(read.text, type=Checkpoint)
    except msgspec.DecodeError as error:
        raise InvalidInput(f"an archived checkpoint cannot be read: {error}") from error
    return Sealed(checkpoint, read.text, read.signature)


def following(
    last: Sealed | None, at: datetime, heads: dict[IncidentId, Chain]
) -> Checkpoint | None:
    """The checkpoint after *last* that says what it does not say of *heads*; None if nothing."""
    said = last.checkpoint.heads if last else {}
    new = {
        incident: (chain.length, chain.head)
        for incident, chain in heads.items()
        if said.get(incident, (0, GENESIS))[0] < chain.length
    }
    if not new:
        return None
    return Checkpoint(
        sequence=last.checkpoint.sequence + 1 if last else 1,
        previous=digest(last.text.encode()) if last else GENESIS,
        at=at,
        heads=new,
    )


def text(checkpoint: Checkpoint) -> str:
    """The exact text that is signed."""
    return msgspec.json.encode(checkpoint, order="deterministic").decode()
