"""A case for AWS Support, written and not sent: a person reads it, adds to it, and sends it (R46).

Codes are those of the Support API (CreateCase). Which severities an account may choose depends on
its support plan.
"""

from firstline.incidents.incident import Incident
from firstline.signal import Condition, Severity

SERVICES = {Condition.CAPACITY: "auto-scaling"}
"""The service that a case is about; any other is about the instances themselves."""
INSTANCES = "amazon-elastic-compute-cloud-linux"
SEVERITIES = {
    Severity.P1: "urgent",
    Severity.P2: "high",
    Severity.P3: "normal",
    Severity.P4: "low",
}


def prepare(incident: Incident, seen: str, tried: str) -> str:
    """The case of *incident*, from what was seen and tried: subject [service, severity]: body."""
    since = incident.signalled_at.isoformat(timespec="seconds")
    service = SERVICES.get(incident.condition, INSTANCES)
    return (
        f"{incident.condition} of an Auto Scaling group since {since} "
        f"[{service}, {SEVERITIES[incident.severity]}]: "
        f"Since {since} we see {incident.condition} ({incident.component}). "
        f"Seen: {seen}. Tried: {tried}. Please look into the instances and their Region."
    )
