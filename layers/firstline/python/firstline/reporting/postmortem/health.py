"""What was known of the hosts at each decision: the same readers judge as did then.

A decision whose entry does not tell what was seen has no diagnosis here: nothing is made up.
"""

import copy
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from firstline.diagnosis.diagnose import CRITERIA, Diagnosis, diagnose
from firstline.diagnosis.evidence import UNREAD, Evidence, Group, HostEvidence
from firstline.diagnosis.health_checks import Criteria, Failure, Life
from firstline.ids import InstanceId
from firstline.ledger.entries import DecisionMade, HostsInspected, LookIntended
from firstline.remediation.decision_record import ObservedFleet, observed_fleet
from firstline.reporting.postmortem.record import Record


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """One decision's knowledge: what was read, and what it proved of each host in service."""

    at: datetime
    seen: ObservedFleet
    hosts: dict[InstanceId, HostEvidence]
    diagnosis: Diagnosis


def known(record: Record, age_max: timedelta, criteria: Criteria = CRITERIA) -> Iterator[Known]:
    """What each decision knew; evidence older than *age_max* counts as none."""
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
                yield Known(
                    at=entry.at,
                    seen=seen,
                    hosts=copy.copy(hosts),
                    diagnosis=_judged(seen, hosts, entry.at, age_max, criteria),
                )
            case _:
                pass


def _judged(
    seen: ObservedFleet,
    hosts: dict[InstanceId, HostEvidence],
    at: datetime,
    age_max: timedelta,
    criteria: Criteria,
) -> Diagnosis:
    evidence = Evidence(
        at=at,
        alarm=UNREAD,
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
    return diagnose(evidence, in_scope, age_max, criteria)


def worst(found: tuple[Known, ...]) -> Known | None:
    """The first that knew of as many dead hosts as any, and of as many what fails on them."""
    return max(found, key=_badness, default=None)


def _badness(each: Known) -> tuple[int, int]:
    dead = each.diagnosis.having(Life.DEAD)
    told = (each.diagnosis.hosts[host].failure is not Failure.UNKNOWN for host in dead)
    return len(dead), sum(told)
