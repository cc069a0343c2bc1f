"""What JetStream says of a consumer and its stream, as the backlog that the probe reports.

The replies are those of ``$JS.API.CONSUMER.INFO`` and ``$JS.API.STREAM.INFO``:
https://docs.nats.io/reference/reference-protocols/nats_api_reference
"""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from firstline.config.probe_settings import Consumer
from firstline.monitoring.nats_messages import decoded


class Stalled(StrEnum):
    """Why a consumer does not drain, or its stream takes nothing in."""

    PAUSED = "paused"
    UNBOUND = "unbound"
    STREAM_FULL = "stream_full"
    REPLICA_BEHIND = "replica_behind"


class Backlog(msgspec.Struct, frozen=True):
    """What waits for a consumer: not yet delivered, and delivered but not acknowledged."""

    consumer: Consumer
    pending: int
    unacknowledged: int
    stalled: tuple[Stalled, ...] = ()


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
        """Messages delivered and not acknowledged, those that are past ``max_deliver`` included.

        The server forgets the latter; the floor stays below them until the next acknowledgement.
        While others are pending, the gap says nothing: it holds what is acknowledged, too.
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
        """Whether it refuses what is new: one more message of the mean size has no room."""
        if self.config.discard != "new" or not self.state.messages:
            return False
        messages = self.state.messages + 1
        size = self.state.bytes * messages / self.state.messages
        return 0 < self.config.max_msgs < messages or 0 < self.config.max_bytes < size


def backlog(consumer: Consumer, answer: bytes, of_stream: bytes | None) -> Backlog | None:
    """The backlog of *consumer*; None when *answer* describes none.

    *of_stream* is the answer about its stream; None or an error when that may not be read.
    """
    found = decoded(answer, _Consumer)
    if found is None:
        return None
    stalled = tuple(_stalled(found, decoded(of_stream or b"", _Stream)))
    return Backlog(consumer, found.num_pending, found.unacknowledged(), stalled)


def _stalled(consumer: _Consumer, stream: _Stream | None) -> Iterator[Stalled]:
    if consumer.paused:
        yield Stalled.PAUSED
    if consumer.config.deliver_subject and not consumer.push_bound:
        yield Stalled.UNBOUND
    if stream and stream.full():
        yield Stalled.STREAM_FULL
    if consumer.cluster.behind() or (stream and stream.cluster.behind()):
        yield Stalled.REPLICA_BEHIND
