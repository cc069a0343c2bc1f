"""What commands say as JSON: one struct a command, one document a line. Scripts rely on these."""

import json
import sys
from datetime import datetime
from typing import Any

import msgspec

from firstline.ledger.export import DecodedEntry
from firstline.reporting.incident_summary import Summary


class PageLine(msgspec.Struct, frozen=True, kw_only=True):
    """One event that PagerDuty accepted; ``body`` is the whole of it but the routing key.

    It ``notified`` where it opened an alert, or opened one again that was resolved; an export
    does not tell.
    """

    event_action: str
    dedup_key: str
    severity: str | None
    at_seconds: int
    body: dict[str, Any]
    notified: bool | None = None


class ActionLine(msgspec.Struct, frozen=True, kw_only=True):
    """One look or fix on one target; ``kind`` is ``look`` or ``fix``."""

    action: str
    kind: str
    target: str
    outcome: str | None
    at_seconds: int


class DenialLine(msgspec.Struct, frozen=True, kw_only=True):
    """A guard's denial: a stable ``reason`` code, and the same in words (``why``).

    ``reason`` is empty in records of versions before 0.2.
    """

    guard: str
    reason: str
    action: str
    target: str
    why: str


class UpdateLine(msgspec.Struct, frozen=True, kw_only=True):
    """A change event that PagerDuty accepted: it notifies no one."""

    at_seconds: int
    summary: str


class ReplayLine(msgspec.Struct, frozen=True, kw_only=True):
    """One incident of a replay; nulls where there is none.

    ``outcome`` is ``resolved``, ``handed-over``, ``observed``, ``ignored`` or ``rejected``.
    """

    incident: str | None
    severity: str | None
    condition: str | None
    disposition: str | None
    outcome: str | None
    pages: tuple[PageLine, ...]
    updates: tuple[UpdateLine, ...]
    actions: tuple[ActionLine, ...]
    denials: tuple[DenialLine, ...]
    entries: int
    ledger_head: str | None
    virtual_seconds: int


class FaultLine(msgspec.Struct, frozen=True, kw_only=True):
    """What does not hold; ``line`` counts from 1, and is 0 for the export as a whole."""

    line: int
    why: str


class AuditLine(msgspec.Struct, frozen=True, kw_only=True):
    """What an export holds; ``line`` is where it first fails, ``heads`` each chain's last hash.

    ``anchored`` says that a head that was given or a checkpoint reaches each chain's end;
    ``unanchored`` counts, by incident, the entries that none does, and ``bare`` names the incidents
    where that is all of them: such a chain may have been rewritten as a whole. Checkpoints count
    where a key was given, or the last one's hash as a head; ``signed`` says that their signatures
    were checked, ``checkpoint`` is the last one's hash. ``policies`` tells whether the text of each
    is there. ``absent`` counts the incidents that checkpoints know and the export does not have.
    """

    file: str
    valid: bool
    entries: int
    heads: dict[str, str]
    anchored: bool
    line: int | None
    why: str
    faults: tuple[FaultLine, ...]
    checkpoints: int
    checkpoint: str | None
    signed: bool
    unanchored: dict[str, int]
    bare: tuple[str, ...]
    policies: dict[str, bool]
    absent: int


class ExportLine(msgspec.Struct, frozen=True, kw_only=True):
    """What was written to an export's file, counted by kinds of lines; ``incidents`` are chains."""

    file: str
    entries: int
    incidents: int
    policies: int
    checkpoints: int


class FixLine(msgspec.Struct, frozen=True, kw_only=True):
    """A fix of an incident; ``approved`` by a person, ``helped`` null without a verdict.

    ``undoing`` says what an action came to that only takes back a fix of ours: it mended nothing.
    """

    action: str
    target: str
    at: datetime
    approved: bool
    outcome: str | None
    helped: bool | None
    undoing: str


class RefusalLine(msgspec.Struct, frozen=True, kw_only=True):
    """A guard that denied a fix, once however often it did."""

    guard: str
    action: str
    target: str


class IncidentLine(msgspec.Struct, frozen=True, kw_only=True):
    """An incident as its entries tell it; nulls where there is none.

    ``outcome`` is ``open``, ``resolved``, ``handed-over``, ``observed``, ``ignored`` or
    ``rejected``; not ``whole``: entries are missing. ``missed`` are the severities whose response
    target was missed.
    """

    incident: str
    severity: str | None
    condition: str | None
    disposition: str
    alarm: str
    outcome: str
    signalled_at: datetime | None
    opened_at: datetime
    paged_at: datetime | None
    ended_at: datetime | None
    hosts: tuple[str, ...]
    fixes: tuple[FixLine, ...]
    denials: tuple[RefusalLine, ...]
    missed: tuple[str, ...]
    signals: int
    entries: int
    whole: bool


class EntryLine(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a ledger; ``hash`` is of its stored bytes, ``previous`` of those before it."""

    incident: str
    sequence: int
    at: datetime
    kind: str
    policy: str
    code: str
    previous: str
    hash: str
    data: dict[str, Any]


class ClassifyLine(msgspec.Struct, frozen=True, kw_only=True):
    """What an envelope means; nulls from ``severity`` to ``scope`` where it is no incident's.

    ``scope`` is the group that is concerned, ``key`` what makes the signal's deliveries one.
    """

    file: str
    disposition: str
    severity: str | None
    condition: str | None
    component: str | None
    scope: str | None
    key: str
    rule: str | None
    why: str


class MissLine(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that did not decide."""

    rule: str
    why: str


class ExplainLine(msgspec.Struct, frozen=True, kw_only=True):
    """What an envelope means, and each rule that did not decide, in the profile's order."""

    file: str
    disposition: str
    severity: str | None
    condition: str | None
    component: str | None
    scope: str | None
    rule: str | None
    why: str
    misses: tuple[MissLine, ...]


class ReportLine(msgspec.Struct, frozen=True, kw_only=True):
    """A report that the bus took: the event's id, the report's own, and its sender."""

    event: str
    report: str
    reporter: str


class PolicyLine(msgspec.Struct, frozen=True, kw_only=True):
    """A profile that holds together, counted; ``digest`` is of its bytes, as in the ledger."""

    file: str
    name: str
    digest: str
    alarms: int
    rules: int
    ladders: int
    actions: int


class ViolationLine(msgspec.Struct, frozen=True, kw_only=True):
    """A run of the simulation: what it broke, and its timeline, as short as was found.

    It is of a ``seed``, or directed: ``cell`` names the effect and the fault.
    """

    seed: int | None
    cell: str = ""
    start: str
    broken: tuple[str, ...]
    timeline: tuple[str, ...]


class RegressionLine(msgspec.Struct, frozen=True, kw_only=True):
    """A regression and the choices that lead there: those that are not dull, by their place.

    ``code`` is the digest of the package that they led there in.
    """

    name: str
    choices: dict[int, int]
    code: str = ""


class PlantedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A planted bug, the invariant that it breaks, and the seed that found it; null: it lives.

    ``code`` is the digest of the package that it was planted in.
    """

    name: str
    breaks: str
    file: str
    seed: int | None
    code: str = ""


class SimulateLine(msgspec.Struct, frozen=True, kw_only=True):
    """Many runs, ``directed`` ones and ``seeds``.

    ``faults_covered`` of ``faults_total`` are cells of effect and fault; ``missed`` are the cells
    that no run hit. All of one campaign, also of its earlier parts.
    """

    directed: int
    seeds: int
    incidents: int
    steps: int
    violations: tuple[ViolationLine, ...]
    faults_covered: int
    faults_total: int
    missed: tuple[str, ...]
    seconds: int


def incident(told: Summary) -> IncidentLine:
    """The line of a summary."""
    return IncidentLine(
        incident=told.incident,
        severity=told.severity,
        condition=told.condition,
        disposition=told.disposition,
        alarm=told.alarm,
        outcome=told.outcome,
        signalled_at=told.signalled_at,
        opened_at=told.opened_at,
        paged_at=told.paged_at,
        ended_at=told.ended_at,
        hosts=told.hosts,
        fixes=tuple(
            FixLine(**msgspec.structs.asdict(each), undoing=each.undoing) for each in told.fixes
        ),
        denials=tuple(RefusalLine(**msgspec.structs.asdict(each)) for each in told.denials),
        missed=told.missed,
        signals=told.signals,
        entries=told.entries,
        whole=told.whole,
    )


def entry(told: DecodedEntry) -> EntryLine:
    """The line of an entry."""
    return EntryLine(
        incident=told.entry.incident,
        sequence=told.entry.sequence,
        at=told.at,
        kind=told.kind,
        policy=told.policy,
        code=told.code,
        previous=told.previous,
        hash=told.entry.hash,
        data=told.data,
    )


def emit(line: msgspec.Struct) -> None:
    """Write *line* as one JSON document to standard output, in which nothing steers a terminal."""
    text = msgspec.json.encode(line).decode()
    # JSON leaves DEL, C1 and marks of direction as they are; outside of strings there are none
    shown = (each if each.isprintable() else json.dumps(each)[1:-1] for each in text)
    sys.stdout.write((text if text.isprintable() else "".join(shown)) + "\n")
