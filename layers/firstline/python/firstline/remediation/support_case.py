"""A case for AWS Support, written and not sent: a person reads it, adds to it, and sends it (R46).

Codes are those of the Support API (CreateCase). Which severities an account may choose depends on
its support plan.
"""

import msgspec

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


class SupportCase(msgspec.Struct, frozen=True):
    """What CreateCase asks for."""

    subject: str
    service_code: str
    severity_code: str
    body: str

    def told(self) -> str:
        """As the hand-over says it."""
        return f"{self.subject} [{self.service_code}, {self.severity_code}]: {self.body}"


def prepare(incident: Incident, seen: str, tried: str) -> SupportCase:
    """The case of *incident*, from what was seen and tried, in words of our own."""
    since = incident.signalled_at.isoformat(timespec="seconds")
    return SupportCase(
        subject=f"{incident.condition} of an Auto Scaling group since {since}",
        service_code=SERVICES.get(incident.condition, INSTANCES),
        severity_code=SEVERITIES[incident.severity],
        body=f"Since {since} we see {incident.condition} ({incident.component}). "
        f"Seen: {seen}. Tried: {tried}. Please look into the instances and their Region.",
    )
