"""Parents that answer over NATS, and a probe of them."""

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec
import nkeys
from nats.aio.client import Client
from nats.aio.msg import Msg

from firstline.adapters.nats import probe
from firstline.config.probe_settings import NatsTarget
from firstline.monitoring.nats_credentials import Credentials
from firstline.monitoring.nats_probe import NatsReading

SUBJECT = "enclave.health.check"
AT = datetime(2026, 3, 11, 4, 18, 43, tzinfo=UTC)
TLS = ssl.create_default_context()

type Answer = Callable[[Msg], Awaitable[None]]


def healthy(uptime_seconds: int = 86400) -> Answer:
    """A parent whose enclave answers."""

    async def answer(message: Msg) -> None:
        health = {
            "healthy": True,
            "active_vaults": 12,
            "total_vaults": 160,
            "memory_used_mb": 480,
            "memory_total_mb": 5632,
            "uptime_seconds": uptime_seconds,
            "version": "1.0.0",
        }
        await message.respond(json.dumps(health).encode())

    return answer


def late(seconds: float) -> Answer:
    """A parent whose enclave answers after that time."""

    async def answer(message: Msg) -> None:
        await asyncio.sleep(seconds)
        await healthy()(message)

    return answer


async def hung(message: Msg) -> None:
    """A parent whose enclave is gone: it takes the question and says nothing."""
    assert message.reply


def guarded() -> Answer:
    """A parent that refuses what it has seen, or whose time is no whole number."""
    seen: set[bytes] = set()

    async def answer(message: Msg) -> None:
        asked = json.loads(message.data)
        if message.data in seen or not asked["nonce"] or not isinstance(asked["timestamp"], int):
            await message.respond(b'{"error":"message_rejected","reason":"replay"}')
            return
        seen.add(message.data)
        await healthy()(message)

    return answer


@asynccontextmanager
async def connected(port: int, credentials: Credentials | None = None) -> AsyncIterator[Client]:
    """A client of the server on *port*."""
    client, url = Client(), f"nats://127.0.0.1:{port}"
    if credentials is None:
        await client.connect(url)
    else:
        pair = nkeys.from_seed(bytearray(credentials.seed.encode()))
        await client.connect(
            url,
            user_jwt_cb=lambda: bytearray(credentials.jwt.encode()),
            signature_cb=lambda nonce: base64.b64encode(pair.sign(nonce.encode())),
        )
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def parents(
    port: int, *answers: Answer, credentials: Credentials | None = None
) -> AsyncIterator[Client]:
    """As many subscribers as there are *answers*, without a queue group."""
    async with connected(port, credentials) as client:
        for answer in answers:
            await client.subscribe(SUBJECT, cb=answer)
        await client.flush()
        yield client


def target(port: int, **changes: object) -> NatsTarget:
    """The server on *port*, with limits that suit a test."""
    limits = {"step_seconds": 0.5, "gather_seconds": 0.15, "limit_seconds": 3.0}
    return msgspec.convert({"host": "127.0.0.1", "port": port, **limits, **changes}, NatsTarget)


async def ask(
    where: NatsTarget,
    credentials: Credentials | None = None,
    tls: ssl.SSLContext = TLS,
    nonce: str = "nonce-1",
    at: datetime = AT,
) -> NatsReading:
    """Probe *where*."""
    return await probe.probe(where, credentials, tls, nonce, at)


def run[T](awaited: Awaitable[T]) -> T:
    """What *awaited* gives, as a handler gets it."""

    async def main() -> T:
        return await awaited

    return asyncio.run(main())
