"""Hosts: the numbers of dead, serving and unknown hosts at an incident's last decision."""

from collections.abc import Iterable
from datetime import timedelta

import msgspec

from firstline.diagnosis.diagnose import CRITERIA
from firstline.diagnosis.evidence import HostEvidence
from firstline.diagnosis.health_checks import Criteria, HostHealth
from firstline.ids import InstanceId
from firstline.ledger.entries import DecisionMade
from firstline.ledger.export import DecodedEntry
from firstline.remediation.decision_record import observed_fleet
from firstline.reporting.console.view import Hosts
from firstline.reporting.postmortem.health import FleetKnowledge, diagnose_decision, last_knowledge

EVIDENCE_AGE_MAX = timedelta(minutes=2)
"""Maximum age of evidence where the policy is unknown."""
ALWAYS_SHOWN = (HostHealth.DEAD, HostHealth.SERVING, HostHealth.UNKNOWN)
"""Counts that are shown even if they are 0."""


class EvidencePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The policy for judging evidence."""

    age_max: timedelta = EVIDENCE_AGE_MAX
    criteria: Criteria = CRITERIA


def of_chain(records: Iterable[DecodedEntry], policy: EvidencePolicy) -> Hosts | None:
    """By the last decision of a whole chain; None where it has no hosts."""
    try:
        return _counted(last_knowledge(records, policy.age_max, policy.criteria))
    except msgspec.ValidationError:  # an unknown form
        return None


def of_decision(
    record: DecodedEntry | None, hosts: dict[InstanceId, HostEvidence], policy: EvidencePolicy
) -> Hosts | None:
    """By one decision, with the evidence of *hosts* at that time."""
    if record is None or not isinstance(record.event, DecisionMade):
        return None
    try:
        fleet = observed_fleet(record.event)
    except msgspec.ValidationError:
        return None
    if fleet is None:
        return None
    return _counted(diagnose_decision(record.at, fleet, hosts, policy.age_max, policy.criteria))


def _counted(known: FleetKnowledge | None) -> Hosts | None:
    if known is None or not known.diagnosis.hosts:
        return None
    counts = {health: len(known.diagnosis.having(health)) for health in HostHealth}
    shown = {
        str(health): count for health, count in counts.items() if count or health in ALWAYS_SHOWN
    }
    return Hosts(at=known.at, total=len(known.diagnosis.hosts), counts=shown)
