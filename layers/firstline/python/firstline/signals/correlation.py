"""Correlation: which signals belong to the same incident, and which condition leads it.

A complete outage also shows as latency, as 5xx and as a silent NATS: several alarms, one incident.
A correlation key is a fleet, a kind of trouble and a scope; one incident of it is open at a time.

The gravest signal leads; of two equally grave ones, the one that can be repaired. The incident
waits for every alarm that joined; one DescribeAlarms covers a hundred, and beyond that a person
closes it. Severity rises and never falls. A P2 that becomes a P1 pages under ``<incident>:p1`` by
ingest when the signal joins; if PagerDuty does not accept it, the next wake or sweep sends it
before any other read.

Memory, KMS, capacity, a user's report and a finding have keys of their own. A rule's ``scope``
separates hosts or users of one condition.
"""

from firstline.ids import CorrelationKey, digest
from firstline.signal import SERVICE_CONDITIONS, Condition


def correlation_key(fleet: str, condition: Condition, scope: str = "") -> CorrelationKey:
    """The key of *condition*; *scope* comes from outside, so only its digest is part of the key.

    >>> correlation_key("vettid", Condition.COMPLETE_OUTAGE)
    'vettid#service'
    """
    what = "service" if condition in SERVICE_CONDITIONS else condition.value
    return CorrelationKey(f"{fleet}#{what}" + (f"#{digest(scope.encode())[:20]}" if scope else ""))


def storm_key(fleet: str) -> CorrelationKey:
    """The key of many unrelated troubles at once (I21)."""
    return CorrelationKey(f"{fleet}#storm")


def precedence(condition: Condition) -> int:
    """The rank of *condition*; one outside `SERVICE_CONDITIONS` never leads."""
    return (*SERVICE_CONDITIONS, condition).index(condition)
