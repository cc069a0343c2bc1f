"""Causes: which signals tell of one trouble, and which of them leads its incident.

A complete outage is also seen as latency, as 5xx and as a silent NATS: several alarms, one
incident. A cause is a fleet, a kind of trouble and a scope; one episode of it is open at a time.
"""

from firstline.ids import CorrelationKey, digest
from firstline.signal import SERVICE_CONDITIONS, Condition


def cause(fleet: str, condition: Condition, scope: str = "") -> CorrelationKey:
    """The cause behind *condition*; *scope* comes from outside, and so is only its digest here."""
    what = "service" if condition in SERVICE_CONDITIONS else condition.value
    return CorrelationKey(f"{fleet}#{what}" + (f"#{digest(scope.encode())[:20]}" if scope else ""))


def storm(fleet: str) -> CorrelationKey:
    """The one that stands for many unrelated troubles at once (I21)."""
    return CorrelationKey(f"{fleet}#storm")


def rank(condition: Condition) -> int:
    """Its place among those that lead; what is no side of the service never takes the lead."""
    return (*SERVICE_CONDITIONS, condition).index(condition)
