"""Signal: one normalised fact from outside, and what it can be to us."""

from datetime import datetime
from enum import StrEnum

import msgspec

from firstline.ids import SignalKey


class Disposition(StrEnum):
    """What a signal is to us."""

    INCIDENT = "incident"
    RECOVERY = "recovery"
    CONTEXT = "context"
    IGNORED = "ignored"
    REJECTED = "rejected"


class Severity(StrEnum):
    """How bad it is, as in the runbook's classification (R01 to R04); P1 sorts first."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"

    @property
    def pages(self) -> bool:
        """P1 and P2 wake a person (R44)."""
        return self in (Severity.P1, Severity.P2)


class Condition(StrEnum):
    """What kind of trouble."""

    COMPLETE_OUTAGE = "complete-outage"
    DEGRADED_LATENCY = "degraded-latency"
    ENCLAVE_DOWN = "enclave-down"
    PARENT_DOWN = "parent-down"
    NATS_DISCONNECTED = "nats-disconnected"
    NATS_BACKLOG = "nats-backlog"
    API_ERRORS = "api-errors"
    MEMORY_PRESSURE = "memory-pressure"
    KMS_THROTTLING = "kms-throttling"
    USER_AFFECTED = "user-affected"
    SECURITY_FINDING = "security-finding"
    AWS_HEALTH = "aws-health"
    CAPACITY = "capacity"
    UNCLASSIFIED = "unclassified"


class Component(StrEnum):
    """What is in trouble."""

    NATS = "nats"
    ENCLAVE = "enclave"
    PARENT = "parent"
    KMS = "kms"
    API = "api"
    HOST = "host"
    FLEET = "fleet"
    AWS = "aws"


class Mark(StrEnum):
    """What a signal says about its own worth."""

    FIRST_EVALUATION = "first-evaluation"
    MALFORMED = "malformed"
    MUTED = "muted"
    NO_DATA = "no-data"
    REPLAYED = "replayed"
    SUPPRESSED = "suppressed"


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """One fact. ``at`` is the instant of the transition, not of its delivery.

    ``subject`` is the name under which the profile knows the sender: an alarm's name there.
    ``arn`` and ``dimensions`` come from outside and are data, never instructions.
    """

    key: SignalKey
    source: str
    subject: str
    state: str
    at: datetime
    account: str
    region: str
    arn: str = ""
    metric: str = ""
    dimensions: dict[str, str] = {}
    marks: tuple[Mark, ...] = ()
