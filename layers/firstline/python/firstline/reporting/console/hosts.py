"""Hosts: how many are dead, serving or unknown, as the last decision of an incident knew."""

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
from firstline.reporting.postmortem.health import Known, judged, last_known

AGE_MAX = timedelta(minutes=2)
"""How old evidence may be where the policy is not at hand."""
ALWAYS = (HostHealth.DEAD, HostHealth.SERVING, HostHealth.UNKNOWN)
"""The counts that are shown also where they are 0."""


class Judging(msgspec.Struct, frozen=True, kw_only=True):
    """What the policy says of evidence."""

    age_max: timedelta = AGE_MAX
    criteria: Criteria = CRITERIA


def of_chain(records: Iterable[DecodedEntry], judging: Judging) -> Hosts | None:
    """By the last decision of a whole chain; None where it saw no hosts."""
    try:
        return _counted(last_known(records, judging.age_max, judging.criteria))
    except msgspec.ValidationError:  # of another form than this code writes
        return None


def of_decision(
    record: DecodedEntry | None, hosts: dict[InstanceId, HostEvidence], judging: Judging
) -> Hosts | None:
    """By one decision, beside the evidence of *hosts* that was at hand for it."""
    if record is None or not isinstance(record.event, DecisionMade):
        return None
    try:
        seen = observed_fleet(record.event)
    except msgspec.ValidationError:
        return None
    if seen is None:
        return None
    return _counted(judged(record.at, seen, hosts, judging.age_max, judging.criteria))


def _counted(known: Known | None) -> Hosts | None:
    if known is None or not known.diagnosis.hosts:
        return None
    counts = {life: len(known.diagnosis.having(life)) for life in HostHealth}
    shown = {str(life): count for life, count in counts.items() if count or life in ALWAYS}
    return Hosts(at=known.at, total=len(known.diagnosis.hosts), counts=shown)
