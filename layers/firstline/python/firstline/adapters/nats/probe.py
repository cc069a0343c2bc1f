"""One request to the fleet over NATS, each step with a timeout.

No text of a server or a client leaves this package, since it may repeat a credential: a failure is
an outcome and the name of its type.
"""

import asyncio
import copy
import ssl
from datetime import datetime, timedelta

from nats.aio.subscription import Subscription
from nats.errors import Error, NoRespondersError

from firstline.adapters.nats.connection import Connection, Denied
from firstline.config.probe_settings import NatsTarget
from firstline.diagnosis.probe_outcome import ProbeOutcome
from firstline.monitoring import nats_messages, nats_probe
from firstline.monitoring.nats_backlog import Backlog, backlog
from firstline.monitoring.nats_credentials import Credentials, expires_at
from firstline.monitoring.nats_probe import NatsReading

_CLOSING_SECONDS = 0.5  # of the whole
_REPLIES_MAX = 64
_PING = "$SYS.REQ.SERVER.PING"
_CONNECTIONS = "$SYS.REQ.ACCOUNT.PING.CONNZ"
_NO_RESPONDERS = "503"


async def probe(
    target: NatsTarget,
    credentials: Credentials | None,
    tls: ssl.SSLContext,
    nonce: str,
    at: datetime,
) -> NatsReading:
    """Probe *target*; return within its ``limit_seconds`` in all cases.

    *nonce* is fresh each time and *at* is the time now: a parent refuses others. *tls* is used if
    the target says so. A failure is a value, never an exception.
    """
    session = _Session(Connection(target, credentials, tls))
    reading = await _read(session, nats_messages.request(nonce, at), f"{target.subject}.{nonce}")
    return (
        reading
        if credentials is None
        else nats_probe.explain_refusal(reading, expires_at(credentials), at)
    )


async def count_servers(target: NatsTarget, system: Credentials, tls: ssl.SSLContext) -> int:
    """The number of servers of the cluster that answer the system account; 0 if none can be asked.

    Returns within the target's ``limit_seconds``, like `probe`, and never raises.
    """
    ping = copy.replace(target, subject=_PING, consumers=())
    reading = await _read(_Session(Connection(ping, system, tls)), b"", None)
    return nats_messages.count_servers(reading.replies)


async def _read(session: "_Session", question: bytes, control: str | None) -> NatsReading:
    try:
        async with asyncio.timeout(session.target.limit_seconds - _CLOSING_SECONDS):
            await session.go(question, control)
    except Exception as error:  # noqa: BLE001 - the probe reports whatever breaks it
        session.add_error(error)
    finally:
        await session.leave()
    return session.reading()


class _Session:
    """The reads so far on one connection."""

    def __init__(self, connection: Connection) -> None:
        self.target = connection.target
        self._connection = connection
        self._has_failure_set = False
        self._failure: ProbeOutcome | None = None
        self._asked = False
        self._no_responders = False
        self._captured = False
        self._subscribed = False
        self._replies: list[bytes] = []
        self._latency: timedelta | None = None
        self._round_trip: timedelta | None = None
        self._backlogs: list[Backlog] = []

    async def go(self, question: bytes, control: str | None) -> None:
        """Connect, then read one thing after another.

        *control* is a subject without a subscriber; None skips the check of a missing answer.
        """
        if not await self._connection.enter():
            return
        self._round_trip = await self._connection.round_trip()
        await self._ask(question)
        self._set_failure()
        if control and not (self._failure or self._replies or self._captured):
            await self._check_subscribed(control)
        await self._read_backlogs()

    def add_error(self, error: Exception) -> None:
        """Keep *error* for the outcome."""
        self._connection.errors.append(error)

    async def leave(self) -> None:
        """Set the outcome, and close the connection."""
        self._set_failure()
        await self._connection.leave(_CLOSING_SECONDS)

    def reading(self) -> NatsReading:
        """All that was read."""
        read = {each.consumer for each in self._backlogs}
        errors = self._connection.errors
        return NatsReading(
            failure=self._failure,
            replies=tuple(self._replies),
            captured=self._captured,
            subscribed=self._subscribed,
            latency=self._latency,
            round_trip=self._round_trip,
            backlogs=tuple(self._backlogs),
            unread=tuple(each for each in self.target.consumers if each not in read),
            why=", ".join(dict.fromkeys(type(each).__name__ for each in errors)),
        )

    async def _ask(self, question: bytes) -> None:
        clock = asyncio.get_running_loop().time
        started = clock()
        answers = await self._connection.publish(self.target.subject, question)
        self._asked = True
        try:
            async with asyncio.timeout(self.target.step_seconds):
                while not (self._replies or self._no_responders):
                    await self._take(answers)
            if self._replies:
                self._latency = timedelta(seconds=clock() - started)
            async with asyncio.timeout(self.target.gather_seconds):
                while not self._no_responders and len(self._replies) < _REPLIES_MAX:
                    await self._take(answers)
        except (TimeoutError, Denied):
            return

    async def _take(self, answers: Subscription) -> None:
        message = await self._connection.take(answers)
        if (message.headers or {}).get("Status") == _NO_RESPONDERS:
            self._no_responders = True
        elif nats_messages.is_stream_reply(message.data):
            self._captured = True
        else:
            self._replies.append(message.data)

    async def _check_subscribed(self, control: str) -> None:
        """Check that a client of a live server has subscribed to the question.

        A client that subscribes to everything and never answers hides that no parent has
        subscribed: the server knows a subscriber of *control* only with such a client. A server
        also knows the subscriptions of hung servers in its cluster, so in a cluster all servers are
        asked.
        """
        try:
            await self._connection.request(control)
        except NoRespondersError:
            self._subscribed = (
                not self._connection.info.get("cluster") or await self._is_subscribed_elsewhere()
            )
        except (TimeoutError, Error) as error:
            self.add_error(error)

    async def _is_subscribed_elsewhere(self) -> bool:
        answers = await self._connection.publish(
            _CONNECTIONS, nats_messages.connections(self.target.subject)
        )
        try:
            async with asyncio.timeout(self.target.gather_seconds):
                while True:
                    message = await self._connection.take(answers)
                    if nats_messages.lists_client(message.data):
                        return True
        except (TimeoutError, Denied) as error:
            self.add_error(error)
            return False

    async def _read_backlogs(self) -> None:
        streams: dict[str, bytes | None] = {}
        for each in self.target.consumers:
            answer = await self._read_info("CONSUMER", f"{each.stream}.{each.consumer}")
            if answer is None:
                continue
            if each.stream not in streams:
                streams[each.stream] = await self._read_info("STREAM", each.stream)
            backlog_ = backlog(each, answer, streams[each.stream])
            if backlog_ is not None:
                self._backlogs.append(backlog_)

    async def _read_info(self, kind: str, name: str) -> bytes | None:
        try:
            return await self._connection.request(f"$JS.API.{kind}.INFO.{name}")
        except (TimeoutError, Error) as error:
            self.add_error(error)
            return None

    def _set_failure(self) -> None:
        """Set the failure once: errors after the question do not concern the fleet."""
        if self._has_failure_set:
            return
        self._has_failure_set = True
        if self._no_responders:
            self._failure = ProbeOutcome.NO_RESPONDERS
        elif not (self._replies or self._captured):
            self._failure = self._connection.failure(is_asked=self._asked)
