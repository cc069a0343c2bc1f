"""Signal: one normalised fact from outside, and what it can be to us."""

import copy
from datetime import UTC, datetime, timedelta
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
    DRILL = "drill"
    UNCLASSIFIED = "unclassified"

    @property
    def words(self) -> str:
        """As a sentence has it."""
        return self.value.replace("-", " ")


SERVICE_CONDITIONS = (
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


DRILL_ALARM = "drill"
"""What the alarm that the weekly drill rings is known as: firstline's own, and in no profile."""


class SignalKind(StrEnum):
    """Which parser read it; what none reads keeps its envelope's facts alone."""

    UNREAD = "unread"
    ALARM = "alarm"
    ALARM_CONFIGURATION = "alarm-configuration"
    API_CALL = "api-call"
    AUTOSCALING = "autoscaling"
    CALENDAR = "calendar"
    COMMAND = "command"
    FINDING = "finding"
    HEALTH = "health"
    INSTANCE = "instance"
    MISROUTED = "misrouted"
    REPORT = "report"
    TICK = "tick"


class Mark(StrEnum):
    """What a signal says about its own worth."""

    ENDED = "ended"
    EVALUATION_FAILED = "evaluation-failed"
    FIRST_EVALUATION = "first-evaluation"
    FUTURE_DATED = "future-dated"
    MALFORMED = "malformed"
    MUTED = "muted"
    NO_DATA = "no-data"
    PARTIAL_DATA = "partial-data"
    PAST_DATED = "past-dated"
    REPLAYED = "replayed"
    SUPPRESSED = "suppressed"
    UNANNOUNCED = "unannounced"


class Restricted(msgspec.Struct, frozen=True, kw_only=True):
    """What a user's report tells of a person: kept with the incident, and shown nowhere else."""

    user: str
    details: str
    reporter: str

    def __repr__(self) -> str:
        return "Restricted(...)"


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """One fact. ``at`` is the instant of the transition, not of its delivery.

    ``subject`` is the name under which the profile knows the sender: an alarm's name there.
    ``arn`` and ``dimensions`` come from outside and are data, never instructions. ``drill`` is the
    word of the drill that it says to be, which counts for nothing unless an operator announced it.
    ``muted_until`` is the end of the mute window that an alarm is in, where it is known.
    """

    key: SignalKey
    kind: SignalKind = SignalKind.UNREAD
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
    drill: str = ""
    muted_until: datetime | None = None
    restricted: Restricted | None = None


EARLIEST, LATEST = datetime(2010, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""Nothing that firstline reads is of before the first or of after the second."""
SKEW_MAX = timedelta(minutes=5)
"""By as much two honest clocks may differ."""


def possible(at: datetime) -> bool:
    """Whether something can be of *at*: only then is arithmetic on it safe."""
    return EARLIEST <= at < LATEST


def dated(signal: Signal, received_at: datetime) -> Signal:
    """*signal* with an instant that is possible: else it is as of *received_at*, and marked."""
    until = signal.muted_until
    if until is not None and not possible(until):
        signal = copy.replace(signal, muted_until=None)
    if possible(signal.at):
        return signal
    mark = Mark.PAST_DATED if signal.at < EARLIEST else Mark.FUTURE_DATED
    return copy.replace(signal, at=received_at, marks=(*signal.marks, mark))


def on_time(signal: Signal, now: datetime) -> Signal:
    """*signal* with an instant that is not after *now*; one too far ahead is marked."""
    if signal.at <= now:
        return signal
    marks = signal.marks
    if signal.at - now > SKEW_MAX:
        marks = (*marks, Mark.FUTURE_DATED)
    return copy.replace(signal, at=now, marks=marks)
