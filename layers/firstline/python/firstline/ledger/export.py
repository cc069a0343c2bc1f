"""An export: the ledger as text, one JSON document a line, each ended by a newline.

    an entry      its exact body, as it was hashed and stored
    a policy      {"policy": "<SHA-256 of the text>", "text": "<the profile's TOML>"}
    a checkpoint  {"checkpoint": "<exact text>", "signature": "<base64>"}

Lines come in any order, but the entries of an incident in theirs, and so do checkpoints. Reading
takes one line at a time. It understands, and does not judge: that is ``ledger/verify.py``'s.
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
from firstline.signal import Disposition, possible

ENDING_STEPS = frozenset({"close", "hand-over"})
"""The steps after which nothing is decided."""


class _Said(msgspec.Struct, frozen=True, kw_only=True):
    previous: Digest
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    kind: str
    policy: Digest
    code: str
    data: dict[str, Any]


class _Body(_Said, frozen=True, kw_only=True):
    incident: IncidentId
    sequence: int


class Recorded(_Said, frozen=True, kw_only=True, dict=True):
    """An entry beside what its body says; ``line`` counts from 1, and is 0 outside an export."""

    line: int
    entry: Entry

    @functools.cached_property
    def event(self) -> LedgerEvent | UnknownEvent:
        """Its ``data``, typed; what this code cannot read is an `UnknownEvent`."""
        return decode(self.kind, self.data)

    def checked(self) -> LedgerEvent | UnknownEvent:
        """Its event; raises `InvalidInput` where a kind that is known has another form."""
        event = self.event
        if isinstance(event, UnknownEvent) and event.why:
            where = f"line {self.line}" if self.line else f"entry {self.entry.sequence}"
            incident = self.entry.incident
            raise InvalidInput(f"{where} of {incident} cannot be read as {self.kind}: {event.why}")
        return event

    @property
    def opens(self) -> bool:
        """Whether it is of the signal that opened an incident."""
        event = self.event
        return isinstance(event, SignalReceived) and event.disposition == Disposition.INCIDENT

    @property
    def ends(self) -> bool:
        """Whether it is of the decision that ended an incident."""
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


type Line = Recorded | Policy | Checkpoint


# --- from lines --------------------------------------------------------------------------------


def read(lines: Iterable[bytes]) -> Iterator[Line]:
    """What *lines* say, one at a time; raises `InvalidInput` naming the line that says nothing."""
    for number, line in enumerate(lines, start=1):
        try:
            yield _understood(number, line.removesuffix(b"\n"))
        except (ValueError, RecursionError) as error:
            why = "is neither an entry, a policy nor a checkpoint"
            raise InvalidInput(f"line {number} {why}: {error}") from error


def recorded(entry: Entry, line: int = 0) -> Recorded:
    """*entry* beside what its body says; raises `InvalidInput` when that cannot be read."""
    try:
        return _recorded(entry.body.encode(), line)
    except (ValueError, RecursionError) as error:
        where = f"entry {entry.sequence} of {entry.incident}"
        raise InvalidInput(f"{where} cannot be read: {error}") from error


def _understood(number: int, line: bytes) -> Line:
    keys = msgspec.json.decode(line, type=dict[str, msgspec.Raw]).keys()
    if "checkpoint" in keys:
        return copy.replace(msgspec.json.decode(line, type=Checkpoint), line=number)
    if "kind" not in keys:
        return copy.replace(msgspec.json.decode(line, type=Policy), line=number)
    return _recorded(line, number)


def _recorded(body: bytes, line: int) -> Recorded:
    said = msgspec.json.decode(body, type=_Body)
    if not possible(said.at):
        raise ValueError(f"nothing was recorded at {said.at.isoformat()}")
    entry = Entry(said.incident, said.sequence, body.decode(), digest(body))
    rest = {name: getattr(said, name) for name in _Said.__struct_fields__}
    return Recorded(line=line, entry=entry, **rest)


# --- to lines ----------------------------------------------------------------------------------


def entry_line(entry: Entry) -> bytes:
    """The entry's own bytes: nothing encodes an entry again."""
    return entry.body.encode() + b"\n"


def policy_line(text: str) -> bytes:
    """A profile's text under its digest."""
    return _line({"policy": digest(text.encode()), "text": text})


def checkpoint_line(text: str, signature: str) -> bytes:
    """The text that was signed, and its signature in base64."""
    return _line({"checkpoint": text, "signature": signature})


def _line(document: dict[str, str]) -> bytes:
    """One spelling for one document: ``verify.py`` takes no other, so nothing hides in it."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


# --- the whole ---------------------------------------------------------------------------------


def write(
    entries: Iterable[Entry],
    text_of: Callable[[Digest], str | None],
    checkpoints: Iterable[tuple[str, str]] = (),
) -> Iterator[bytes]:
    """The lines of an export; *checkpoints* are texts, each with its signature.

    Of the policies that entries name, those are in it whose text *text_of* gives.
    """
    named: dict[Digest, None] = {}
    for entry in entries:
        with contextlib.suppress(InvalidInput):  # one that cannot be read, the verifier tells
            named[recorded(entry).policy] = None
        yield entry_line(entry)
    texts = map(text_of, named)
    yield from (policy_line(text) for text in texts if text is not None)
    yield from (checkpoint_line(text, signature) for text, signature in checkpoints)
