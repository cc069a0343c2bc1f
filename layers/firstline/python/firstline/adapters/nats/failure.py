"""The outcome of a failed probe, by the client's errors and the server's texts.

The client has no types for most refusals, so the server's texts are matched; none of them leaves
the adapters.
"""

import ssl
from collections.abc import Iterator
from typing import Any

import msgspec
from nats.errors import (
    ConnectionClosedError,
    Error,
    SecureConnWantedError,
    StaleConnectionError,
)

from firstline.adapters.nats.greeting import Greeting
from firstline.diagnosis.probe_outcome import ProbeOutcome

DENIED = "permissions violation"
UNCLEAR_OUTCOMES = frozenset(
    {
        ProbeOutcome.NO_SERVER,
        ProbeOutcome.CONNECT_TIMEOUT,
        ProbeOutcome.CLIENT_CERTIFICATE_WANTED,
    }
)
"""Outcomes that need the server's greeting to be certain."""
_WORDS = {
    "maximum connections exceeded": ProbeOutcome.SERVER_FULL,
    "maximum account active connections exceeded": ProbeOutcome.ACCOUNT_FULL,
    "maximum subscriptions exceeded": ProbeOutcome.ACCOUNT_FULL,
    "authentication timeout": ProbeOutcome.AUTHENTICATION_TIMEOUT,
    "authentication expired": ProbeOutcome.CREDENTIALS_EXPIRED,
    "authentication": ProbeOutcome.AUTHORIZATION,
    "authorization": ProbeOutcome.AUTHORIZATION,
    DENIED: ProbeOutcome.AUTHORIZATION,
}
"""The first match counts; `server/errors.go` of nats-server has them all."""


class FailedProbe(msgspec.Struct, frozen=True, kw_only=True):
    """The facts about a probe without an answer.

    ``refusals`` are the server's, ``info`` is its INFO, empty if not read. ``greeting`` is that of
    a connection that only listens, if tried. ``tls_first`` is true if TLS precedes the INFO,
    ``is_asked`` if the question was sent.
    """

    errors: tuple[Exception, ...]
    refusals: tuple[str, ...]
    info: dict[str, Any]
    greeting: Greeting
    tls_first: bool
    is_asked: bool


def probe_failure(failed: FailedProbe) -> ProbeOutcome | None:
    """The outcome; None if only an answer is missing."""
    texts = [each.lower() for each in _words(failed)]
    for pattern, outcome in _WORDS.items():
        if any(pattern in each for each in texts):
            return outcome
    return _by_types(failed)


def _words(failed: FailedProbe) -> Iterator[str]:
    yield from failed.refusals
    yield failed.greeting.refusal
    yield from (str(each) for each in failed.errors if isinstance(each, Error))


def _by_types(failed: FailedProbe) -> ProbeOutcome | None:
    if _lacks_tls(failed):
        return ProbeOutcome.NO_TLS
    if _needs_certificate(failed):
        return ProbeOutcome.CLIENT_CERTIFICATE_WANTED
    if any(map(_is_connection_lost, failed.errors)):
        return ProbeOutcome.NO_SERVER
    if failed.is_asked or not failed.errors:
        return None
    if not any(isinstance(each, TimeoutError) for each in failed.errors):
        return ProbeOutcome.FAILED
    silent = failed.greeting.opened or failed.info
    return ProbeOutcome.SERVER_SILENT if silent else ProbeOutcome.CONNECT_TIMEOUT


def _lacks_tls(failed: FailedProbe) -> bool:
    refused = any(isinstance(each, SecureConnWantedError) for each in failed.errors)
    return refused or (failed.tls_first and failed.greeting.info)


def _needs_certificate(failed: FailedProbe) -> bool:
    """True for a required client certificate; in TLS 1.3 the alert may come late."""
    if any(isinstance(each, ssl.SSLCertVerificationError) for each in failed.errors):
        return False
    if failed.info.get("tls_verify"):
        return any(map(_is_connection_lost, failed.errors))
    reasons = (each.reason for each in failed.errors if isinstance(each, ssl.SSLError))
    return any("CERTIFICATE_REQUIRED" in (each or "") for each in reasons)


def _is_connection_lost(error: Exception) -> bool:
    lost = (OSError, StaleConnectionError, ConnectionClosedError)
    return isinstance(error, lost) and not isinstance(error, TimeoutError)
