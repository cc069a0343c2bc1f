"""An export: the ledger as text, one JSON document a line, each ended by a newline.

    an entry      its exact body, as it was hashed and stored
    a policy      {"policy": "<SHA-256 of the text>", "text": "<the profile's TOML>"}
    a checkpoint  {"checkpoint": "<exact text>", "signature": "<base64>"}

Lines may come in any order, except that the entries of one incident keep theirs, and checkpoints
theirs. Reading takes one line at a time. It parses and does not verify: ``ledger/verify.py`` does.
"""

import contextlib
import copy
import functools
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Annotated, Any

import msgspec

from firstline.errors import InvalidInput
from firstline.ids import Digest, IncidentId, digest
from firstline.ledger.chain import Entry
from firstline.ledger.entries import DecisionMade, LedgerEvent, SignalReceived, UnknownEvent, decode
from firstline.schema_1 import SCHEMA, upgrade_entry
from firstline.signal import Disposition, is_plausible

ENDING_STEPS = frozenset({"close", "escalate"})
"""Steps that end an incident: no decision follows."""


class _Fields(msgspec.Struct, frozen=True, kw_only=True):
    previous: Digest
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    kind: str
    policy: Digest
    code: str
    data: dict[str, Any]
    schema: Annotated[int, msgspec.Meta(ge=1)] = 1


class _Body(_Fields, frozen=True, kw_only=True):
    incident: IncidentId
    sequence: int


class DecodedEntry(_Fields, frozen=True, kw_only=True, dict=True):
    """An entry with its parsed body; ``line`` counts from 1, and is 0 outside an export.

    ``kind`` and ``data`` have the words of today's schema, whatever ``schema`` the entry has.
    """

    line: int
    entry: Entry

    @functools.cached_property
    def event(self) -> LedgerEvent | UnknownEvent:
        """Its ``data``, typed; an `UnknownEvent` where this code cannot decode it."""
        if self.schema > SCHEMA:
            why = f"it has schema {self.schema}, of a later version: update firstline"
            return UnknownEvent(self.kind, why)
        return decode(self.kind, self.data)

    def checked(self) -> LedgerEvent | UnknownEvent:
        """Return its event; raises `InvalidInput` where a known kind has another form."""
        event = self.event
        if isinstance(event, UnknownEvent) and event.why:
            where = f"line {self.line}" if self.line else f"entry {self.entry.sequence}"
            incident = self.entry.incident
            raise InvalidInput(f"{where} of {incident} cannot be read as {self.kind}: {event.why}")
        return event

    @property
    def opens(self) -> bool:
        """True for the signal that opened an incident."""
        event = self.event
        return isinstance(event, SignalReceived) and event.disposition == Disposition.INCIDENT

    @property
    def ends(self) -> bool:
        """True for the decision that ended an incident."""
        event = self.event
        return isinstance(event, DecisionMade) and event.step_type in ENDING_STEPS


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """A profile that entries name by its digest."""

    line: int = 0
    digest: Digest = msgspec.field(name="policy")
    text: str


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A link of the fleet-wide chain of heads: the text that was signed, and its signature."""

    line: int = 0
    text: str = msgspec.field(name="checkpoint")
    signature: str


type Line = DecodedEntry | Policy | Checkpoint


# --- from lines --------------------------------------------------------------------------------


def read(lines: Iterable[bytes]) -> Iterator[Line]:
    """Parse *lines* one at a time; raises `InvalidInput` naming the line that cannot be parsed.

    >>> list(read([b"{"]))
    Traceback (most recent call last):
    firstline.errors.InvalidInput: line 1 is neither an entry, a policy nor a checkpoint: ...
    """
    for number, line in enumerate(lines, start=1):
        try:
            yield _parse(number, line.removesuffix(b"\n"))
        except (ValueError, RecursionError) as error:
            why = "is neither an entry, a policy nor a checkpoint"
            raise InvalidInput(f"line {number} {why}: {error}") from error


def decode_entry(entry: Entry, line: int = 0) -> DecodedEntry:
    """Parse the body of *entry*; raises `InvalidInput` when that fails."""
    try:
        return _decode(entry.body.encode(), line)
    except (ValueError, RecursionError) as error:
        where = f"entry {entry.sequence} of {entry.incident}"
        raise InvalidInput(f"{where} cannot be read: {error}") from error


def _parse(number: int, line: bytes) -> Line:
    keys = msgspec.json.decode(line, type=dict[str, msgspec.Raw]).keys()
    if "checkpoint" in keys:
        return copy.replace(msgspec.json.decode(line, type=Checkpoint), line=number)
    if "kind" not in keys:
        return copy.replace(msgspec.json.decode(line, type=Policy), line=number)
    return _decode(line, number)


def _decode(body: bytes, line: int) -> DecodedEntry:
    fields = msgspec.json.decode(body, type=_Body)
    if not is_plausible(fields.at):
        raise ValueError(f"nothing was recorded at {fields.at.isoformat()}")
    entry = Entry(fields.incident, fields.sequence, body.decode(), digest(body))
    rest = {name: getattr(fields, name) for name in _Fields.__struct_fields__}
    if fields.schema == 1:
        rest["kind"], rest["data"] = upgrade_entry(fields.kind, fields.data)
    return DecodedEntry(line=line, entry=entry, **rest)


# --- to lines ----------------------------------------------------------------------------------


def entry_line(entry: Entry) -> bytes:
    """The entry's own bytes: no code encodes an entry again."""
    return entry.body.encode() + b"\n"


def policy_line(text: str) -> bytes:
    """A profile's text under its digest."""
    return _line({"policy": digest(text.encode()), "text": text})


def checkpoint_line(text: str, signature: str) -> bytes:
    """The text that was signed, and its signature in base64."""
    return _line({"checkpoint": text, "signature": signature})


def _line(document: dict[str, str]) -> bytes:
    """The one canonical spelling of a document; ``verify.py`` accepts no other."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


# --- the whole ---------------------------------------------------------------------------------


def write(
    entries: Iterable[Entry],
    text_of: Callable[[Digest], str | None],
    checkpoints: Iterable[tuple[str, str]] = (),
) -> Iterator[bytes]:
    """The lines of an export; *checkpoints* are texts, each with its signature.

    It includes the policies that entries name and whose text *text_of* returns.
    """
    named: dict[Digest, None] = {}
    for entry in entries:
        with contextlib.suppress(InvalidInput):  # the verifier reports an unreadable one
            named[decode_entry(entry).policy] = None
        yield entry_line(entry)
    texts = map(text_of, named)
    yield from (policy_line(text) for text in texts if text is not None)
    yield from (checkpoint_line(text, signature) for text, signature in checkpoints)
