import json
from datetime import UTC, datetime, timedelta

import pytest

from firstline.config.probe_settings import Consumer
from firstline.diagnosis.probe_outcome import (
    ADMITTED,
    CODES,
    NOT_ADMITTED,
    ProbeOutcome,
    outcome_of_code,
)
from firstline.monitoring.metric import Metric
from firstline.monitoring.nats_backlog import Backlog, StallReason
from firstline.monitoring.nats_messages import connections, is_stream_reply, lists_client, request
from firstline.monitoring.nats_probe import (
    NATS_METRICS,
    NatsReading,
    explain_refusal,
    metrics,
    outcome,
    responders,
)

HEALTH = {
    "healthy": True,
    "active_vaults": 12,
    "total_vaults": 160,
    "memory_used_mb": 480,
    "memory_total_mb": 5632,
    "uptime_seconds": 86400,
    "version": "1.0.0",
}
REJECTED = b'{"error":"message_rejected","reason":"replay"}'


def health_reply(**fields: object) -> bytes:
    return json.dumps(HEALTH | fields).encode()


def asked(*replies: bytes) -> NatsReading:
    return NatsReading(replies=replies, subscribed=True)


@pytest.mark.parametrize(
    ("reading", "shown"),
    [
        *((NatsReading(failure=each), each) for each in ProbeOutcome),
        (asked(), ProbeOutcome.TIMEOUT),
        (NatsReading(), ProbeOutcome.TIMEOUT_UNPROVEN),
        (NatsReading(captured=True), ProbeOutcome.STREAM_CAPTURES),
        (NatsReading(captured=True, replies=(health_reply(),)), ProbeOutcome.ANSWERED),
        (asked(REJECTED), ProbeOutcome.MESSAGE_REJECTED),
        (asked(health_reply()), ProbeOutcome.ANSWERED),
        (asked(REJECTED, health_reply()), ProbeOutcome.ANSWERED),
        (asked(health_reply(healthy=False)), ProbeOutcome.UNHEALTHY),
        (asked(health_reply(healthy="yes")), ProbeOutcome.UNREADABLE),
        (asked(b'{"error":"other"}'), ProbeOutcome.UNREADABLE),
        (asked(b"ok"), ProbeOutcome.UNREADABLE),
        (asked(b"[" * 200_000), ProbeOutcome.UNREADABLE),
        (asked(b""), ProbeOutcome.UNREADABLE),
    ],
)
def test_each_way_of_ending_has_its_outcome(reading: NatsReading, shown: ProbeOutcome) -> None:
    """The table at the head of the module; only a full answer counts as one."""
    assert outcome(reading) is shown
    values = {each.name: each.value for each in metrics(reading, None)}
    answers = None if shown in NOT_ADMITTED else int(shown is ProbeOutcome.ANSWERED)
    assert values.get("EnclaveAnswering") == answers
    assert values["NatsConnected"] == int(shown in ADMITTED)
    assert outcome_of_code(values["ProbeOutcome"]) is shown
    assert ("Responders" in values) is (shown in ADMITTED)


def test_a_probe_that_is_kept_out_is_told_by_nats_connected_alone() -> None:
    """Users may be served meanwhile, so that nothing is said on the enclaves."""
    assert metrics(NatsReading(failure=ProbeOutcome.SERVER_FULL), None) == (
        Metric("Probe", 1, "Count", (("outcome", "server_full"),)),
        Metric("NatsConnected", 0, "Count"),
        Metric("ProbeOutcome", 46, "Count"),
    )
    assert NOT_ADMITTED.isdisjoint(ADMITTED)


def test_each_outcome_has_a_number_of_its_own() -> None:
    """Of two in one minute the Maximum is read: it accuses less, and an answer is above all."""
    assert set(CODES) == set(ProbeOutcome)
    assert len(set(CODES.values())) == len(CODES)
    assert outcome_of_code(99) is None
    accusing = {ProbeOutcome.TIMEOUT, ProbeOutcome.UNHEALTHY, ProbeOutcome.NO_RESPONDERS}
    order = sorted(CODES, key=lambda each: CODES[each])
    assert (set(order[:3]), order[-1]) == (accusing, ProbeOutcome.ANSWERED)


@pytest.mark.parametrize(
    ("reply", "stream"),
    [
        (b'{"stream":"ALL","seq":1}', True),
        (b'{"stream":"ALL","seq":1,"domain":"hub","duplicate":true}', True),
        (b'{"error":{"code":503,"err_code":10077},"stream":"ALL","seq":0}', True),
        (health_reply(stream="ALL", seq=1), False),
        (REJECTED, False),
        (b'{"stream":"ALL"}', False),
        (b"ok", False),
    ],
)
def test_a_stream_acknowledges_what_it_stores(reply: bytes, *, stream: bool) -> None:
    """By its name and a sequence; a host's health may have whatever fields it likes."""
    assert is_stream_reply(reply) is stream


@pytest.mark.parametrize(
    ("reply", "client"),
    [
        (b'{"data":{"connections":[{"kind":"Leafnode"},{"kind":"Client","cid":5}]}}', True),
        (b'{"data":{"connections":[{"kind":"Leafnode"},{"kind":"Router"},{}]}}', False),
        (b'{"data":{"num_connections":0}}', False),
        (b'{"error":{"code":403}}', False),
        (b"", False),
    ],
)
def test_a_server_names_the_clients_that_it_holds(reply: bytes, *, client: bool) -> None:
    """A forwarded subscription is the other server's."""
    assert json.loads(connections("a.b"))["filter_subject"] == "a.b"
    assert lists_client(reply) is client


def test_a_refusal_after_the_credentials_end_is_their_end() -> None:
    """No other refusal is, and no refusal before."""
    end = datetime(2026, 3, 11, 4, 18, 43, tzinfo=UTC)
    refused, lost = (
        NatsReading(failure=each) for each in (ProbeOutcome.AUTHORIZATION, ProbeOutcome.NO_SERVER)
    )
    assert explain_refusal(refused, end, end).failure is ProbeOutcome.CREDENTIALS_EXPIRED
    assert explain_refusal(refused, end, end - timedelta(seconds=1)) == refused
    assert explain_refusal(refused, None, end) == refused
    assert explain_refusal(lost, end, end) == lost


def test_a_request_carries_its_nonce_and_a_whole_second() -> None:
    """Two with the same nonce and time would be one to the parent's guard."""
    at = datetime(2026, 3, 11, 4, 18, 43, 900_000, tzinfo=UTC)
    assert json.loads(request("n1", at)) == {"nonce": "n1", "timestamp": 1773202723}


def test_the_same_answer_twice_is_one_responder() -> None:
    """A parent may send a copy; two parents differ in uptime, vaults or memory."""
    assert responders(asked(health_reply(), health_reply())) == 1
    assert responders(asked(health_reply(), health_reply(uptime_seconds=3))) == 2


def test_a_full_reading_gives_all_metrics() -> None:
    """The fullest enclave speaks for the fleet."""
    lagging, hidden = Consumer("EVENTS", "worker"), Consumer("EVENTS", "gone")
    reading = NatsReading(
        replies=(health_reply(), health_reply(active_vaults=70, memory_used_mb=2816)),
        latency=timedelta(milliseconds=12.5),
        round_trip=timedelta(milliseconds=1),
        backlogs=(Backlog(lagging, 40, 6, (StallReason.PAUSED,)),),
        unread=(hidden,),
    )
    worker = (("stream", "EVENTS"), ("consumer", "worker"))
    gone = (("stream", "EVENTS"), ("consumer", "gone"))
    names = {each.name for each in metrics(reading, 6.5, servers=3)}
    assert names == NATS_METRICS
    assert metrics(reading, 6.5) == (
        Metric("Probe", 1, "Count", (("outcome", "answered"),)),
        Metric("EnclaveAnswering", 1, "Count"),
        Metric("NatsConnected", 1, "Count"),
        Metric("ProbeOutcome", 100, "Count"),
        Metric("NatsRoundTrip", 1.0, "Milliseconds"),
        Metric("ProbeLatency", 12.5, "Milliseconds"),
        Metric("BacklogRead", 1, "Count", worker),
        Metric("BacklogPending", 40, "Count", worker),
        Metric("BacklogUnacknowledged", 6, "Count", worker),
        Metric("BacklogStalled", 1, "Count", worker),
        Metric("BacklogRead", 0, "Count", gone),
        Metric("Responders", 2, "Count"),
        Metric("CredentialsDaysLeft", 6.5, "Count"),
        Metric("ActiveVaults", 70, "Count"),
        Metric("EnclaveReservedMemoryPercent", 50.0, "Percent"),
    )


def test_what_was_not_read_is_not_there() -> None:
    """A server that is gone says nothing of responders, vaults or latency."""
    assert metrics(NatsReading(failure=ProbeOutcome.NO_SERVER), None) == (
        Metric("Probe", 1, "Count", (("outcome", "no_server"),)),
        Metric("EnclaveAnswering", 0, "Count"),
        Metric("NatsConnected", 0, "Count"),
        Metric("ProbeOutcome", 49, "Count"),
    )
    names = {each.name for each in metrics(asked(health_reply(memory_total_mb=0)), None)}
    assert names == {"Probe", "EnclaveAnswering", "NatsConnected", "ProbeOutcome", "Responders"}
