from datetime import timedelta

import pytest

from firstline.monitoring.http_probe import (
    HealthOutcome,
    HealthReading,
    HealthResponse,
    NoResponse,
    is_allowed_address,
    metrics,
    outcome,
)
from firstline.monitoring.metric import Metric

LATENCY = timedelta(milliseconds=20)


def answer(status: int, body: bytes = b"", *, cut: bool = False) -> HealthResponse:
    return HealthResponse(status, body, cut, LATENCY)


@pytest.mark.parametrize(
    ("reading", "shown"),
    [
        (answer(200, b'{"healthy": true, "version": "1"}'), HealthOutcome.HEALTHY),
        (answer(200, b'{"healthy": true, "status": "ok"}'), HealthOutcome.HEALTHY),
        (answer(200, b'{"status": "ok"}'), HealthOutcome.HEALTHY),
        (answer(200, b'{"status": "healthy"}'), HealthOutcome.HEALTHY),
        (answer(200, b'{"healthy": false}'), HealthOutcome.UNHEALTHY),
        (answer(200, b'{"healthy": true, "status": "degraded"}'), HealthOutcome.UNHEALTHY),
        (answer(200, b'{"healthy": false, "status": "ok"}'), HealthOutcome.UNHEALTHY),
        (answer(503, b'{"healthy": true}'), HealthOutcome.UNHEALTHY),
        (answer(401), HealthOutcome.UNHEALTHY),
        (answer(200, b"{}"), HealthOutcome.UNREADABLE),
        (answer(200, b"ok"), HealthOutcome.UNREADABLE),
        (answer(200, b"[" * 200_000), HealthOutcome.UNREADABLE),
        (answer(200, b'{"status": "ok"}', cut=True), HealthOutcome.TOO_LARGE),
        (answer(302), HealthOutcome.REDIRECTED),
        (NoResponse(HealthOutcome.TIMEOUT), HealthOutcome.TIMEOUT),
        (NoResponse(HealthOutcome.FORBIDDEN_ADDRESS), HealthOutcome.FORBIDDEN_ADDRESS),
    ],
)
def test_only_200_and_words_of_health_are_healthy(
    reading: HealthReading, shown: HealthOutcome
) -> None:
    """Words that are not known, or cut, are no health."""
    assert outcome(reading) is shown


def test_an_answer_has_a_latency_and_none_has_not() -> None:
    """Both have their outcome."""
    assert metrics(answer(200, b'{"healthy": true}')) == (
        Metric("HealthProbe", 1, "Count", (("outcome", "healthy"),)),
        Metric("HealthAnswering", 1, "Count"),
        Metric("HealthLatency", 20.0, "Milliseconds"),
    )
    assert metrics(NoResponse(HealthOutcome.NO_SERVER)) == (
        Metric("HealthProbe", 1, "Count", (("outcome", "no_server"),)),
        Metric("HealthAnswering", 0, "Count"),
    )


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("10.20.3.41", False),
        ("172.16.0.1", False),
        ("192.168.0.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("127.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - refused, not bound
        ("224.0.0.1", False),
        ("255.255.255.255", False),
    ],
)
def test_only_public_addresses_are_asked(address: str, *, public: bool) -> None:
    """In a test of its own, only the machine itself."""
    assert is_allowed_address(address, loopback_test=False) is public
    assert is_allowed_address(address, loopback_test=True) is (address == "127.0.0.1")
