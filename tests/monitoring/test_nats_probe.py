import json
from datetime import UTC, datetime, timedelta

import pytest

from firstline.config.probe_settings import Consumer
from firstline.diagnosis.probe_outcome import ProbeOutcome
from firstline.monitoring.metric import Metric
from firstline.monitoring.nats_probe import (
    NATS_METRICS,
    Backlog,
    Ended,
    NatsReading,
    metrics,
    outcome,
    request,
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


def told(**fields: object) -> bytes:
    return json.dumps(HEALTH | fields).encode()


def asked(*replies: bytes) -> NatsReading:
    return NatsReading(ended=Ended.ASKED, replies=replies)


@pytest.mark.parametrize(
    ("reading", "shown"),
    [
        (NatsReading(ended=Ended.NO_SERVER), ProbeOutcome.NO_SERVER),
        (NatsReading(ended=Ended.CONNECT_TIMEOUT), ProbeOutcome.CONNECT_TIMEOUT),
        (NatsReading(ended=Ended.AUTHORIZATION), ProbeOutcome.AUTHORIZATION),
        (NatsReading(ended=Ended.NO_RESPONDERS), ProbeOutcome.NO_RESPONDERS),
        (NatsReading(ended=Ended.FAILED), ProbeOutcome.FAILED),
        (asked(), ProbeOutcome.TIMEOUT),
        (asked(REJECTED), ProbeOutcome.MESSAGE_REJECTED),
        (asked(told()), ProbeOutcome.ANSWERED),
        (asked(REJECTED, told()), ProbeOutcome.ANSWERED),
        (asked(told(healthy=False)), ProbeOutcome.UNHEALTHY),
        (asked(told(healthy="yes")), ProbeOutcome.UNREADABLE),
        (asked(b'{"error":"other"}'), ProbeOutcome.UNREADABLE),
        (asked(b"ok"), ProbeOutcome.UNREADABLE),
        (asked(b"[" * 200_000), ProbeOutcome.UNREADABLE),
        (asked(b""), ProbeOutcome.UNREADABLE),
    ],
)
def test_each_way_of_ending_has_its_outcome(reading: NatsReading, shown: ProbeOutcome) -> None:
    """The table at the head of the module; only a full answer counts as one."""
    assert outcome(reading) is shown
    answering = [each.value for each in metrics(reading, None) if each.name == "EnclaveAnswering"]
    assert answering == [int(shown is ProbeOutcome.ANSWERED)]


def test_every_ending_is_an_outcome_but_asked() -> None:
    """Having asked is no outcome yet."""
    assert {each.value for each in Ended} - {each.value for each in ProbeOutcome} == {"asked"}


def test_a_request_carries_its_nonce_and_a_whole_second() -> None:
    """Two with the same nonce and time would be one to the parent's guard."""
    at = datetime(2026, 3, 11, 4, 18, 43, 900_000, tzinfo=UTC)
    assert json.loads(request("n1", at)) == {"nonce": "n1", "timestamp": 1773202723}


def test_the_same_answer_twice_is_one_responder() -> None:
    """A parent may send a copy; two parents differ in uptime, vaults or memory."""
    assert responders(asked(told(), told())) == 1
    assert responders(asked(told(), told(uptime_seconds=3))) == 2


def test_a_full_reading_gives_all_metrics() -> None:
    """The fullest enclave speaks for the fleet."""
    lagging, hidden = Consumer("EVENTS", "worker"), Consumer("EVENTS", "gone")
    reading = NatsReading(
        ended=Ended.ASKED,
        replies=(told(), told(active_vaults=70, memory_used_mb=2816)),
        latency=timedelta(milliseconds=12.5),
        round_trip=timedelta(milliseconds=1),
        backlogs=(Backlog(lagging, 40, 6),),
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
        Metric("NatsRoundTrip", 1.0, "Milliseconds"),
        Metric("ProbeLatency", 12.5, "Milliseconds"),
        Metric("BacklogRead", 1, "Count", worker),
        Metric("BacklogPending", 40, "Count", worker),
        Metric("BacklogUnacknowledged", 6, "Count", worker),
        Metric("BacklogRead", 0, "Count", gone),
        Metric("Responders", 2, "Count"),
        Metric("CredentialsDaysLeft", 6.5, "Count"),
        Metric("ActiveVaults", 70, "Count"),
        Metric("EnclaveReservedMemoryPercent", 50.0, "Percent"),
    )


def test_what_was_not_read_is_not_there() -> None:
    """A server that is gone says nothing of responders, vaults or latency."""
    assert metrics(NatsReading(ended=Ended.NO_SERVER), None) == (
        Metric("Probe", 1, "Count", (("outcome", "no_server"),)),
        Metric("EnclaveAnswering", 0, "Count"),
        Metric("NatsConnected", 0, "Count"),
    )
    names = {each.name for each in metrics(asked(told(memory_total_mb=0)), None)}
    assert names == {"Probe", "EnclaveAnswering", "NatsConnected", "Responders"}
