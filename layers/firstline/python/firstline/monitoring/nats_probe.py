"""The probe, without its I/O: from what was read to an outcome and metrics.

A probe asks the fleet the one question that goes all the way: through NATS to a parent, through
its vsock to the enclave, and back. Each way in which no answer comes points at another part:

    no_server          nobody listens, the name or the line is gone: cluster, DNS, peering
    connect_timeout    packets go nowhere: security group, route
    authorization      the server refuses us: credentials or permissions
    no_responders      nobody has subscribed: the parent is down or has lost NATS
    timeout            a parent has subscribed but nothing answers: enclave dead or hung
    message_rejected   the parent refuses what we sent: our own fault, the fleet may be well
    unreadable         something answered, but not in words that are known
    unhealthy          the enclave itself says that it is not well
    answered           alive from end to end
    failed             the probe itself broke

Only ``answered`` is good: whatever is not known to be good is not counted as such.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

import msgspec

from firstline.config.probe_settings import Consumer
from firstline.diagnosis.probe_outcome import ProbeOutcome
from firstline.monitoring.metric import Metric


class Ended(StrEnum):
    """How an asking went, before any answer is looked at."""

    NO_SERVER = "no_server"
    CONNECT_TIMEOUT = "connect_timeout"
    AUTHORIZATION = "authorization"
    NO_RESPONDERS = "no_responders"
    ASKED = "asked"
    FAILED = "failed"


CONNECTED = frozenset({Ended.ASKED, Ended.NO_RESPONDERS})
"""The server let us in, whatever came after."""
NATS_METRICS = frozenset(
    {
        "Probe",
        "EnclaveAnswering",
        "NatsConnected",
        "NatsRoundTrip",
        "ProbeLatency",
        "Responders",
        "ActiveVaults",
        "EnclaveReservedMemoryPercent",
        "CredentialsDaysLeft",
        "ServersAnswering",
        "BacklogRead",
        "BacklogPending",
        "BacklogUnacknowledged",
    }
)
"""Every metric that `metrics` can give."""


class Backlog(msgspec.Struct, frozen=True):
    """What waits for a consumer: not yet delivered, and delivered but not acknowledged."""

    consumer: Consumer
    pending: int
    unacknowledged: int


class NatsReading(msgspec.Struct, frozen=True, kw_only=True):
    """What one probe of NATS read. ``why`` is the name of a failure's type, never its text.

    ``replies`` are those that came within the window; ``latency`` is the first one's.
    ``unread`` are the consumers whose backlog could not be read.
    """

    ended: Ended
    replies: tuple[bytes, ...] = ()
    latency: timedelta | None = None
    round_trip: timedelta | None = None
    backlogs: tuple[Backlog, ...] = ()
    unread: tuple[Consumer, ...] = ()
    why: str = ""


class Health(msgspec.Struct, frozen=True):
    """An enclave's answer, as ``enclave.health.check`` gives it."""

    healthy: bool
    active_vaults: int
    memory_used_mb: int
    memory_total_mb: int


class _Server(msgspec.Struct, frozen=True):
    id: str


class _Pong(msgspec.Struct, frozen=True):
    server: _Server


class _Rejection(msgspec.Struct, frozen=True):
    error: Literal["message_rejected"]


def request(nonce: str, at: datetime) -> bytes:
    """What is asked. A parent refuses for ten minutes what it has seen, and a wrong time."""
    return msgspec.json.encode({"nonce": nonce, "timestamp": int(at.timestamp())})


def outcome(reading: NatsReading) -> ProbeOutcome:
    """What *reading* shows; of several answers the best, as one enclave that serves serves."""
    if reading.ended is not Ended.ASKED:
        return ProbeOutcome(reading.ended.value)
    shown = {_shown(reply) for reply in reading.replies}
    best = (
        ProbeOutcome.ANSWERED,
        ProbeOutcome.UNHEALTHY,
        ProbeOutcome.MESSAGE_REJECTED,
        ProbeOutcome.UNREADABLE,
    )
    return next((each for each in best if each in shown), ProbeOutcome.TIMEOUT)


def responders(reading: NatsReading) -> int:
    """How many parents answered: replies carry no name, so equal ones count as one."""
    return len(set(reading.replies))


def servers(reading: NatsReading) -> int:
    """How many servers answered a ping of the system account, each by its id."""
    return len({pong.server.id for each in reading.replies if (pong := _decoded(each, _Pong))})


def metrics(
    reading: NatsReading, credentials_days_left: float | None, servers: int | None = None
) -> tuple[Metric, ...]:
    """Everything that *reading* says, as values; what was not read is not there.

    *servers* is how many answered the system account, where that is asked.
    """
    what = outcome(reading)
    found = [
        Metric("Probe", 1, "Count", (("outcome", what.value),)),
        Metric("EnclaveAnswering", int(what is ProbeOutcome.ANSWERED), "Count"),
        Metric("NatsConnected", int(reading.ended in CONNECTED), "Count"),
        *_timings(reading),
        *_backlogs(reading),
    ]
    if reading.ended in CONNECTED:
        found.append(Metric("Responders", responders(reading), "Count"))
    if credentials_days_left is not None:
        found.append(Metric("CredentialsDaysLeft", credentials_days_left, "Count"))
    if servers is not None:
        found.append(Metric("ServersAnswering", servers, "Count"))
    return (*found, *_fullest(reading))


def _shown(reply: bytes) -> ProbeOutcome:
    if told := health(reply):
        return ProbeOutcome.ANSWERED if told.healthy else ProbeOutcome.UNHEALTHY
    return ProbeOutcome.MESSAGE_REJECTED if _decoded(reply, _Rejection) else ProbeOutcome.UNREADABLE


def health(reply: bytes) -> Health | None:
    """The health that *reply* tells; None when it tells none."""
    return _decoded(reply, Health)


def _decoded[T](reply: bytes, form: type[T]) -> T | None:
    try:
        return msgspec.json.decode(reply, type=form)
    except (msgspec.DecodeError, RecursionError):
        return None


def _fullest(reading: NatsReading) -> Iterator[Metric]:
    """The fullest enclave's vaults and memory: it evicts first."""
    told = [each for each in map(health, reading.replies) if each and each.memory_total_mb > 0]
    if told:
        shares = [100 * each.memory_used_mb / each.memory_total_mb for each in told]
        yield Metric("ActiveVaults", max(each.active_vaults for each in told), "Count")
        yield Metric("EnclaveReservedMemoryPercent", max(shares), "Percent")


def _timings(reading: NatsReading) -> Iterator[Metric]:
    if reading.round_trip is not None:
        yield Metric("NatsRoundTrip", _milliseconds(reading.round_trip), "Milliseconds")
    if reading.latency is not None:
        yield Metric("ProbeLatency", _milliseconds(reading.latency), "Milliseconds")


def _backlogs(reading: NatsReading) -> Iterator[Metric]:
    for backlog in reading.backlogs:
        by = _named(backlog.consumer)
        yield Metric("BacklogRead", 1, "Count", by)
        yield Metric("BacklogPending", backlog.pending, "Count", by)
        yield Metric("BacklogUnacknowledged", backlog.unacknowledged, "Count", by)
    for consumer in reading.unread:
        yield Metric("BacklogRead", 0, "Count", _named(consumer))


def _named(consumer: Consumer) -> tuple[tuple[str, str], ...]:
    return (("stream", consumer.stream), ("consumer", consumer.consumer))


def _milliseconds(duration: timedelta) -> float:
    return duration / timedelta(milliseconds=1)
