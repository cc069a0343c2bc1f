"""The backlog in responses of JetStream's API."""

import json

import pytest

from firstline.config.probe_settings import Consumer
from firstline.monitoring.nats_backlog import Backlog, StallReason, backlog

WORKER = Consumer("EVENTS", "worker")
FULL = {"discard": "new", "max_msgs": 3}


def consumer(**fields: object) -> bytes:
    """An answer of CONSUMER.INFO."""
    expected = {
        "config": {"durable_name": "worker"},
        "delivered": {"consumer_seq": 30, "stream_seq": 500},
        "ack_floor": {"consumer_seq": 30, "stream_seq": 500},
        "num_ack_pending": 0,
        "num_pending": 4,
    }
    return json.dumps(expected | fields).encode()


def stream(config: dict[str, object], **fields: object) -> bytes:
    """An answer of STREAM.INFO."""
    state = {"messages": 3, "bytes": 300}
    return json.dumps({"config": config, "state": state, **fields}).encode()


@pytest.mark.parametrize(
    ("floor", "pending", "unacknowledged"),
    [
        ((30, 500), 0, 0),
        ((0, 490), 0, 10),  # past max_deliver: ten messages, each delivered thrice
        ((20, 0), 0, 10),  # of a filtered consumer: other subjects' messages are not its own
        ((0, 490), 1, 1),  # the floor waits for one that is pending: those above are acknowledged
        ((31, 501), 0, 0),  # purged meanwhile
    ],
)
def test_what_is_not_acknowledged(
    floor: tuple[int, int], pending: int, unacknowledged: int
) -> None:
    """The gap below what was delivered counts only where nothing else explains it."""
    sequences = {"consumer_seq": floor[0], "stream_seq": floor[1]}
    found = backlog(WORKER, consumer(ack_floor=sequences, num_ack_pending=pending), None)
    assert found == Backlog(WORKER, 4, unacknowledged)


@pytest.mark.parametrize(
    ("fields", "of_stream", "stalled"),
    [
        ({}, stream(FULL), (StallReason.STREAM_FULL,)),
        ({}, stream({"discard": "new", "max_bytes": 399}), (StallReason.STREAM_FULL,)),
        ({}, stream({"discard": "new", "max_bytes": 400}), ()),
        ({}, stream({"discard": "new", "max_msgs": -1, "max_bytes": -1}), ()),
        ({}, stream(FULL, state={"messages": 0, "bytes": 0}), ()),
        ({}, stream({"discard": "old", "max_msgs": 3}), ()),
        ({}, b'{"error":{"code":404}}', ()),
        ({"paused": True}, None, (StallReason.PAUSED,)),
        ({"config": {"deliver_subject": "x"}}, None, (StallReason.UNBOUND,)),
        ({"config": {"deliver_subject": "x"}, "push_bound": True}, None, ()),
        ({"cluster": {"replicas": [{"current": True}]}}, None, ()),
        ({"cluster": {"replicas": [{"current": False}]}}, None, (StallReason.REPLICA_BEHIND,)),
        (
            {},
            stream({}, cluster={"replicas": [{"current": True}, {"current": False}]}),
            (StallReason.REPLICA_BEHIND,),
        ),
    ],
)
def test_why_a_consumer_does_not_drain(
    fields: dict[str, object], of_stream: bytes | None, stalled: tuple[StallReason, ...]
) -> None:
    """Each reason by itself; a stream that could not be read gives none."""
    assert backlog(WORKER, consumer(**fields), of_stream) == Backlog(WORKER, 4, 0, stalled)


@pytest.mark.parametrize("answer", [b"", b'{"error":{"code":404}}', b"[" * 200_000])
def test_an_answer_without_counts_is_no_backlog(answer: bytes) -> None:
    """As of a consumer that is not there."""
    assert backlog(WORKER, answer, None) is None
