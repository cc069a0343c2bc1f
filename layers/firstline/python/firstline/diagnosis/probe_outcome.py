"""ProbeOutcome: the result of one end-to-end request over NATS. docs/PROBE.md has the table."""

from enum import StrEnum


class ProbeOutcome(StrEnum):
    """The result of a probe of NATS."""

    NO_SERVER = "no_server"
    CONNECT_TIMEOUT = "connect_timeout"
    SERVER_SILENT = "server_silent"
    SERVER_FULL = "server_full"
    ACCOUNT_FULL = "account_full"
    NO_TLS = "no_tls"
    CLIENT_CERTIFICATE_WANTED = "client_certificate_wanted"
    AUTHENTICATION_TIMEOUT = "authentication_timeout"
    CREDENTIALS_EXPIRED = "credentials_expired"
    AUTHORIZATION = "authorization"
    NO_RESPONDERS = "no_responders"
    STREAM_CAPTURES = "stream_captures"
    TIMEOUT = "timeout"
    TIMEOUT_UNPROVEN = "timeout_unproven"
    MESSAGE_REJECTED = "message_rejected"
    UNREADABLE = "unreadable"
    UNHEALTHY = "unhealthy"
    ANSWERED = "answered"
    FAILED = "failed"


ADMITTED = frozenset(
    {
        ProbeOutcome.NO_RESPONDERS,
        ProbeOutcome.STREAM_CAPTURES,
        ProbeOutcome.TIMEOUT,
        ProbeOutcome.TIMEOUT_UNPROVEN,
        ProbeOutcome.MESSAGE_REJECTED,
        ProbeOutcome.UNREADABLE,
        ProbeOutcome.UNHEALTHY,
        ProbeOutcome.ANSWERED,
    }
)
"""The server let the probe in and took its question."""
NOT_ADMITTED = frozenset(
    {
        ProbeOutcome.SERVER_FULL,
        ProbeOutcome.ACCOUNT_FULL,
        ProbeOutcome.NO_TLS,
        ProbeOutcome.CLIENT_CERTIFICATE_WANTED,
        ProbeOutcome.AUTHENTICATION_TIMEOUT,
        ProbeOutcome.CREDENTIALS_EXPIRED,
        ProbeOutcome.AUTHORIZATION,
        ProbeOutcome.FAILED,
    }
)
"""The probe itself could not ask: this shows nothing about the users' service."""
CODES = {
    ProbeOutcome.TIMEOUT: 1,
    ProbeOutcome.UNHEALTHY: 2,
    ProbeOutcome.NO_RESPONDERS: 3,
    ProbeOutcome.MESSAGE_REJECTED: 20,
    ProbeOutcome.UNREADABLE: 21,
    ProbeOutcome.STREAM_CAPTURES: 22,
    ProbeOutcome.TIMEOUT_UNPROVEN: 23,
    ProbeOutcome.AUTHORIZATION: 40,
    ProbeOutcome.CREDENTIALS_EXPIRED: 41,
    ProbeOutcome.AUTHENTICATION_TIMEOUT: 42,
    ProbeOutcome.CLIENT_CERTIFICATE_WANTED: 43,
    ProbeOutcome.NO_TLS: 44,
    ProbeOutcome.ACCOUNT_FULL: 45,
    ProbeOutcome.SERVER_FULL: 46,
    ProbeOutcome.SERVER_SILENT: 47,
    ProbeOutcome.CONNECT_TIMEOUT: 48,
    ProbeOutcome.NO_SERVER: 49,
    ProbeOutcome.FAILED: 60,
    ProbeOutcome.ANSWERED: 100,
}
"""Each outcome as the value of one metric; a number is never reassigned.

Outcomes that accuse a host are the lowest and an answer is the highest: of two probes in one
minute, the Maximum is the one that accuses less.
"""


def is_answering(outcome: ProbeOutcome) -> bool | None:
    """True if an enclave answers from a user's view; None where that is unknown.

    A parent that refuses the question (``message_rejected``) proves no enclave. NATS that
    nothing reaches is an outage: users have no other way to their vaults.
    """
    return None if outcome in NOT_ADMITTED else outcome is ProbeOutcome.ANSWERED


def outcome_of_code(code: float) -> ProbeOutcome | None:
    """The outcome with *code*; None for a number without one."""
    return next((each for each, number in CODES.items() if number == code), None)
