"""What is asked over NATS, and what each answer says by itself."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from firstline.diagnosis.probe_outcome import ProbeOutcome


class Health(msgspec.Struct, frozen=True):
    """An enclave's answer, as ``enclave.health.check`` gives it."""

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
    """What is asked. A parent refuses for ten minutes what it has seen, and a wrong time."""
    return msgspec.json.encode({"nonce": nonce, "timestamp": int(at.timestamp())})


def health(reply: bytes) -> Health | None:
    """The health that *reply* tells; None when it tells none."""
    return decoded(reply, Health)


def shown(reply: bytes) -> ProbeOutcome:
    """What *reply*, which came for the question, shows of whom it is from."""
    if told := health(reply):
        return ProbeOutcome.ANSWERED if told.healthy else ProbeOutcome.UNHEALTHY
    return ProbeOutcome.MESSAGE_REJECTED if decoded(reply, _Rejection) else ProbeOutcome.UNREADABLE


def connections(subject: str) -> bytes:
    """The question to each server of the account: which connections subscribe to *subject*."""
    return msgspec.json.encode({"filter_subject": subject, "subscriptions": True, "limit": 64})


def held(reply: bytes) -> bool:
    """Whether *reply* to `connections` lists a client: other kinds pass a subscription on."""
    found = decoded(reply, _Connections)
    return found is not None and any(each.kind == "Client" for each in found.data.connections)


def stored(reply: bytes) -> bool:
    """Whether *reply* is a stream's, which acknowledges or refuses to store, and no host's."""
    return health(reply) is None and decoded(reply, _Stored) is not None


def servers(replies: Iterable[bytes]) -> int:
    """How many servers answered a ping of the system account, each by its id."""
    return len({pong.server.id for each in replies if (pong := decoded(each, _Pong))})


def decoded[T](reply: bytes, form: type[T]) -> T | None:
    """*reply* as that type; None when it is none."""
    try:
        return msgspec.json.decode(reply, type=form)
    except (msgspec.DecodeError, RecursionError):
        return None
