"""ProbeOutcome: what one end-to-end request over NATS has shown. docs/PROBE.md has the table."""

from enum import StrEnum


class ProbeOutcome(StrEnum):
    """What a probe of NATS has shown."""

    NO_SERVER = "no_server"
    CONNECT_TIMEOUT = "connect_timeout"
    AUTHORIZATION = "authorization"
    NO_RESPONDERS = "no_responders"
    TIMEOUT = "timeout"
    MESSAGE_REJECTED = "message_rejected"
    UNREADABLE = "unreadable"
    UNHEALTHY = "unhealthy"
    ANSWERED = "answered"
    FAILED = "failed"
