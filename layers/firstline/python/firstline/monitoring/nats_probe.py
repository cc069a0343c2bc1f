"""The probe, without its I/O: from what was read to an outcome and metrics.

A probe asks the fleet the one question that goes all the way: through NATS to a parent, through
its vsock to the enclave, and back. Each way in which no answer comes points at another part:

    no_server          nobody listens, the name or the line is gone: cluster, DNS, peering
    connect_timeout    packets go nowhere: security group, route
    server_silent      a connection opens and the server says nothing: it hangs
    server_full, account_full, no_tls, client_certificate_wanted, authentication_timeout,
    credentials_expired, authorization
                       the server does not take us, each for its reason
    no_responders      nobody has subscribed: the parent is down or has lost NATS
    stream_captures    a stream stores the question, and no parent answers it
    timeout            a parent has subscribed but nothing answers: enclave dead or hung
    timeout_unproven   nothing answers, and who has subscribed is not known
    message_rejected   the parent refuses what we sent: our own fault, the fleet may be well
    unreadable         something answered, but not in words that are known
    unhealthy          the enclave itself says that it is not well
    answered           alive from end to end
    failed             the probe itself broke

Only ``answered`` is good: whatever is not known to be good is not counted as such. A probe that
was kept out (`KEPT_OUT`) sends no ``EnclaveAnswering``: the alarm on it keeps its state, and the
one on ``NatsConnected`` rings.
"""

import copy
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from firstline.config.probe_settings import Consumer
from firstline.diagnosis.probe_outcome import ADMITTED, CODES, ProbeOutcome, is_answering
from firstline.monitoring.metric import Metric
from firstline.monitoring.nats_backlog import Backlog
from firstline.monitoring.nats_messages import health, shown

NATS_METRICS = frozenset(
    {
        "Probe",
        "ProbeOutcome",
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
        "BacklogStalled",
    }
)
"""Every metric that `metrics` can give."""


class NatsReading(msgspec.Struct, frozen=True, kw_only=True):
    """What one probe of NATS read. ``why`` is the name of a failure's type, never its text.

    ``failure`` is what kept the question from being asked, or the server's word that there is no
    responder; None once it was asked. ``replies`` are those of hosts that came within the window;
    ``latency`` is the first one's. ``captured`` is whether a stream acknowledged the question, and
    ``subscribed`` whether it is proven that a client takes it that does not take everything.
    ``unread`` are the consumers whose backlog could not be read.
    """

    failure: ProbeOutcome | None = None
    replies: tuple[bytes, ...] = ()
    captured: bool = False
    subscribed: bool = False
    latency: timedelta | None = None
    round_trip: timedelta | None = None
    backlogs: tuple[Backlog, ...] = ()
    unread: tuple[Consumer, ...] = ()
    why: str = ""


def dated(reading: NatsReading, end: datetime | None, at: datetime) -> NatsReading:
    """*reading* with its refusal explained: a server names no reason to credentials past their end.

    *end* is the end of the probe's credentials, None when they have none; *at* is the time now.
    """
    if reading.failure is ProbeOutcome.AUTHORIZATION and end is not None and end <= at:
        return copy.replace(reading, failure=ProbeOutcome.CREDENTIALS_EXPIRED)
    return reading


def outcome(reading: NatsReading) -> ProbeOutcome:
    """What *reading* shows; of several answers the best, as one enclave that serves serves."""
    if reading.failure is not None:
        return reading.failure
    found = {shown(reply) for reply in reading.replies}
    best = (
        ProbeOutcome.ANSWERED,
        ProbeOutcome.UNHEALTHY,
        ProbeOutcome.MESSAGE_REJECTED,
        ProbeOutcome.UNREADABLE,
    )
    return next((each for each in best if each in found), _silence(reading))


def _silence(reading: NatsReading) -> ProbeOutcome:
    """What it shows that nothing came, by who is known to have taken the question."""
    if reading.captured:
        return ProbeOutcome.STREAM_CAPTURES
    return ProbeOutcome.TIMEOUT if reading.subscribed else ProbeOutcome.TIMEOUT_UNPROVEN


def responders(reading: NatsReading) -> int:
    """How many parents answered: replies carry no name, so equal ones count as one."""
    return len(set(reading.replies))


def metrics(
    reading: NatsReading, credentials_days_left: float | None, servers: int | None = None
) -> tuple[Metric, ...]:
    """Everything that *reading* says, as values; what was not read is not there.

    *servers* is how many answered the system account, where that is asked.
    """
    what = outcome(reading)
    found = [
        Metric("Probe", 1, "Count", (("outcome", what.value),)),
        *_answering(what),
        Metric("NatsConnected", int(what in ADMITTED), "Count"),
        Metric("ProbeOutcome", CODES[what], "Count"),
        *_timings(reading),
        *_backlogs(reading),
    ]
    if what in ADMITTED:
        found.append(Metric("Responders", responders(reading), "Count"))
    if credentials_days_left is not None:
        found.append(Metric("CredentialsDaysLeft", credentials_days_left, "Count"))
    if servers is not None:
        found.append(Metric("ServersAnswering", servers, "Count"))
    return (*found, *_fullest(reading))


def _answering(what: ProbeOutcome) -> Iterator[Metric]:
    answers = is_answering(what)
    if answers is not None:
        yield Metric("EnclaveAnswering", int(answers), "Count")


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
        yield Metric("BacklogStalled", int(bool(backlog.stalled)), "Count", by)
    for consumer in reading.unread:
        yield Metric("BacklogRead", 0, "Count", _named(consumer))


def _named(consumer: Consumer) -> tuple[tuple[str, str], ...]:
    return (("stream", consumer.stream), ("consumer", consumer.consumer))


def _milliseconds(duration: timedelta) -> float:
    return duration / timedelta(milliseconds=1)
