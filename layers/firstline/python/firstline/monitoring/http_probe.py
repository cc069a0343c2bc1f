"""The probe of a health address, without its I/O: from what was read to an outcome."""

import ipaddress
from datetime import timedelta
from enum import StrEnum
from http import HTTPStatus

import msgspec

from firstline.monitoring.metric import Metric


class HealthOutcome(StrEnum):
    """What asking the address has shown; only ``healthy`` is good."""

    NO_SERVER = "no_server"
    TIMEOUT = "timeout"
    FORBIDDEN_ADDRESS = "forbidden_address"
    REDIRECTED = "redirected"
    TOO_LARGE = "too_large"
    UNHEALTHY = "unhealthy"
    UNREADABLE = "unreadable"
    HEALTHY = "healthy"
    FAILED = "failed"


class HealthAnswer(msgspec.Struct, frozen=True):
    """An answer over HTTP, whole unless ``cut``, and how long it took."""

    status: int
    body: bytes
    cut: bool
    latency: timedelta


class NoAnswer(msgspec.Struct, frozen=True):
    """Why there is none, never ``healthy``. ``why`` is the name of a failure's type alone."""

    outcome: HealthOutcome
    why: str = ""


type HealthReading = HealthAnswer | NoAnswer


class _Body(msgspec.Struct, frozen=True):
    healthy: bool | None = None
    status: str | None = None


def allowed(address: str, *, loopback_test: bool) -> bool:
    """Whether *address* may be asked: a public IPv4 one, or in a test a loopback one.

    Neither the metadata service (169.254.169.254), Lambda's runtime (127.0.0.1) nor anything
    inside a network is reached by a name that somebody has pointed there (OWASP SSRF
    Prevention Cheat Sheet).
    """
    parsed = ipaddress.IPv4Address(address)
    if loopback_test:
        return parsed.is_loopback
    return parsed.is_global and not parsed.is_multicast


def outcome(reading: HealthReading) -> HealthOutcome:
    """What *reading* shows: 200, ``{"healthy": true}`` or ``{"status": "ok"}``, and no less."""
    if isinstance(reading, NoAnswer):
        return reading.outcome
    if 300 <= reading.status < 400:  # noqa: PLR2004 - RFC 9110's class of redirections
        return HealthOutcome.REDIRECTED
    if reading.cut:
        return HealthOutcome.TOO_LARGE
    if reading.status != HTTPStatus.OK:
        return HealthOutcome.UNHEALTHY
    return _told(reading.body)


def metrics(reading: HealthReading) -> tuple[Metric, ...]:
    """Everything that *reading* says, as values."""
    what = outcome(reading)
    found = (
        Metric("HealthProbe", 1, "Count", (("outcome", what.value),)),
        Metric("HealthAnswering", int(what is HealthOutcome.HEALTHY), "Count"),
    )
    if isinstance(reading, NoAnswer):
        return found
    latency = reading.latency / timedelta(milliseconds=1)
    return (*found, Metric("HealthLatency", latency, "Milliseconds"))


def _told(body: bytes) -> HealthOutcome:
    try:
        told = msgspec.json.decode(body, type=_Body)
    except (msgspec.DecodeError, RecursionError):
        return HealthOutcome.UNREADABLE
    match told.healthy, told.status:
        case (True, None | "ok" | "healthy") | (None, "ok" | "healthy"):
            return HealthOutcome.HEALTHY
        case None, None:
            return HealthOutcome.UNREADABLE
        case _:
            return HealthOutcome.UNHEALTHY
