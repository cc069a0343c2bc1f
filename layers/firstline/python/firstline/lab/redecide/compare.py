"""Compare what is concluded today with the record, field by field."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from firstline.lab.redecide.incident_record import RecordedReconcile
from firstline.ledger.chain import Kind
from firstline.ledger.entries import SignalReceived
from firstline.ledger.export import DecodedEntry
from firstline.remediation.decision_record import DecisionInputs
from firstline.signals.classify import Classification

CONCLUSIONS = (Kind.DECISION, Kind.INTENT, Kind.PROPOSAL, Kind.VERIFICATION)
"""Conclusions; the other entries record signals, or data from outside."""
INPUT_FIELDS = frozenset({*DecisionInputs.__struct_fields__, "token", "fence", "key"})
"""Fields that are no conclusions, or are named after the entry's place."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A difference: ``field`` is a path in the entry; a missing side is null."""

    sequence: int
    kind: str
    field: str
    recorded: Any
    redecided: Any


def reconcile_differences(
    recorded: RecordedReconcile, again: Sequence[DecodedEntry]
) -> Iterator[Difference]:
    """Yield differences entry by entry, in the order of each kind."""
    then = [*recorded.entries_before, recorded.decision, *recorded.entries_after]
    for kind in CONCLUSIONS:
        before = [each for each in then if each.kind == kind]
        now = [each for each in again if each.kind == kind]
        yield from _entry_differences(kind, recorded.decision.entry.sequence, before, now)


def _entry_differences(
    kind: Kind, sequence: int, before: Sequence[DecodedEntry], now: Sequence[DecodedEntry]
) -> Iterator[Difference]:
    for then, today in zip(before, now, strict=False):
        known, concluded = _conclusions(then), _conclusions(today)
        if then.schema == 1:
            concluded = _common_fields(known, concluded)
        for field, recorded, redecided in json_differences(known, concluded):
            yield Difference(
                sequence=then.entry.sequence,
                kind=kind,
                field=field,
                recorded=recorded,
                redecided=redecided,
            )
    if len(before) != len(now):
        yield Difference(
            sequence=sequence,
            kind=kind,
            field="",
            recorded=[_conclusions(each) for each in before[len(now) :]] or None,
            redecided=[_conclusions(each) for each in now[len(before) :]] or None,
        )


def classification_differences(
    entry: DecodedEntry, event: SignalReceived, classification: Classification
) -> Iterator[Difference]:
    """Yield the differences in the classification of a signal."""
    today = {
        "disposition": classification.disposition,
        "severity": classification.severity,
        "condition": classification.condition,
        "rule": classification.rule,
    }
    then = {name: getattr(event, name) for name in today}
    for field, recorded, again in json_differences(then, json.loads(msgspec.json.encode(today))):
        yield Difference(
            sequence=entry.entry.sequence,
            kind=entry.kind,
            field=field,
            recorded=recorded,
            redecided=again,
        )


def _conclusions(entry: DecodedEntry) -> dict[str, Any]:
    return {name: value for name, value in entry.data.items() if name not in INPUT_FIELDS}


def _common_fields(then: object, today: object) -> Any:  # noqa: ANN401 - JSON
    """*today* without the fields that schema 1 did not record: they are no other conclusion."""
    if isinstance(then, dict) and isinstance(today, dict):
        return {name: _common_fields(then[name], it) for name, it in today.items() if name in then}
    if isinstance(then, list) and isinstance(today, list) and len(then) == len(today):
        return [*map(_common_fields, then, today)]
    return today


def json_differences(then: object, today: object, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield each path at which two JSON values differ, with both values."""
    if isinstance(then, dict) and isinstance(today, dict):
        for name in sorted({*then, *today}):
            at = f"{path}.{name}" if path else name
            yield from json_differences(then.get(name), today.get(name), at)
    elif isinstance(then, list) and isinstance(today, list) and len(then) == len(today):
        for number, (mine, yours) in enumerate(zip(then, today, strict=True)):
            yield from json_differences(mine, yours, f"{path}[{number}]")
    elif then != today:
        yield path, then, today
