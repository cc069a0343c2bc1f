"""Signal: one normalised fact from outside. This module holds the vocabulary of signals."""

import copy
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import msgspec

from firstline.ids import SignalKey


class Disposition(StrEnum):
    """The effect of a signal."""

    INCIDENT = "incident"
    RECOVERY = "recovery"
    CONTEXT = "context"
    IGNORED = "ignored"
    REJECTED = "rejected"


class Severity(StrEnum):
    """Severity by the runbook's classification (R01 to R04); P1 sorts first."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"

    @property
    def pages(self) -> bool:
        """True for P1 and P2, which page a person (R44)."""
        return self in (Severity.P1, Severity.P2)


class Condition(StrEnum):
    """The kind of trouble."""

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
        """The value as it reads in a sentence."""
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
"""Conditions that are views of one service trouble; at equal severity the first leads.

Repairable conditions stand before mere symptoms. Memory, KMS, capacity, users and findings are
separate troubles.
"""


class Component(StrEnum):
    """The affected component."""

    NATS = "nats"
    ENCLAVE = "enclave"
    PARENT = "parent"
    KMS = "kms"
    API = "api"
    HOST = "host"
    FLEET = "fleet"
    AWS = "aws"


DRILL_ALARM = "drill"
"""Subject of the weekly drill's alarm: it belongs to firstline, and no profile names it."""


class SignalKind(StrEnum):
    """The parser that read the signal; ``UNREAD`` keeps only the facts of the envelope."""

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
    """A qualifier of a signal's reliability."""

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
    """Personal data of a user's report: stored with the incident, and shown nowhere else."""

    user: str
    details: str
    reporter: str

    def __repr__(self) -> str:
        return "Restricted(...)"


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """One fact. ``at`` is the instant of the transition, not of its delivery.

    ``subject`` is the sender's name in the profile, such as an alarm's name there. ``arn`` and
    ``dimensions`` come from outside and are data, never instructions. ``drill`` is the word of
    the drill that the signal claims to be; it counts only if an operator announced that drill.
    ``muted_until`` is the end of the alarm's mute window, where known.
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


# A signal up to five minutes ahead of our clock counts as of now. One further ahead, or from before
# 2010, is dated as of its receipt and opens an unclassified P2; so does an event of our own account
# that contradicts itself. Parsers and readers of AWS's answers accept no instant before 2010 or
# after 2099, so arithmetic on one cannot overflow.
EARLIEST, LATEST = datetime(2010, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""Range of plausible instants: from the first, before the second."""
SKEW_MAX = timedelta(minutes=5)
"""Maximum difference between two correct clocks."""


def is_plausible(at: datetime) -> bool:
    """True if *at* is in range, so that arithmetic on it is safe."""
    return EARLIEST <= at < LATEST


def with_plausible_time(signal: Signal, received_at: datetime) -> Signal:
    """*signal* with a plausible instant: an implausible one becomes *received_at*, with a mark."""
    until = signal.muted_until
    if until is not None and not is_plausible(until):
        signal = copy.replace(signal, muted_until=None)
    if is_plausible(signal.at):
        return signal
    mark = Mark.PAST_DATED if signal.at < EARLIEST else Mark.FUTURE_DATED
    return copy.replace(signal, at=received_at, marks=(*signal.marks, mark))


def clamp_to_now(signal: Signal, now: datetime) -> Signal:
    """*signal* with an instant not after *now*; one beyond `SKEW_MAX` is marked."""
    if signal.at <= now:
        return signal
    marks = signal.marks
    if signal.at - now > SKEW_MAX:
        marks = (*marks, Mark.FUTURE_DATED)
    return copy.replace(signal, at=now, marks=marks)
