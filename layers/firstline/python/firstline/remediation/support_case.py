"""A case for AWS Support, prepared and not sent: a person completes and sends it (R46).

Codes are those of the Support API (CreateCase). The severities that an account may choose depend on
its support plan.
"""

from firstline.incidents.incident import Incident
from firstline.signal import Condition, Severity

SERVICES = {Condition.CAPACITY: "auto-scaling"}
"""The service of a case; any other condition concerns the instances themselves."""
INSTANCES = "amazon-elastic-compute-cloud-linux"
SEVERITIES = {
    Severity.P1: "urgent",
    Severity.P2: "high",
    Severity.P3: "normal",
    Severity.P4: "low",
}


def prepare(incident: Incident, diagnosed: str, tried: str) -> str:
    """The case of *incident*, from observations and attempts: subject [service, severity]: body."""
    since = incident.signalled_at.isoformat(timespec="seconds")
    service = SERVICES.get(incident.condition, INSTANCES)
    return (
        f"{incident.condition} of an Auto Scaling group since {since} "
        f"[{service}, {SEVERITIES[incident.severity]}]: "
        f"Since {since} we see {incident.condition} ({incident.component}). "
        f"Observed: {diagnosed}. Tried: {tried}. Please investigate the instances and their Region."
    )
