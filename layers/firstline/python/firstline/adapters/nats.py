"""One question to the fleet over NATS, each step of it under a limit.

Nothing of a server's or the client's words leaves this file, as they may repeat a credential:
a failure is an `Ended` and the name of its type.
"""

import asyncio
import base64
import copy
import ssl
from datetime import datetime, timedelta

import nkeys
from nats.aio.client import Client
from nats.aio.subscription import Subscription
from nats.errors import (
    ConnectionClosedError,
    Error,
    SecureConnWantedError,
    StaleConnectionError,
)

from firstline.adapters.dns import lookup
from firstline.config.probe_settings import Consumer, NatsTarget
from firstline.monitoring import nats_probe as probe
from firstline.monitoring.nats_credentials import Credentials
from firstline.monitoring.nats_probe import Backlog, Ended, NatsReading, request

_CLOSING_SECONDS = 0.5  # of the whole
_REPLIES_MAX = 64
_PING = "$SYS.REQ.SERVER.PING"
_NO_RESPONDERS = "503"
_DENIED = ("authorization", "authentication", "permissions violation")


async def ask(
    target: NatsTarget,
    credentials: Credentials | None,
    tls: ssl.SSLContext,
    nonce: str,
    at: datetime,
) -> NatsReading:
    """What one probe of *target* reads; back within its ``limit_seconds``, whatever happens.

    *nonce* is fresh each time and *at* is the time now: a parent refuses others. *tls* is used
    where the target says so. A failure is a value, never an exception.
    """
    return await _read(target, credentials, tls, request(nonce, at))


async def servers(target: NatsTarget, system: Credentials, tls: ssl.SSLContext) -> int:
    """How many servers of the cluster answer the system account; 0 when none could be asked.

    Back within the target's ``limit_seconds``, like `ask`, and never an exception.
    """
    ping = copy.replace(target, subject=_PING, consumers=())
    return probe.servers(await _read(ping, system, tls, b""))


async def _read(
    target: NatsTarget, credentials: Credentials | None, tls: ssl.SSLContext, question: bytes
) -> NatsReading:
    visit = _Visit(target, credentials, tls)
    try:
        async with asyncio.timeout(target.limit_seconds - _CLOSING_SECONDS):
            await visit.go(question)
    except Exception as error:  # noqa: BLE001 - the probe reports whatever breaks it
        visit.note(error)
    finally:
        await visit.leave()
    return visit.reading()


class _Visit:
    """One connection, and what was read on it so far."""

    def __init__(
        self, target: NatsTarget, credentials: Credentials | None, tls: ssl.SSLContext
    ) -> None:
        self._target = target
        self._credentials = credentials
        self._tls = tls
        self._client = Client()
        self._errors: list[Exception] = []
        self._told: int | None = None
        self._asked = False
        self._no_responders = False
        self._replies: list[bytes] = []
        self._latency: timedelta | None = None
        self._round_trip: timedelta | None = None
        self._backlogs: list[Backlog] = []

    async def go(self, question: bytes) -> None:
        """Connect, then read one thing after another."""
        async with asyncio.timeout(self._target.step_seconds):
            await self._connect()
        async with asyncio.timeout(self._target.step_seconds):
            self._round_trip = timedelta(seconds=await self._client.rtt())
        await self._question(question)
        self._told = len(self._errors)
        for consumer in self._target.consumers:
            await self._read_backlog(consumer)

    def note(self, error: Exception) -> None:
        """Keep *error* for the verdict."""
        self._errors.append(error)

    async def leave(self) -> None:
        """Close the connection, waiting no longer than is left for it."""
        if self._told is None:
            self._told = len(self._errors)
        try:
            async with asyncio.timeout(_CLOSING_SECONDS):
                await self._client.close()
        except Exception as error:  # noqa: BLE001 - what was read stands without it
            self.note(error)

    def reading(self) -> NatsReading:
        """All that was read."""
        read = {each.consumer for each in self._backlogs}
        return NatsReading(
            ended=self._ended(),
            replies=tuple(self._replies),
            latency=self._latency,
            round_trip=self._round_trip,
            backlogs=tuple(self._backlogs),
            unread=tuple(each for each in self._target.consumers if each not in read),
            why=", ".join(dict.fromkeys(type(each).__name__ for each in self._errors)),
        )

    async def _connect(self) -> None:
        target, signer = self._target, self._credentials
        found = await asyncio.wrap_future(lookup(target.host, target.port))
        # the addresses that were found, so that the client looks nothing up by itself
        await self._client.connect(
            [f"nats://{address}:{target.port}" for address in found],
            error_cb=self._hear,
            name="firstline probe",
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            # so that one address that is silent leaves time for the next
            connect_timeout=max(1, int(target.step_seconds / len(found))),
            inbox_prefix=target.inbox_prefix,
            tls=None if target.tls == "none" else self._tls,
            tls_hostname=None if target.tls == "none" else target.host,
            tls_handshake_first=target.tls == "first",
            signature_cb=None if signer is None else lambda nonce: self._sign(signer, nonce),
            user_jwt_cb=None if signer is None else lambda: bytearray(signer.jwt.encode()),
        )
        self._insist_on_tls()

    def _sign(self, credentials: Credentials, nonce: str) -> bytes:
        self._insist_on_tls()
        pair = nkeys.from_seed(bytearray(credentials.seed.encode()))
        return base64.b64encode(pair.sign(nonce.encode()))

    def _insist_on_tls(self) -> None:
        """Raise unless the server offered TLS, where it has to: the client goes on without."""
        info = self._client._server_info  # noqa: SLF001 - it is told nowhere else
        if self._target.tls == "upgrade" and not info.get("tls_required"):
            raise SecureConnWantedError

    async def _hear(self, error: Exception) -> None:
        self.note(error)

    async def _question(self, question: bytes) -> None:
        inbox = self._client.new_inbox()
        answers = await self._client.subscribe(inbox)
        clock = asyncio.get_running_loop().time
        started = clock()
        await self._client.publish(self._target.subject, question, reply=inbox)
        self._asked = True
        try:
            async with asyncio.timeout(self._target.step_seconds):
                await self._take(answers)
            if self._replies:
                self._latency = timedelta(seconds=clock() - started)
            async with asyncio.timeout(self._target.gather_seconds):
                while not self._no_responders and len(self._replies) < _REPLIES_MAX:
                    await self._take(answers)
        except TimeoutError:
            return

    async def _take(self, answers: Subscription) -> None:
        message = await answers.next_msg(timeout=None)
        if (message.headers or {}).get("Status") == _NO_RESPONDERS:
            self._no_responders = True
        else:
            self._replies.append(message.data)

    async def _read_backlog(self, consumer: Consumer) -> None:
        step = self._target.step_seconds
        try:
            async with asyncio.timeout(step):
                context = self._client.jetstream(timeout=step)
                told = await context.consumer_info(consumer.stream, consumer.consumer)
        except (TimeoutError, Error) as error:
            self.note(error)
            return
        if told.num_pending is not None and told.num_ack_pending is not None:
            self._backlogs.append(Backlog(consumer, told.num_pending, told.num_ack_pending))

    def _ended(self) -> Ended:
        told = self._errors[: self._told]  # a backlog's or the closing's say nothing of the fleet
        if self._replies:
            return Ended.ASKED
        if any(map(_denied, told)):
            return Ended.AUTHORIZATION
        if self._no_responders:
            return Ended.NO_RESPONDERS
        if any(map(_gone, told)):
            return Ended.NO_SERVER
        if self._asked:
            return Ended.ASKED
        return Ended.CONNECT_TIMEOUT if any(map(_timed_out, told)) else Ended.FAILED


def _denied(error: Exception) -> bool:
    """The client has no type for it at connecting: the server's words come as they are."""
    said = str(error).lower()
    return isinstance(error, Error) and any(word in said for word in _DENIED)


def _gone(error: Exception) -> bool:
    gone = (OSError, StaleConnectionError, ConnectionClosedError)
    return isinstance(error, gone) and not _timed_out(error)


def _timed_out(error: Exception) -> bool:
    return isinstance(error, TimeoutError)
