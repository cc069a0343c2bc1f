"""The NATS probe without its I/O: from replies to an outcome and metrics.

The probe sends one health request on the whole path: through NATS to a parent, through its vsock
to the enclave, and back. Each kind of failure points at another part:

    no_server          no listener, no name or no route: cluster, DNS, peering
    connect_timeout    packets are dropped: security group, route
    server_silent      a connection opens and the server sends nothing: it hangs
    server_full, account_full, no_tls, client_certificate_wanted, authentication_timeout,
    credentials_expired, authorization
                       the server refuses the probe, each for its reason
    no_responders      no subscription: the parent is down or has lost NATS
    stream_captures    a stream stores the request, and no parent replies
    timeout            a parent subscribes but does not reply: the enclave is dead or hangs
    timeout_unproven   no reply, and the subscribers are not known
    message_rejected   the parent rejects the request: a fault of the probe
    unreadable         a reply of unknown form
    unhealthy          the enclave reports that it is unhealthy
    answered           alive from end to end
    failed             the probe itself failed

Only ``answered`` is good; an unknown outcome is not. A probe that was refused (`NOT_ADMITTED`)
sends no ``EnclaveAnswering``, so that this alarm keeps its state and the one on ``NatsConnected``
rings.
"""

import copy
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from firstline.config.probe_settings import Consumer
from firstline.diagnosis.probe_outcome import ADMITTED, CODES, ProbeOutcome, is_answering
from firstline.monitoring.metric import Metric
from firstline.monitoring.nats_backlog import Backlog
from firstline.monitoring.nats_messages import health, reply_outcome

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
"""Every metric that `metrics` can return."""


class NatsReading(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of one NATS probe. ``why`` is just the failure's type name.

    ``failure`` is the reason why no request was sent, or the server's no-responders status;
    None after a request. ``replies`` are the hosts' replies within the window; ``latency`` is
    the first one's. ``captured`` is True if a stream acknowledged the request, ``subscribed``
    if a client's subscription to the subject is proven. ``unread`` are consumers whose backlog
    could not be read.
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


def explain_refusal(reading: NatsReading, end: datetime | None, at: datetime) -> NatsReading:
    """Return *reading* with a refusal of expired credentials, which the server does not name.

    *end* is the credentials' expiry, None without one; *at* is the time now.
    """
    if reading.failure is ProbeOutcome.AUTHORIZATION and end is not None and end <= at:
        return copy.replace(reading, failure=ProbeOutcome.CREDENTIALS_EXPIRED)
    return reading


def outcome(reading: NatsReading) -> ProbeOutcome:
    """Return the outcome: the best of the replies, since one serving enclave is enough."""
    if reading.failure is not None:
        return reading.failure
    outcomes = {reply_outcome(reply) for reply in reading.replies}
    best = (
        ProbeOutcome.ANSWERED,
        ProbeOutcome.UNHEALTHY,
        ProbeOutcome.MESSAGE_REJECTED,
        ProbeOutcome.UNREADABLE,
    )
    return next((each for each in best if each in outcomes), _silence(reading))


def _silence(reading: NatsReading) -> ProbeOutcome:
    """Return the outcome without a reply, by the known subscribers."""
    if reading.captured:
        return ProbeOutcome.STREAM_CAPTURES
    return ProbeOutcome.TIMEOUT if reading.subscribed else ProbeOutcome.TIMEOUT_UNPROVEN


def responders(reading: NatsReading) -> int:
    """Return the number of parents that replied: equal replies count once, as they have no name."""
    return len(set(reading.replies))


def metrics(
    reading: NatsReading, credentials_days_left: float | None, servers: int | None = None
) -> tuple[Metric, ...]:
    """Return the metrics of *reading*; a value that was not read is absent.

    *servers* is the number of servers that replied to the system account's ping.
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
    """Yield the vaults and memory of the fullest enclave, which evicts first."""
    reported = [each for each in map(health, reading.replies) if each and each.memory_total_mb > 0]
    if reported:
        shares = [100 * each.memory_used_mb / each.memory_total_mb for each in reported]
        yield Metric("ActiveVaults", max(each.active_vaults for each in reported), "Count")
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
