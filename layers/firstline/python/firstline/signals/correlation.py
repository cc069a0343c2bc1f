"""Correlation: which signals belong to the same incident, and which condition leads it.

A complete outage also shows as latency, as 5xx and as a silent NATS: several alarms, one incident.
A correlation key is a fleet, a kind of trouble and a scope; one incident of it is open at a time.
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
