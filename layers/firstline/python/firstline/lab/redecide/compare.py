"""Compare: where what is concluded today parts from what was recorded, field by field."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from firstline.lab.redecide.record import Turn
from firstline.ledger.chain import Kind
from firstline.ledger.entries import SignalReceived
from firstline.ledger.export import DecodedEntry
from firstline.remediation.decision_record import DecisionInputs
from firstline.signals.classify import Classification

CONCLUDED = (Kind.DECISION, Kind.INTENT, Kind.PROPOSAL, Kind.VERIFICATION)
"""What is concluded; the other entries tell what was heard, or what came from outside."""
GIVEN = frozenset({*DecisionInputs.__struct_fields__, "token", "fence", "key"})
"""What stands in an entry and is no conclusion, or is named after the entry's place."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Where they part: ``field`` is a path within the entry; a side that has none is null."""

    sequence: int
    kind: str
    field: str
    recorded: Any
    again: Any


def turn(recorded: Turn, again: Sequence[DecodedEntry]) -> Iterator[Difference]:
    """Entry by entry, in the order of each kind."""
    then = [*recorded.heard, recorded.decision, *recorded.deeds]
    for kind in CONCLUDED:
        before = [each for each in then if each.kind == kind]
        now = [each for each in again if each.kind == kind]
        yield from _entries(kind, recorded.decision.entry.sequence, before, now)


def _entries(
    kind: Kind, sequence: int, before: Sequence[DecodedEntry], now: Sequence[DecodedEntry]
) -> Iterator[Difference]:
    for then, today in zip(before, now, strict=False):
        for field, recorded, again in parted(_concluded(then), _concluded(today)):
            yield Difference(
                sequence=then.entry.sequence, kind=kind, field=field, recorded=recorded, again=again
            )
    if len(before) != len(now):
        yield Difference(
            sequence=sequence,
            kind=kind,
            field="",
            recorded=[_concluded(each) for each in before[len(now) :]] or None,
            again=[_concluded(each) for each in now[len(before) :]] or None,
        )


def classification(
    entry: DecodedEntry, event: SignalReceived, found: Classification
) -> Iterator[Difference]:
    """Whether a signal is still taken for what it was taken for."""
    today = {
        "disposition": found.disposition,
        "severity": found.severity,
        "condition": found.condition,
        "rule": found.rule,
    }
    then = {name: getattr(event, name) for name in today}
    for field, recorded, again in parted(then, json.loads(msgspec.json.encode(today))):
        yield Difference(
            sequence=entry.entry.sequence,
            kind=entry.kind,
            field=field,
            recorded=recorded,
            again=again,
        )


def _concluded(entry: DecodedEntry) -> dict[str, Any]:
    return {name: value for name, value in entry.data.items() if name not in GIVEN}


def parted(then: object, today: object, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Each path at which two JSON values differ, with both sides."""
    if isinstance(then, dict) and isinstance(today, dict):
        for name in sorted({*then, *today}):
            at = f"{path}.{name}" if path else name
            yield from parted(then.get(name), today.get(name), at)
    elif isinstance(then, list) and isinstance(today, list) and len(then) == len(today):
        for number, (mine, yours) in enumerate(zip(then, today, strict=True)):
            yield from parted(mine, yours, f"{path}[{number}]")
    elif then != today:
        yield path, then, today
