"""PagerDuty's alerts, without HTTP."""

from datetime import timedelta

import pytest

from firstline.lab.twin.alerts import Alert, Alerts, Received, State
from firstline.notifications.delivery import Accepted, BadBody
from tests.lab.twin.pages import BAD, KEY, T0, TRIGGER, Body, event, trigger, without


@pytest.mark.parametrize(
    ("actions", "state", "notifications"),
    [
        ("trigger trigger trigger", State.OPEN, 1),
        ("trigger acknowledge trigger", State.ACKNOWLEDGED, 1),
        ("trigger acknowledge resolve", State.RESOLVED, 1),
        ("trigger resolve resolve", State.RESOLVED, 1),
        ("trigger resolve acknowledge", State.RESOLVED, 1),
        ("trigger resolve trigger acknowledge resolve trigger", State.OPEN, 3),
        ("acknowledge resolve trigger", State.OPEN, 1),
    ],
)
def test_alert_follows_its_events(actions: str, state: State, notifications: int) -> None:
    """A trigger notifies only when its key is new or resolved."""
    alerts = Alerts()
    for action in actions.split():
        assert alerts.receive(event(action), T0) == Accepted()
    assert alerts.by_key == {"inc-1": Alert(state, notifications)}


def test_end_without_a_beginning_changes_nothing() -> None:
    """PagerDuty accepts an acknowledgement or a resolve of a key that it does not know."""
    alerts = Alerts()
    for action in ("resolve", "acknowledge"):
        assert alerts.receive(event(action), T0) == Accepted()
    assert alerts.by_key == {}
    assert [received.action for received in alerts.received] == ["resolve", "acknowledge"]


def test_person_works_in_pagerduty_itself() -> None:
    """What a person does there is no event; another key, or a resolved one, notifies again."""
    alerts = Alerts()
    alerts.receive(event("trigger"), T0)
    alerts.acknowledge("inc-1")
    alerts.receive(event("trigger", "inc-1:gave-up"), T0)
    assert alerts.by_key == {
        "inc-1": Alert(State.ACKNOWLEDGED, 1),
        "inc-1:gave-up": Alert(State.OPEN, 1),
    }
    alerts.resolve("inc-1")
    alerts.receive(event("trigger"), T0)
    assert alerts.by_key["inc-1"] == Alert(State.OPEN, 2)
    assert len(alerts.received) == 3


def test_events_are_kept_in_order_without_their_routing_key() -> None:
    """A record can be shown to anyone."""
    alerts = Alerts()
    later = T0 + timedelta(seconds=7)
    alerts.receive(event("trigger"), T0)
    alerts.receive(event("resolve"), later)
    assert alerts.received == [
        Received(T0, "trigger", "inc-1", without(event("trigger"), "routing_key"), notified=True),
        Received(later, "resolve", "inc-1", without(event("resolve"), "routing_key")),
    ]


def test_trigger_without_a_key_gets_one_of_its_own() -> None:
    """PagerDuty makes up the key that is missing, so two such triggers are two alerts."""
    alerts = Alerts()
    for _ in range(2):
        assert alerts.receive(without(TRIGGER, "dedup_key"), T0) == Accepted()
    assert [alert.notifications for alert in alerts.by_key.values()] == [1, 1]


@pytest.mark.parametrize(
    ("body", "named"), [*BAD.values(), (trigger(summary="\ud800"), "UnicodeEncodeError")]
)
def test_bad_event_is_refused_and_leaves_no_trace(body: Body, named: str) -> None:
    """The refusal names what is wrong; no alert and no record comes of it."""
    alerts = Alerts()
    taken = alerts.receive(body, T0)
    assert isinstance(taken, BadBody)
    assert named in taken.why
    assert KEY not in taken.why
    assert (alerts.by_key, alerts.received) == ({}, [])


def test_a_trigger_says_whether_it_notified() -> None:
    """One that folds into an open alert does not; one after a resolve does, under the same key."""
    alerts = Alerts()
    for action in ("trigger", "trigger", "resolve", "trigger"):
        alerts.receive(event(action), T0)
    assert [each.notified for each in alerts.received] == [True, False, False, True]
