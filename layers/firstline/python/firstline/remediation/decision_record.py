"""Basis: what a decision rests on, as its entry says it, so that it can be decided again (I26).

It is what was read, and not what followed from it: hosts' reports stand in the answers of the
looks that brought them. Alarms go by their redacted ARNs, as in the entries of their signals.
"""

import copy

import msgspec

from firstline.config.settings import Mode
from firstline.diagnosis.evidence import (
    NOT_NEEDED,
    AlarmFact,
    Answering,
    Connections,
    Evidence,
    Group,
    HostHistory,
    InstanceStatuses,
    Refreshes,
    TargetHealth,
    Unknown,
)
from firstline.diagnosis.preflight import PreflightFacts
from firstline.ids import CommandId, InstanceId
from firstline.ledger.entries import DecisionMade
from firstline.redaction import redact
from firstline.remediation.departure import Departure
from firstline.remediation.execution import Another, Answer
from firstline.remediation.limits import Limits
from firstline.remediation.situation import Situation
from firstline.remediation.update import Observation


class ObservedFleet(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is said of the fleet as a whole; what was not read is left out."""

    group: Group | Unknown = NOT_NEEDED
    target_health: TargetHealth | Unknown = NOT_NEEDED
    answering: Answering | Unknown = NOT_NEEDED
    connections: Connections | Unknown = NOT_NEEDED
    instance_statuses: InstanceStatuses | Unknown = NOT_NEEDED
    histories: dict[InstanceId, HostHistory] = {}


class ObservedFacts(ObservedFleet, frozen=True, kw_only=True, omit_defaults=True):
    """What one reconcile read before it decided; what it did not need to read is left out."""

    alarms: dict[str, AlarmFact] = {}
    refreshes: Refreshes | Unknown = NOT_NEEDED
    limits: Limits | Unknown
    look: dict[InstanceId, Answer] | None = None
    fix: Answer | None = None
    found: CommandId | Another | None = None
    searched: bool = False
    departure: Departure | None = None


class DecisionInputs(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All of it: ``around`` is None unless a fix was decided on, and only then read.

    ``wakes`` are those that the incident has had by then: some end without an entry.
    """

    seen: ObservedFacts
    wakes: int | None = None
    around: PreflightFacts | None = None
    mode: Mode

    def put(self, event: DecisionMade) -> DecisionMade:
        """*event* with all of it."""
        return copy.replace(event, **msgspec.to_builtins(self))


def basis(seen: Observation, about: Situation) -> DecisionInputs:
    """What the decision on *about* rests on, of which *seen* was read."""
    return DecisionInputs(
        seen=_seen(seen, about.evidence),
        wakes=about.incident.wakes,
        around=about.surroundings,
        mode=about.mode,
    )


def read(event: DecisionMade) -> DecisionInputs | None:
    """What the decision rested on; None where that was not recorded."""
    if event.seen is None:
        return None
    inputs = {name: getattr(event, name) for name in DecisionInputs.__struct_fields__}
    return msgspec.convert(inputs, type=DecisionInputs)


def observed_fleet(event: DecisionMade) -> ObservedFleet | None:
    """What the decision knew of the fleet; None where that was not recorded."""
    return None if event.seen is None else msgspec.convert(event.seen, type=ObservedFleet)


def _seen(seen: Observation, evidence: Evidence) -> ObservedFacts:
    return ObservedFacts(
        alarms={redact(arn): fact for arn, fact in evidence.alarms.items()},
        group=evidence.group,
        target_health=evidence.target_health,
        answering=evidence.answering,
        connections=evidence.connections,
        instance_statuses=evidence.instance_statuses,
        histories=evidence.histories,
        refreshes=evidence.refreshes,
        limits=_needed(seen.limits),
        look=seen.look,
        fix=seen.fix,
        found=seen.found,
        searched=seen.searched,
        departure=seen.departure,
    )


def _needed(limits: Limits | Unknown) -> Limits | Unknown:
    """Without the words that pauses owe to people: no decision rests on them."""
    if isinstance(limits, Unknown):
        return limits
    return copy.replace(limits, switch=copy.replace(limits.switch, pages=()))
