"""A channel of a notifier of its own: people see what happens there, and nothing waits for it."""

import copy

import pytest

from firstline.config.channels import Routes
from firstline.ledger.chain import Kind
from firstline.notifications.delivery import Accepted, BadBody, Delivery, NotYet
from firstline.notifications.notification import Notification
from firstline.notifications.pages import TRIES_MAX
from tests.builders import PROFILE
from tests.controller.rig import Rig


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
