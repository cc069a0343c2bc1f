"""What was known of the hosts at each decision: the same readers judge as did then.

A decision whose entry does not tell what was seen has no diagnosis here: nothing is made up.
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


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """One decision's knowledge: what was read, and what it proved of each host in service."""

    at: datetime
    seen: ObservedFleet
    hosts: dict[InstanceId, HostEvidence]
    diagnosis: Diagnosis


def known(record: Record, age_max: timedelta, criteria: Criteria = CRITERIA) -> Iterator[Known]:
    """What each decision knew; evidence older than *age_max* counts as none."""
    return (judged(at, seen, hosts, age_max, criteria) for at, seen, hosts in _observed(record))


def last_known(
    record: Iterable[DecodedEntry], age_max: timedelta, criteria: Criteria = CRITERIA
) -> Known | None:
    """What the last decision knew; None where no decision recorded what it saw."""
    last = None
    for each in _observed(record):
        last = each
    return judged(*last, age_max, criteria) if last is not None else None


def _observed(record: Iterable[DecodedEntry]) -> Iterator[Observed]:
    """What each decision saw, and the latest evidence of each host by then."""
    asked: dict[str, datetime] = {}
    hosts: dict[InstanceId, HostEvidence] = {}
    for entry in record:
        match entry.event:
            case LookIntended(token=token):
                asked[token] = entry.at
            case HostsInspected(token=token, hosts=reports):
                at = asked.get(token, entry.at)
                hosts |= {id_: HostEvidence(each, at) for id_, each in reports.items()}
            case DecisionMade() as event if (seen := observed_fleet(event)) is not None:
                yield entry.at, seen, copy.copy(hosts)
            case _:
                pass


def judged(
    at: datetime,
    seen: ObservedFleet,
    hosts: dict[InstanceId, HostEvidence],
    age_max: timedelta,
    criteria: Criteria = CRITERIA,
) -> Known:
    """What a decision knew that saw *seen*, with the latest evidence of *hosts*."""
    evidence = Evidence(
        at=at,
        alarm=NOT_NEEDED,
        alarms={},
        group=seen.group,
        target_health=seen.target_health,
        hosts=hosts,
        answering=seen.answering,
        connections=seen.connections,
        instance_statuses=seen.instance_statuses,
        histories=seen.histories,
    )
    in_scope = seen.group.in_service() if isinstance(seen.group, Group) else tuple(sorted(hosts))
    diagnosis = diagnose(evidence, in_scope, age_max, criteria)
    return Known(at=at, seen=seen, hosts=hosts, diagnosis=diagnosis)


def worst(found: tuple[Known, ...]) -> Known | None:
    """The first that knew of as many dead hosts as any, and of as many what fails on them."""
    return max(found, key=_badness, default=None)


def _badness(each: Known) -> tuple[int, int]:
    dead = each.diagnosis.having(HostHealth.DEAD)
    told = (each.diagnosis.hosts[host].failure is not FailureMode.UNKNOWN for host in dead)
    return len(dead), sum(told)
