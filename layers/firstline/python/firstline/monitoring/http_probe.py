"""The HTTP health probe without its I/O: from a response to an outcome and metrics."""

import ipaddress
from datetime import timedelta
from enum import StrEnum
from http import HTTPStatus

import msgspec

from firstline.monitoring.metric import Metric


class HealthOutcome(StrEnum):
    """The outcome of a request; only ``healthy`` is good."""

    NO_SERVER = "no_server"
    TIMEOUT = "timeout"
    FORBIDDEN_ADDRESS = "forbidden_address"
    REDIRECTED = "redirected"
    TOO_LARGE = "too_large"
    UNHEALTHY = "unhealthy"
    UNREADABLE = "unreadable"
    HEALTHY = "healthy"
    FAILED = "failed"


class HealthResponse(msgspec.Struct, frozen=True):
    """An HTTP response, complete unless ``cut``, and its latency."""

    status: int
    body: bytes
    cut: bool
    latency: timedelta


class NoResponse(msgspec.Struct, frozen=True):
    """The reason for a missing response. ``why`` is just the failure's type name."""

    outcome: HealthOutcome
    why: str = ""


type HealthReading = HealthResponse | NoResponse


class _Body(msgspec.Struct, frozen=True):
    healthy: bool | None = None
    status: str | None = None


def is_allowed_address(address: str, *, loopback_test: bool) -> bool:
    """Return True for a public IPv4 address; in a test, for a loopback address.

    A DNS name can point to the metadata service (169.254.169.254), Lambda's runtime (127.0.0.1)
    or a private network; none of them is reachable (OWASP SSRF Prevention Cheat Sheet).
    """
    parsed = ipaddress.IPv4Address(address)
    if loopback_test:
        return parsed.is_loopback
    return parsed.is_global and not parsed.is_multicast


def outcome(reading: HealthReading) -> HealthOutcome:
    """Return the outcome; healthy needs status 200 and a body that says so."""
    if isinstance(reading, NoResponse):
        return reading.outcome
    if 300 <= reading.status < 400:  # noqa: PLR2004 - RFC 9110's class of redirections
        return HealthOutcome.REDIRECTED
    if reading.cut:
        return HealthOutcome.TOO_LARGE
    if reading.status != HTTPStatus.OK:
        return HealthOutcome.UNHEALTHY
    return _body_outcome(reading.body)


def metrics(reading: HealthReading) -> tuple[Metric, ...]:
    """Return the metrics of *reading*."""
    what = outcome(reading)
    values = (
        Metric("HealthProbe", 1, "Count", (("outcome", what.value),)),
        Metric("HealthAnswering", int(what is HealthOutcome.HEALTHY), "Count"),
    )
    if isinstance(reading, NoResponse):
        return values
    latency = reading.latency / timedelta(milliseconds=1)
    return (*values, Metric("HealthLatency", latency, "Milliseconds"))


def _body_outcome(body: bytes) -> HealthOutcome:
    try:
        decoded = msgspec.json.decode(body, type=_Body)
    except (msgspec.DecodeError, RecursionError):
        return HealthOutcome.UNREADABLE
    match decoded.healthy, decoded.status:
        case (True, None | "ok" | "healthy") | (None, "ok" | "healthy"):
            return HealthOutcome.HEALTHY
        case None, None:
            return HealthOutcome.UNREADABLE
        case _:
            return HealthOutcome.UNHEALTHY
