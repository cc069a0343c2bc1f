"""Requests over NATS, and what each reply shows by itself."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from firstline.diagnosis.probe_outcome import ProbeOutcome


class Health(msgspec.Struct, frozen=True):
    """An enclave's reply to ``enclave.health.check``."""

    healthy: bool
    active_vaults: int
    memory_used_mb: int
    memory_total_mb: int


class _Stored(msgspec.Struct, frozen=True):
    stream: str
    seq: int


class _Connection(msgspec.Struct, frozen=True):
    kind: str = ""


class _Page(msgspec.Struct, frozen=True):
    connections: tuple[_Connection, ...] = ()


class _Connections(msgspec.Struct, frozen=True):
    data: _Page


class _Server(msgspec.Struct, frozen=True):
    id: str


class _Pong(msgspec.Struct, frozen=True):
    server: _Server


class _Rejection(msgspec.Struct, frozen=True):
    error: Literal["message_rejected"]


def request(nonce: str, at: datetime) -> bytes:
    """Return a health request; a parent rejects a wrong time or a repeated nonce."""
    return msgspec.json.encode({"nonce": nonce, "timestamp": int(at.timestamp())})


def health(reply: bytes) -> Health | None:
    """Return the health in *reply*; None if it has none."""
    return decode(reply, Health)


def reply_outcome(reply: bytes) -> ProbeOutcome:
    """Return the outcome that *reply* to the health request shows."""
    if state := health(reply):
        return ProbeOutcome.ANSWERED if state.healthy else ProbeOutcome.UNHEALTHY
    return ProbeOutcome.MESSAGE_REJECTED if decode(reply, _Rejection) else ProbeOutcome.UNREADABLE


def connections(subject: str) -> bytes:
    """Return the request for the account's connections that subscribe to *subject*."""
    return msgspec.json.encode({"filter_subject": subject, "subscriptions": True, "limit": 64})


def lists_client(reply: bytes) -> bool:
    """Return True if *reply* to `connections` has a client; other kinds only forward."""
    page = decode(reply, _Connections)
    return page is not None and any(each.kind == "Client" for each in page.data.connections)


def is_stream_reply(reply: bytes) -> bool:
    """Return True if *reply* is from a stream, which stored or refused the message."""
    return health(reply) is None and decode(reply, _Stored) is not None


def count_servers(replies: Iterable[bytes]) -> int:
    """Return the number of servers that replied to the system account's ping, by id."""
    return len({pong.server.id for each in replies if (pong := decode(each, _Pong))})


def decode[T](reply: bytes, form: type[T]) -> T | None:
    """Return *reply* as that type; None if it does not match."""
    try:
        return msgspec.json.decode(reply, type=form)
    except (msgspec.DecodeError, RecursionError):
        return None
