"""JSON documents of the commands, one struct a document. Scripts rely on their fields."""

import json
import sys
from datetime import datetime
from typing import Any

import msgspec

from firstline.ledger.export import DecodedEntry
from firstline.reporting.incident_summary import Summary


class PageLine(msgspec.Struct, frozen=True, kw_only=True):
    """An event that PagerDuty accepted.

    ``body`` is the whole event without the routing key. ``notified`` is true if the event opened or
    reopened an alert; null for an export, which does not record it.
    """

    event_action: str
    dedup_key: str
    severity: str | None
    at_seconds: int
    body: dict[str, Any]
    notified: bool | None = None


class ActionLine(msgspec.Struct, frozen=True, kw_only=True):
    """One action on one target; ``kind`` is ``look`` (read-only) or ``fix``."""

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
    """A change event that PagerDuty accepted; it notifies no one."""

    at_seconds: int
    summary: str


class ReplayLine(msgspec.Struct, frozen=True, kw_only=True):
    """An incident of a replay; null means none.

    ``outcome`` is ``resolved``, ``escalated``, ``self-recovered``, ``recorded``, ``ignored`` or
    ``rejected``. ``virtual_seconds`` is the duration on the replay's clock.
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
    """A fault of an export; ``line`` counts from 1, and is 0 for the export as a whole."""

    line: int
    why: str


class AuditLine(msgspec.Struct, frozen=True, kw_only=True):
    """The result of verifying an export.

    ``line`` is the first line that fails. ``heads`` is the last hash of each chain. ``anchored`` is
    true if a given head or a checkpoint covers every chain to its end. ``unanchored`` counts, by
    incident, the entries that none covers; ``bare`` lists the incidents without any covered entry,
    whose chains may have been rewritten as a whole. Checkpoints count only if a key is given, or
    the last one's hash as a head. ``signed`` is true if their signatures were checked, and
    ``checkpoint`` is the last one's hash. ``policies`` is true for each policy whose text the
    export has. ``absent`` counts the incidents that checkpoints cover and the export does not have.
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
    """Counts of what was written to an export file; ``incidents`` counts chains."""

    file: str
    entries: int
    incidents: int
    policies: int
    checkpoints: int


class FixLine(msgspec.Struct, frozen=True, kw_only=True):
    """A fix of an incident.

    ``approved`` is true if a person approved it. ``helped`` is null without a verdict. ``undoing``
    is non-empty for an action that only reverts a fix of firstline's and repairs nothing; it
    describes the result.
    """

    action: str
    target: str
    at: datetime
    approved: bool
    outcome: str | None
    helped: bool | None
    undoing: str


class RefusalLine(msgspec.Struct, frozen=True, kw_only=True):
    """A guard that denied a fix, listed once for all its denials of that fix."""

    guard: str
    action: str
    target: str


class IncidentLine(msgspec.Struct, frozen=True, kw_only=True):
    """An incident, summarised from its ledger entries; null means none.

    ``outcome`` is ``open``, ``resolved``, ``escalated``, ``self-recovered``, ``recorded``,
    ``ignored`` or ``rejected``. ``whole`` is false if entries are missing. ``missed`` lists the
    severities whose response target was missed.
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
    """A ledger entry.

    ``hash`` is the hash of its stored bytes, ``previous`` the hash of the entry before it.
    ``kind`` and ``data`` have today's words, whatever the entry's ``schema`` is.
    """

    incident: str
    sequence: int
    at: datetime
    kind: str
    policy: str
    code: str
    schema: int
    previous: str
    hash: str
    data: dict[str, Any]


class ClassifyLine(msgspec.Struct, frozen=True, kw_only=True):
    """The classification of an event.

    ``severity``, ``condition``, ``component`` and ``scope`` are null where the event concerns no
    incident. ``scope`` is the affected group. ``key`` is the idempotency key, equal for all
    deliveries of the signal.
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
    """A rule that did not decide, with the reason."""

    rule: str
    why: str


class ExplainLine(msgspec.Struct, frozen=True, kw_only=True):
    """The classification of an event, with each rule that did not decide, in order."""

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
    """A user report that the event bus accepted: the ids of event and report, and the reporter."""

    event: str
    report: str
    reporter: str


class PolicyLine(msgspec.Struct, frozen=True, kw_only=True):
    """A valid fleet file, with counts of its contents.

    ``digest`` is the hash of its bytes, as the ledger records it.
    """

    file: str
    name: str
    digest: str
    alarms: int
    rules: int
    ladders: int
    actions: int


class ViolationLine(msgspec.Struct, frozen=True, kw_only=True):
    """A simulation run: the invariants that it broke, and the shortest timeline found.

    A random run has a ``seed``. A directed run has a ``cell``: the effect and the fault.
    """

    seed: int | None
    cell: str = ""
    start: str
    broken: tuple[str, ...]
    timeline: tuple[str, ...]


class RegressionLine(msgspec.Struct, frozen=True, kw_only=True):
    """A regression with the choices that lead to it, by position; default choices are left out.

    ``code`` is the digest of the package in which they led to it.
    """

    name: str
    choices: dict[int, int]
    code: str = ""


class PlantedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A planted bug, the invariant that it breaks, and the seed that found it.

    ``seed`` is null if no seed found it. ``code`` is the digest of the package that it was planted
    in.
    """

    name: str
    breaks: str
    file: str
    seed: int | None
    code: str = ""


class SimulateLine(msgspec.Struct, frozen=True, kw_only=True):
    """The totals of a simulation campaign, including its earlier parts.

    ``directed`` and ``seeds`` count the directed and the random runs. ``faults_covered`` of
    ``faults_total`` cells of effect and fault occurred; ``missed`` lists the cells that no run hit.
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


def incident(summary: Summary) -> IncidentLine:
    """Return the document of a summary."""
    return IncidentLine(
        incident=summary.incident,
        severity=summary.severity,
        condition=summary.condition,
        disposition=summary.disposition,
        alarm=summary.alarm,
        outcome=summary.outcome,
        signalled_at=summary.signalled_at,
        opened_at=summary.opened_at,
        paged_at=summary.paged_at,
        ended_at=summary.ended_at,
        hosts=summary.hosts,
        fixes=tuple(
            FixLine(**msgspec.structs.asdict(each), undoing=each.undoing) for each in summary.fixes
        ),
        denials=tuple(RefusalLine(**msgspec.structs.asdict(each)) for each in summary.denials),
        missed=summary.missed,
        signals=summary.signals,
        entries=summary.entries,
        whole=summary.whole,
    )


def entry(record: DecodedEntry) -> EntryLine:
    """Return the document of an entry."""
    return EntryLine(
        incident=record.entry.incident,
        sequence=record.entry.sequence,
        at=record.at,
        kind=record.kind,
        policy=record.policy,
        code=record.code,
        schema=record.schema,
        previous=record.previous,
        hash=record.entry.hash,
        data=record.data,
    )


def emit(line: msgspec.Struct) -> None:
    """Print *line* as one line of JSON, with control characters escaped."""
    text = msgspec.json.encode(line).decode()
    # JSON does not escape DEL, C1 and direction marks; they occur only inside strings
    escaped = (each if each.isprintable() else json.dumps(each)[1:-1] for each in text)
    sys.stdout.write((text if text.isprintable() else "".join(escaped)) + "\n")
