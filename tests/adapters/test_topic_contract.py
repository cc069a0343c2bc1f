"""SNS's topic: what both adapters must do."""

import pytest

from firstline.adapters.aws import clients
from firstline.adapters.aws.sns_notifier import SnsNotifier, Topic
from firstline.adapters.aws.sns_topic import SnsTopic
from firstline.lab.twin.scenario import FaultKind
from firstline.notifications.delivery import Accepted, NotYet
from tests.adapters.backends import Door, Ends, Http, Requests

TOPIC = "arn:aws:sns:us-east-1:111122223333:team"


def topic(door: Door) -> Topic:
    """The team's topic behind *door*."""
    notifier = door.ports.notifier("team")
    assert isinstance(notifier, SnsNotifier)
    return notifier.topic


def test_a_notice_reaches_the_topic(door: Door) -> None:
    """Subject and text as they are."""
    assert topic(door).publish("P3 x", "P3 x\nincident: inc-1") == Accepted()
    ((at, subject, text),) = door.world.notices
    assert (at, subject, text) == (door.world.now, "P3 x", "P3 x\nincident: inc-1")


@pytest.mark.parametrize("kind", ["error", "hang", "timeout-after"])
def test_a_topic_in_trouble_is_not_yet(door: Door, kind: FaultKind) -> None:
    """It never raises, so the next page follows."""
    door.trouble("team", kind)
    assert isinstance(topic(door).publish("P3 x", "text"), NotYet)


def test_it_is_one_request_sent_once(aws_door: Door, requests: Requests) -> None:
    """A page may be waiting behind it."""
    aws_door.trouble("team", "hang")
    topic(aws_door).publish("P3 x", "text")
    assert requests.calls == ["sns.Publish"]
    assert len(requests.sends) == 1


def test_a_refusal_is_named() -> None:
    """By the service's own word."""
    body = "<ErrorResponse><Error><Code>AuthorizationError</Code></Error></ErrorResponse>"
    ends = Ends(Http(403, body))
    result = SnsTopic(clients.team(ends.session), TOPIC).publish("P3 x", "text")
    assert result == NotYet("AuthorizationError")


@pytest.mark.parametrize("end", [Http(200, "<html>"), Http(200, "no XML"), Http(200)], ids=str)
def test_an_answer_without_a_message_is_not_yet(end: Http) -> None:
    """SNS names each message that it takes."""
    result = SnsTopic(clients.team(Ends(end).session), TOPIC).publish("P3 x", "text")
    assert isinstance(result, NotYet)
