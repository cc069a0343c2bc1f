"""The inputs of a decision, stored in its ledger entry so that it can be decided again (I26).

They are what was read, not conclusions. Hosts' reports are in the entries of their looks. Alarms
have their redacted ARNs, as in the entries of their signals.

``lab/redecide`` runs the production controller on ports that answer from the record, reconcile by
reconcile, and compares the conclusions. A fact that is not in the record is unknown, never guessed.
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
from firstline.remediation.execution import Answer, OtherRefresh
from firstline.remediation.limits import Limits
from firstline.remediation.situation import Situation
from firstline.remediation.update import FleetObservation


class ObservedFleet(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Observed facts about the fleet as a whole; facts that were not read are omitted."""

    group: Group | Unknown = NOT_NEEDED
    target_health: TargetHealth | Unknown = NOT_NEEDED
    answering: Answering | Unknown = NOT_NEEDED
    connections: Connections | Unknown = NOT_NEEDED
    instance_statuses: InstanceStatuses | Unknown = NOT_NEEDED
    histories: dict[InstanceId, HostHistory] = {}


class ObservedFacts(ObservedFleet, frozen=True, kw_only=True, omit_defaults=True):
    """The facts that one reconcile read before its decision; unneeded ones are omitted."""

    alarms: dict[str, AlarmFact] = {}
    refreshes: Refreshes | Unknown = NOT_NEEDED
    limits: Limits | Unknown
    look: dict[InstanceId, Answer] | None = None
    fix: Answer | None = None
    search_result: CommandId | OtherRefresh | None = None
    searched: bool = False
    departure: Departure | None = None


class DecisionInputs(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All inputs; ``preflight`` is read, and not None, only where a fix was decided on.

    ``wakes`` counts the incident's wakes so far: some end without an entry.
    """

    observed: ObservedFacts
    wakes: int | None = None
    preflight: PreflightFacts | None = None
    mode: Mode

    def add_to(self, event: DecisionMade) -> DecisionMade:
        """*event* with all inputs."""
        return copy.replace(event, **msgspec.to_builtins(self))


def decision_inputs(observation: FleetObservation, situation: Situation) -> DecisionInputs:
    """The inputs of the decision on *situation*, of which *observation* was read."""
    return DecisionInputs(
        observed=_observed_facts(observation, situation.evidence),
        wakes=situation.incident.wakes,
        preflight=situation.surroundings,
        mode=situation.mode,
    )


def read_inputs(event: DecisionMade) -> DecisionInputs | None:
    """The inputs of a decision; None where they were not recorded."""
    if event.observed is None:
        return None
    inputs = {name: getattr(event, name) for name in DecisionInputs.__struct_fields__}
    return msgspec.convert(inputs, type=DecisionInputs)


def observed_fleet(event: DecisionMade) -> ObservedFleet | None:
    """The decision's facts about the fleet; None where they were not recorded."""
    return None if event.observed is None else msgspec.convert(event.observed, type=ObservedFleet)


def _observed_facts(observation: FleetObservation, evidence: Evidence) -> ObservedFacts:
    return ObservedFacts(
        alarms={redact(arn): fact for arn, fact in evidence.alarms.items()},
        group=evidence.group,
        target_health=evidence.target_health,
        answering=evidence.answering,
        connections=evidence.connections,
        instance_statuses=evidence.instance_statuses,
        histories=evidence.histories,
        refreshes=evidence.refreshes,
        limits=_needed(observation.limits),
        look=observation.look,
        fix=observation.fix,
        search_result=observation.search_result,
        searched=observation.searched,
        departure=observation.departure,
    )


def _needed(limits: Limits | Unknown) -> Limits | Unknown:
    """*limits* without the pages of pauses, which no decision depends on."""
    if isinstance(limits, Unknown):
        return limits
    return copy.replace(limits, switch=copy.replace(limits.switch, pages=()))
