"""What commands say as JSON: one struct a command, one document a line. Scripts rely on these."""

import sys
from typing import Any

import msgspec


class PageLine(msgspec.Struct, frozen=True, kw_only=True):
    """One event that PagerDuty accepted; ``body`` is the whole of it but the routing key."""

    event_action: str
    dedup_key: str
    severity: str | None
    at_seconds: int
    body: dict[str, Any]


class ActionLine(msgspec.Struct, frozen=True, kw_only=True):
    """One look or fix on one target; ``kind`` is ``look`` or ``fix``."""

    action: str
    kind: str
    target: str
    outcome: str | None
    at_seconds: int


class DenialLine(msgspec.Struct, frozen=True, kw_only=True):
    """One guard's no."""

    guard: str
    action: str
    target: str
    why: str


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
    actions: tuple[ActionLine, ...]
    denials: tuple[DenialLine, ...]
    entries: int
    ledger_head: str | None
    virtual_seconds: int


class AuditLine(msgspec.Struct, frozen=True, kw_only=True):
    """What an export holds; ``line`` is where it first fails, ``heads`` each chain's last hash."""

    file: str
    valid: bool
    entries: int
    heads: dict[str, str]
    anchored: bool
    line: int | None
    why: str


class ExportLine(msgspec.Struct, frozen=True, kw_only=True):
    """What was written to an export's file, counted by kinds of lines; ``incidents`` are chains."""

    file: str
    entries: int
    incidents: int
    policies: int
    checkpoints: int


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
    """A report that the bus took: the event's id, the report's own, and who told it."""

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
    """A run of the simulation: what it broke, and its timeline, as short as was found."""

    seed: int
    start: str
    broken: tuple[str, ...]
    timeline: tuple[str, ...]


class PlantedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A planted bug, the invariant that it breaks, and the seed that found it; null: it lives."""

    name: str
    breaks: str
    file: str
    seed: int | None


class SimulateLine(msgspec.Struct, frozen=True, kw_only=True):
    """Many runs; ``faults_covered`` of ``faults_total`` are cells of effect and fault.

    ``missed`` are the cells that no run hit. All of one campaign, also of its earlier parts.
    """

    seeds: int
    incidents: int
    steps: int
    violations: tuple[ViolationLine, ...]
    faults_covered: int
    faults_total: int
    missed: tuple[str, ...]
    seconds: int


def emit(line: msgspec.Struct) -> None:
    """Write *line* as one JSON document to standard output."""
    sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
