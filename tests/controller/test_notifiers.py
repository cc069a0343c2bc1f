"""A channel of a notifier of its own: people see what happens there, and nothing waits for it."""

import copy
from datetime import timedelta

import pytest

from firstline.config.channels import Routes
from firstline.ledger.chain import Kind
from firstline.notifications.delivery import Accepted, BadBody, Delivery, NotYet
from firstline.notifications.notification import Notification
from firstline.notifications.pages import TRIES_MAX
from firstline.signal import Severity
from tests.builders import PROFILE
from tests.controller.rig import START, ZERO, Rig
from tests.controller.test_raise_severity import SICK


class Chat:
    """A chat that answers the same to each notification."""

    def __init__(self, answer: Delivery) -> None:
        self.received: list[Notification] = []
        self._answer = answer

    def deliver(self, notification: Notification) -> Delivery:
        """Keep it."""
        self.received.append(notification)
        return self._answer


def chatting(answer: Delivery, routes: Routes) -> tuple[Rig, Chat]:
    """A fleet with *routes*, and the chat that they name."""
    chat = Chat(answer)
    rig = Rig(profile=copy.replace(PROFILE, routes=routes))
    notifiers = {**rig.system.ports.notifiers, "chat": chat}
    ports = copy.replace(rig.system.ports, notifiers=notifiers)
    rig.system = copy.replace(rig.system, ports=ports)
    return rig, chat


def outcomes(rig: Rig) -> list[tuple[str, str]]:
    """Each delivery to the chat as the ledger has it."""
    entries = rig.entries_of(Kind.PAGE)
    return [(it["action"], it["outcome"]) for it in entries if it.get("channel") == "chat"]


def test_a_p1_is_sent_to_each_channel_of_its_route_and_ends_there() -> None:
    """Ingest sends it at once, PagerDuty first, in whatever order the route has them."""
    rig, chat = chatting(Accepted(), Routes(P1=("chat", "pager")))
    rig.hear()
    assert [each.action for each in chat.received] == ["trigger"]
    assert chat.received[0].summary.startswith("[vettid us-east-1] P1 complete outage")
    channels = [each["channel"] for each in rig.entries_of(Kind.PAGE)]
    assert channels == ["pager", "chat"]
    rig.at_the_end()
    assert [each.action for each in chat.received] == ["trigger", "resolve"]
    assert outcomes(rig) == [("trigger", "accepted"), ("resolve", "accepted")]


@pytest.mark.parametrize(
    ("answer", "tries"), [(NotYet("down"), TRIES_MAX), (BadBody("no"), 1)], ids=["down", "refused"]
)
def test_a_channel_that_fails_holds_nothing_back(answer: Delivery, tries: int) -> None:
    """The incident takes as long as without it; the channel is dropped after its tries."""
    alone = Rig()
    alone.hear()
    alone.at_the_end()
    rig, chat = chatting(answer, Routes(P1=("pager", "chat")))
    rig.hear()
    held = rig.at_the_end()
    assert (held.status, held.ended_at) == (alone.incident().status, alone.incident().ended_at)
    assert held.responses == alone.incident().responses
    assert rig.updates == alone.updates
    assert [each.key for each in chat.received] == [rig.id()] * len(chat.received)
    assert outcomes(rig)[-1][1] == "dropped"
    triggers = [each for each in chat.received if each.action == "trigger"]
    assert len(triggers) == tries


@pytest.mark.parametrize("answer", [Accepted(), NotYet("down")], ids=["up", "down"])
def test_a_rise_is_paged_by_ingest_whatever_the_chat_does(answer: Delivery) -> None:
    """The alert is required; what the chat accepted is recorded as its own."""
    routes = Routes(P1=("chat", "pager"))
    rig, chat = chatting(answer, routes)
    rig.hear(SICK)
    assert rig.hear(ZERO).incident is not None
    risen = f"{rig.id()}:p1"
    assert rig.notified[risen] == 1
    assert [each.key for each in chat.received] == [risen]
    rig.world.advance(START + timedelta(seconds=5))
    rig.turn()
    assert rig.posts.count(("trigger", risen)) == 1
    entries = [it for it in rig.entries_of(Kind.PAGE) if it["key"] == risen]
    shown = {each["channel"]: each["outcome"] for each in entries}
    assert shown["pager"] == "accepted"
    assert (shown["chat"] == "accepted") is isinstance(answer, Accepted)


def test_what_cannot_be_read_is_paged_once_though_the_chat_is_down() -> None:
    """Its wake is done when the alert was accepted."""
    rig, chat = chatting(NotYet("down"), Routes(P1=("pager", "chat")))
    rig.hear()
    chat.received.clear()
    rig.tables.incidents[rig.id()] = "{"
    rig.turn()
    key = f"{rig.id()}:unreadable"
    assert rig.notified[key] == 1
    assert [each.key for each in chat.received] == [key]


def test_those_on_call_are_first_in_each_route() -> None:
    """Where the store fails the pages of an opening are sent in this order."""
    assert Routes(P1=("chat", "pager", "team")).of(Severity.P1) == ("pager", "chat", "team")
