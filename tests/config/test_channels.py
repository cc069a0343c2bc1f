"""Routes: which channels a severity is sent to, and what a fleet file may not say of them."""

import pytest

from firstline.config.channels import Routes, channel
from firstline.signal import Severity


def test_the_default_pages_for_the_grave_and_leaves_the_rest_to_the_team() -> None:
    """R44: P1 and P2 page; R04: a P4 waits for the next business day."""
    routes = Routes()
    assert [routes.of(each) for each in Severity] == [("pager",), ("pager",), ("team",), ()]
    assert [routes.digests(each) for each in Severity] == [(), (), (), ("digest",)]
    assert list(routes.faults()) == []


@pytest.mark.parametrize(
    ("routes", "key", "why"),
    [
        (Routes(P1=("team",)), ("routes", "P1"), "a P1 must page: add 'pager'"),
        (Routes(P2=("team", "digest")), ("routes", "P2"), "a P2 must page: add 'pager'"),
        (Routes(P3=("pager",)), ("routes", "P3"), "a P3 must not page: remove 'pager'"),
        (Routes(P3=("team", "team")), ("routes", "P3", 1), "'team' is listed twice: remove one"),
        (Routes(P4=("note",)), ("routes", "P4", 0), "'note' notifies no person: remove it"),
        (
            Routes(P1=("pager", "chat")),
            ("routes", "P1", 1),
            "'chat' is not a channel: use one of pager, team, digest, or add its notifier",
        ),
    ],
)
def test_routes_that_would_reach_no_one_are_refused(
    routes: Routes, key: tuple[str | int, ...], why: str
) -> None:
    """Each fault has its key and a way to mend it."""
    assert [(each.key, each.why) for each in routes.faults()] == [(key, why)]


def test_a_channel_that_is_not_shipped_has_a_notifier_of_its_name() -> None:
    """People see it, it pages no one, and nothing waits for it."""
    chat = channel("chat")
    assert (chat.notifier, chat.notifies_a_person) == ("chat", True)
    assert not any((chat.pages_on_call, chat.required, chat.held_for_digest))
    assert Routes(P3=("team", "chat")).notifiers == {"pagerduty", "sns", "chat"}
