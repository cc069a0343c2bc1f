"""The Wakes port: what both adapters must do, and how a wake is written into a message."""

from datetime import timedelta

import pytest
from botocore.exceptions import ReadTimeoutError

from firstline.adapters.aws import clients
from firstline.adapters.aws.wakes import SqsWakes, decode_wake
from firstline.controller.ports.messaging import Wake
from firstline.errors import DependencyUnavailable, InvalidInput
from firstline.ids import IncidentId
from firstline.lab.twin.scenario import FaultKind
from tests.adapters.backends import T0, Door, Ends, Http, Requests

WAKE = Wake(IncidentId("inc-0123456789abcdef0123"), generation=3)


@pytest.mark.parametrize("seconds", [0, 10, 900])
def test_wake_comes_after_its_delay(door: Door, seconds: int) -> None:
    """A wake is there for the time that it was queued for; what is longer is the sweep's."""
    door.ports.wakes.queue(WAKE, timedelta(seconds=seconds))
    door.ports.wakes.queue(WAKE, timedelta(minutes=15, microseconds=1))
    assert door.waiting() == [(T0 + timedelta(seconds=seconds), WAKE)]


@pytest.mark.parametrize(
    ("kind", "queued"), [("error", False), ("hang", False), ("timeout-after", True)]
)
def test_fault_is_unavailable(door: Door, kind: FaultKind, queued: bool) -> None:  # noqa: FBT001 - a column of the table
    """A wake that may not have been queued raises Unavailable, whether it was or not."""
    door.trouble("wakes", kind)
    with pytest.raises(DependencyUnavailable):
        door.ports.wakes.queue(WAKE, timedelta())
    door.mend()
    assert [wake for _, wake in door.waiting()] == [WAKE] * queued


def test_wake_is_never_early(aws_door: Door, requests: Requests) -> None:
    """SQS counts whole seconds: a part of one is waited in full, and the past is now."""
    for seconds in (-5, 0.001, 9.5):
        aws_door.ports.wakes.queue(WAKE, timedelta(seconds=seconds))
    assert requests.sends == ["sqs.SendMessage"] * 3
    assert [(at - T0).total_seconds() for at, _ in aws_door.waiting()] == [0, 1, 10]


@pytest.mark.parametrize(
    "end",
    [
        ReadTimeoutError(endpoint_url="https://sqs.invalid"),
        Http(503),
        Http(400, '{"__type": "QueueDoesNotExist"}'),
    ],
    ids=["read timeout", "HTTP 503", "no queue"],
)
def test_failure_is_not_tried_again(end: Exception | Http) -> None:
    """Whatever goes wrong, the message left once."""
    ends = Ends(end)
    wakes = SqsWakes(clients.wakes(ends.session), "https://sqs.us-east-1.amazonaws.com/1/wakes")
    with pytest.raises(DependencyUnavailable):
        wakes.queue(WAKE, timedelta())
    assert ends.sends == 1


def test_generation_may_be_left_out() -> None:
    """A wake that names no generation says that a signal joined."""
    assert decode_wake('{"incident": "inc-1"}') == Wake(IncidentId("inc-1"), generation=0)


@pytest.mark.parametrize(
    "body",
    ["", "[]", "{}", '{"incident": 1}', '{"incident": "inc-1", "generation": "x"}', "\ud800"],
)
def test_other_messages_are_malformed(body: str) -> None:
    """A message that is not a wake is invalid."""
    with pytest.raises(InvalidInput, match="no wake"):
        decode_wake(body)
