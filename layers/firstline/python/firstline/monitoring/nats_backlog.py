"""The backlog of a JetStream consumer, from the server's replies.

They are replies to ``$JS.API.CONSUMER.INFO`` and ``$JS.API.STREAM.INFO``:
https://docs.nats.io/reference/reference-protocols/nats_api_reference
"""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from firstline.config.probe_settings import Consumer
from firstline.monitoring.nats_messages import decode


class StallReason(StrEnum):
    """The reason why a consumer does not drain or its stream accepts nothing."""

    PAUSED = "paused"
    UNBOUND = "unbound"
    STREAM_FULL = "stream_full"
    REPLICA_BEHIND = "replica_behind"


class Backlog(msgspec.Struct, frozen=True):
    """A consumer's messages that are pending or unacknowledged."""

    consumer: Consumer
    pending: int
    unacknowledged: int
    stalled: tuple[StallReason, ...] = ()


class _Sequence(msgspec.Struct, frozen=True):
    consumer_seq: int = 0
    stream_seq: int = 0


class _Replica(msgspec.Struct, frozen=True):
    current: bool = False


class _Cluster(msgspec.Struct, frozen=True):
    replicas: tuple[_Replica, ...] = ()

    def behind(self) -> bool:
        return not all(each.current for each in self.replicas)


class _ConsumerConfig(msgspec.Struct, frozen=True):
    deliver_subject: str = ""


class _Consumer(msgspec.Struct, frozen=True):
    config: _ConsumerConfig
    delivered: _Sequence
    ack_floor: _Sequence
    num_pending: int
    num_ack_pending: int
    push_bound: bool = False
    paused: bool = False
    cluster: _Cluster = _Cluster()

    def unacknowledged(self) -> int:
        """Return the unacknowledged messages, including those past ``max_deliver``.

        The server drops the latter from its count, but its ack floor stays below them until
        the next acknowledgement. The gap counts only without pending messages, since it
        includes acknowledged ones.
        """
        gap = min(
            self.delivered.stream_seq - self.ack_floor.stream_seq,
            self.delivered.consumer_seq - self.ack_floor.consumer_seq,
        )
        return self.num_ack_pending or max(0, gap)


class _StreamConfig(msgspec.Struct, frozen=True):
    discard: str = "old"
    max_msgs: int = -1
    max_bytes: int = -1


class _State(msgspec.Struct, frozen=True):
    messages: int
    bytes: int


class _Stream(msgspec.Struct, frozen=True):
    config: _StreamConfig
    state: _State
    cluster: _Cluster = _Cluster()

    def full(self) -> bool:
        """Return True if the stream discards a new message of mean size."""
        if self.config.discard != "new" or not self.state.messages:
            return False
        messages = self.state.messages + 1
        size = self.state.bytes * messages / self.state.messages
        return 0 < self.config.max_msgs < messages or 0 < self.config.max_bytes < size


def backlog(consumer: Consumer, answer: bytes, of_stream: bytes | None) -> Backlog | None:
    """Return the backlog of *consumer*; None if *answer* has none.

    *of_stream* is the reply on its stream; None or an error if reading it is not allowed.
    """
    info = decode(answer, _Consumer)
    if info is None:
        return None
    stalled = tuple(_stalled(info, decode(of_stream or b"", _Stream)))
    return Backlog(consumer, info.num_pending, info.unacknowledged(), stalled)


def _stalled(consumer: _Consumer, stream: _Stream | None) -> Iterator[StallReason]:
    if consumer.paused:
        yield StallReason.PAUSED
    if consumer.config.deliver_subject and not consumer.push_bound:
        yield StallReason.UNBOUND
    if stream and stream.full():
        yield StallReason.STREAM_FULL
    if consumer.cluster.behind() or (stream and stream.cluster.behind()):
        yield StallReason.REPLICA_BEHIND
