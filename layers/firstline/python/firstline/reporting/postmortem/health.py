"""The known health of hosts at each decision: the same checks judge the recorded evidence.

A decision without recorded evidence has no diagnosis here.
"""

import copy
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import msgspec

from firstline.diagnosis.diagnose import CRITERIA, Diagnosis, diagnose
from firstline.diagnosis.evidence import NOT_NEEDED, Evidence, Group, HostEvidence
from firstline.diagnosis.health_checks import Criteria, FailureMode, HostHealth
from firstline.ids import InstanceId
from firstline.ledger.entries import DecisionMade, HostsInspected, LookIntended
from firstline.ledger.export import DecodedEntry
from firstline.remediation.decision_record import ObservedFleet, observed_fleet
from firstline.reporting.postmortem.record import Record

type Observed = tuple[datetime, ObservedFleet, dict[InstanceId, HostEvidence]]


class FleetKnowledge(msgspec.Struct, frozen=True, kw_only=True):
    """One decision's knowledge: the recorded evidence, and the diagnosis of its hosts."""

    at: datetime
    fleet: ObservedFleet
    hosts: dict[InstanceId, HostEvidence]
    diagnosis: Diagnosis


def fleet_knowledge(
    record: Record, age_max: timedelta, criteria: Criteria = CRITERIA
) -> Iterator[FleetKnowledge]:
    """The knowledge of each decision; evidence older than *age_max* counts as none."""
    return (
        diagnose_decision(at, fleet, hosts, age_max, criteria)
        for at, fleet, hosts in _observed(record)
    )


def last_knowledge(
    record: Iterable[DecodedEntry], age_max: timedelta, criteria: Criteria = CRITERIA
) -> FleetKnowledge | None:
    """The knowledge of the last decision; None where no decision recorded its evidence."""
    last = None
    for each in _observed(record):
        last = each
    return diagnose_decision(*last, age_max, criteria) if last is not None else None


def _observed(record: Iterable[DecodedEntry]) -> Iterator[Observed]:
    """The fleet's evidence of each decision, with the latest evidence of each host."""
    sent_at: dict[str, datetime] = {}
    hosts: dict[InstanceId, HostEvidence] = {}
    for entry in record:
        match entry.event:
            case LookIntended(token=token):
                sent_at[token] = entry.at
            case HostsInspected(token=token, hosts=reports):
                at = sent_at.get(token, entry.at)
                hosts |= {id_: HostEvidence(each, at) for id_, each in reports.items()}
            case DecisionMade() as event if (fleet := observed_fleet(event)) is not None:
                yield entry.at, fleet, copy.copy(hosts)
            case _:
                pass


def diagnose_decision(
    at: datetime,
    fleet: ObservedFleet,
    hosts: dict[InstanceId, HostEvidence],
    age_max: timedelta,
    criteria: Criteria = CRITERIA,
) -> FleetKnowledge:
    """The knowledge of a decision from *fleet* and the latest evidence of *hosts*."""
    evidence = Evidence(
        at=at,
        alarm=NOT_NEEDED,
        alarms={},
        group=fleet.group,
        target_health=fleet.target_health,
        hosts=hosts,
        answering=fleet.answering,
        connections=fleet.connections,
        instance_statuses=fleet.instance_statuses,
        histories=fleet.histories,
    )
    in_scope = fleet.group.in_service() if isinstance(fleet.group, Group) else tuple(sorted(hosts))
    diagnosis = diagnose(evidence, in_scope, age_max, criteria)
    return FleetKnowledge(at=at, fleet=fleet, hosts=hosts, diagnosis=diagnosis)


def worst(knowledge: tuple[FleetKnowledge, ...]) -> FleetKnowledge | None:
    """The first with the most dead hosts, and of these the most known failure modes."""
    return max(knowledge, key=_badness, default=None)


def _badness(each: FleetKnowledge) -> tuple[int, int]:
    dead = each.diagnosis.having(HostHealth.DEAD)
    explained = (each.diagnosis.hosts[host].failure is not FailureMode.UNKNOWN for host in dead)
    return len(dead), sum(explained)
