"""One connection to NATS: connect, request, and classify its errors.

No text of a server or a client leaves the adapters, since it may repeat a credential.
"""

import asyncio
import base64
import ssl
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import nkeys
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error, SecureConnWantedError

from firstline.adapters.dns import resolve
from firstline.adapters.nats.failure import DENIED, UNCLEAR_OUTCOMES, FailedProbe, probe_failure
from firstline.adapters.nats.greeting import Greeting, read_greeting
from firstline.config.probe_settings import NatsTarget
from firstline.diagnosis.probe_outcome import ProbeOutcome
from firstline.monitoring.nats_credentials import Credentials


class Denied(Error):
    """The server does not permit the request."""


class _Client(Client):
    """A client that keeps each refusal; its own `last_error` is only the last one."""

    def __init__(self) -> None:
        super().__init__()
        self.refusals: list[str] = []

    async def _process_err(self, err_msg: str) -> None:
        self.refusals.append(err_msg)
        await super()._process_err(err_msg)


class Connection:
    """A connection to *target*, and each error on it, in ``errors``."""

    def __init__(
        self, target: NatsTarget, credentials: Credentials | None, tls: ssl.SSLContext
    ) -> None:
        self.target = target
        self.errors: list[Exception] = []
        self._credentials = credentials
        self._tls = tls
        self._client = _Client()
        self._addresses: tuple[str, ...] = ()
        self._greeting = Greeting()
        self._denied = asyncio.Event()

    @property
    def info(self) -> dict[str, Any]:
        """The server's INFO, empty before it came."""
        return self._client._server_info  # noqa: SLF001 - no public property has it

    async def enter(self) -> bool:
        """Connect; return True on success. After an unclear failure, read the greeting."""
        step = self.target.step_seconds
        try:
            async with asyncio.timeout(step):
                await self._connect()
        except (OSError, TimeoutError, Error) as error:
            self.errors.append(error)
            if self.failure(is_asked=False) in UNCLEAR_OUTCOMES:
                self._greeting = await read_greeting(self._addresses, self.target.port, step)
            return False
        return True

    async def round_trip(self) -> timedelta:
        """The duration of a ping; raises `TimeoutError`."""
        async with asyncio.timeout(self.target.step_seconds):
            return timedelta(seconds=await self._client.rtt())

    async def publish(self, subject: str, data: bytes) -> Subscription:
        """Publish *data*; return the subscription of its answers."""
        inbox = self._client.new_inbox()
        answers = await self._client.subscribe(inbox)
        self._denied.clear()
        await self._client.publish(subject, data, reply=inbox)
        return answers

    async def take(self, answers: Subscription) -> Msg:
        """The next of *answers*; raises `Denied` as soon as the server does not permit it."""
        return await self._unless_denied(answers.next_msg(timeout=None))

    async def request(self, subject: str) -> bytes:
        """The one answer on *subject*; raises `Denied`, or the client's error without one."""
        step = self.target.step_seconds
        self._denied.clear()
        message = await self._unless_denied(self._client.request(subject, b"", timeout=step))
        return message.data

    async def leave(self, seconds: float) -> None:
        """Close it, waiting no longer than *seconds*."""
        try:
            async with asyncio.timeout(seconds):
                await self._client.close()
        except Exception as error:  # noqa: BLE001 - what was read stands without it
            self.errors.append(error)

    def failure(self, *, is_asked: bool) -> ProbeOutcome | None:
        """The outcome of the errors so far; None if only an answer is missing."""
        return probe_failure(
            FailedProbe(
                errors=tuple(self.errors),
                refusals=tuple(self._client.refusals),
                info=self.info,
                greeting=self._greeting,
                tls_first=self.target.tls == "first",
                is_asked=is_asked,
            )
        )

    async def _connect(self) -> None:
        target, signer = self.target, self._credentials
        addresses = await asyncio.wrap_future(resolve(target.host, target.port))
        self._addresses = addresses
        # the addresses that were found, so that the client looks nothing up by itself
        await self._client.connect(
            [f"nats://{address}:{target.port}" for address in addresses],
            error_cb=self._on_error,
            name="firstline probe",
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            # so that one address that is silent leaves time for the next
            connect_timeout=max(1, int(target.step_seconds / len(addresses))),
            inbox_prefix=target.inbox_prefix,
            tls=None if target.tls == "none" else self._tls,
            tls_hostname=None if target.tls == "none" else target.host,
            tls_handshake_first=target.tls == "first",
            signature_cb=None if signer is None else lambda nonce: self._sign(signer, nonce),
            user_jwt_cb=None if signer is None else lambda: bytearray(signer.jwt.encode()),
        )
        self._require_tls()

    def _sign(self, credentials: Credentials, nonce: str) -> bytes:
        self._require_tls()
        pair = nkeys.from_seed(bytearray(credentials.seed.encode()))
        return base64.b64encode(pair.sign(nonce.encode()))

    def _require_tls(self) -> None:
        """Raise unless the server offered TLS: the client continues without it."""
        if self.target.tls == "upgrade" and not self.info.get("tls_required"):
            raise SecureConnWantedError

    async def _on_error(self, error: Exception) -> None:
        self.errors.append(error)
        if DENIED in str(error):
            self._denied.set()

    async def _unless_denied[T](self, answer: Coroutine[Any, Any, T]) -> T:
        waiting = asyncio.create_task(answer), asyncio.create_task(self._denied.wait())
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if not waiting[0].done():
                raise Denied
            return waiting[0].result()
        finally:
            for each in waiting:
                each.cancel()
            await asyncio.wait(waiting)
