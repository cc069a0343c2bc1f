"""Which outcome stands for what went wrong, by the client's errors and the server's own words.

The client has no types for most refusals: the server's words come as they are, and none of them
leaves the adapters.
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
"""What the client's errors leave open until the server's greeting is read."""
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
"""The first that fits counts; `server/errors.go` of nats-server has them all."""


class FailedProbe(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an asking that had no answer.

    ``words`` are the server's refusals, ``info`` is its INFO, empty where none was read.
    ``greeting`` is what it says to a connection that only listens, where that was tried. ``first``
    is whether TLS was to come before the INFO, ``asked`` whether the question was sent.
    """

    errors: tuple[Exception, ...]
    words: tuple[str, ...]
    info: dict[str, Any]
    greeting: Greeting
    first: bool
    asked: bool


def probe_failure(failed: FailedProbe) -> ProbeOutcome | None:
    """The outcome; None when nothing failed but that no answer came."""
    found = [each.lower() for each in _words(failed)]
    for words, outcome in _WORDS.items():
        if any(words in each for each in found):
            return outcome
    return _by_types(failed)


def _words(failed: FailedProbe) -> Iterator[str]:
    yield from failed.words
    yield failed.greeting.refusal
    yield from (str(each) for each in failed.errors if isinstance(each, Error))


def _by_types(failed: FailedProbe) -> ProbeOutcome | None:
    if _lacks_tls(failed):
        return ProbeOutcome.NO_TLS
    if _needs_certificate(failed):
        return ProbeOutcome.CLIENT_CERTIFICATE_WANTED
    if any(map(_is_connection_lost, failed.errors)):
        return ProbeOutcome.NO_SERVER
    if failed.asked or not failed.errors:
        return None
    if not any(isinstance(each, TimeoutError) for each in failed.errors):
        return ProbeOutcome.FAILED
    silent = failed.greeting.opened or failed.info
    return ProbeOutcome.SERVER_SILENT if silent else ProbeOutcome.CONNECT_TIMEOUT


def _lacks_tls(failed: FailedProbe) -> bool:
    refused = any(isinstance(each, SecureConnWantedError) for each in failed.errors)
    return refused or (failed.first and failed.greeting.info)


def _needs_certificate(failed: FailedProbe) -> bool:
    """In TLS 1.3 the server's alert may come only after the client takes itself for let in."""
    if any(isinstance(each, ssl.SSLCertVerificationError) for each in failed.errors):
        return False
    if failed.info.get("tls_verify"):
        return any(map(_is_connection_lost, failed.errors))
    reasons = (each.reason for each in failed.errors if isinstance(each, ssl.SSLError))
    return any("CERTIFICATE_REQUIRED" in (each or "") for each in reasons)


def _is_connection_lost(error: Exception) -> bool:
    gone = (OSError, StaleConnectionError, ConnectionClosedError)
    return isinstance(error, gone) and not isinstance(error, TimeoutError)
