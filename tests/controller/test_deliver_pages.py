import copy
from datetime import timedelta

import pytest

from firstline.adapters.pagerduty.notifier import PagerDutyNotifier
from firstline.controller.deliver_pages import send
from firstline.errors import DependencyUnavailable
from firstline.lab.twin.memory import MemoryPager
from firstline.ledger.chain import Kind
from firstline.notifications import pages
from firstline.notifications.delivery import Accepted, Delivery, NotYet
from tests.builders import PROFILE, incident, signal
from tests.controller.rig import START, Rig

(PAGE,) = pages.opening_pages(incident(), signal(), "a rule fits", PROFILE)


class Keyless(MemoryPager):
    """A pager whose secret cannot be read."""

    def routing_key(self) -> str:
        raise DependencyUnavailable("the secret cannot be read")


@pytest.mark.parametrize(
    ("each_takes", "down_for", "posts", "until"),
    [
        (0, 0, 1, 0),
        (0, 1, 2, 2),
        (0, 2, 3, 4),
        (0, 9, 3, 4),
        (3, 9, 3, 13),
        (8, 9, 3, 28),
        (8.1, 9, 2, 18.2),
        (9, 9, 2, 20),
        (19, 9, 1, 19),
    ],
)
def test_a_page_is_tried_three_times_inside_twenty_seconds(
    each_takes: float, down_for: int, posts: int, until: float
) -> None:
    """By the clock: a slow pager is asked less often, and one that takes it no more."""
    rig = Rig()

    def slow() -> None:
        rig.world.now += timedelta(seconds=each_takes)
        rig.script.failing = {"post"} if rig.script.calls["post"] <= down_for else set()
        rig.script.before("post", slow)

    rig.script.before("post", slow)
    delivery: Delivery = send(PAGE, rig.system, 3)
    assert isinstance(delivery, Accepted) is (posts > down_for)
    assert rig.script.calls["post"] == posts
    assert rig.world.now == START + timedelta(seconds=until)


def test_a_routing_key_that_cannot_be_read_leaves_the_page_pending() -> None:
    """Nothing is posted without it, and the page is not lost."""
    rig = Rig()
    ports = rig.system.ports
    keyless = Keyless(rig.world, rig.script)
    rig.system = copy.replace(
        rig.system, ports=copy.replace(ports, notifiers={"pagerduty": PagerDutyNotifier(keyless)})
    )
    rig.hear()
    assert rig.script.calls["post"] == 0
    (result,) = rig.entries_of(Kind.PAGE)
    assert (result["outcome"], result["why"]) == ("pending", "the secret cannot be read")
    assert send(PAGE, rig.system, 1) == NotYet("the secret cannot be read")
