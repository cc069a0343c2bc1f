"""Causes: which signals tell of one trouble, and which of them leads its incident.

A complete outage is also seen as latency, as 5xx and as a silent NATS: several alarms, one
incident. A cause is a fleet, a kind of trouble and a scope; one episode of it is open at a time.
"""

from firstline.ids import Cause, digest
from firstline.signals import Condition

LEADS = (
    Condition.COMPLETE_OUTAGE,
    Condition.ENCLAVE_DOWN,
    Condition.PARENT_DOWN,
    Condition.NATS_DISCONNECTED,
    Condition.API_ERRORS,
    Condition.DEGRADED_LATENCY,
    Condition.NATS_BACKLOG,
)
"""The sides from which one trouble of the service is seen; of two as bad, the first leads.

What can be mended stands before what only hurts. Memory, KMS, capacity, users and findings are
troubles of their own.
"""


def cause(fleet: str, condition: Condition, scope: str = "") -> Cause:
    """The cause behind *condition*; *scope* comes from outside, and so is only its digest here."""
    what = "service" if condition in LEADS else condition.value
    return Cause(f"{fleet}#{what}" + (f"#{digest(scope.encode())[:20]}" if scope else ""))


def storm(fleet: str) -> Cause:
    """The one that stands for many unrelated troubles at once (I21)."""
    return Cause(f"{fleet}#storm")


def rank(condition: Condition) -> int:
    """Its place among those that lead; what is no side of the service never takes the lead."""
    return LEADS.index(condition) if condition in LEADS else len(LEADS)
