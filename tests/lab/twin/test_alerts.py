"""PagerDuty's alerts, without HTTP."""

from datetime import timedelta

import pytest

from firstline.lab.twin.pager.alerts import Alert, Alerts, Changed, Logged, Received, State
from firstline.notifications.delivery import Accepted, BadBody
from tests.lab.twin.pages import BAD, KEY, T0, TRIGGER, Body, event, trigger, without


@pytest.mark.parametrize(
    ("actions", "incidents"),
    [
        ("trigger trigger trigger", [(State.OPEN, "trigger trigger trigger")]),
        ("trigger acknowledge trigger", [(State.ACKNOWLEDGED, "trigger acknowledge trigger")]),
        ("trigger acknowledge acknowledge", [(State.ACKNOWLEDGED, "trigger acknowledge")]),
        ("trigger acknowledge resolve", [(State.RESOLVED, "trigger acknowledge resolve")]),
        ("trigger resolve resolve acknowledge", [(State.RESOLVED, "trigger resolve")]),
        (
            "trigger resolve trigger acknowledge resolve trigger trigger",
            [
                (State.RESOLVED, "trigger resolve"),
                (State.RESOLVED, "trigger acknowledge resolve"),
                (State.OPEN, "trigger trigger"),
            ],
        ),
        ("acknowledge resolve trigger", [(State.OPEN, "trigger")]),
    ],
)
def test_alert_follows_its_events(actions: str, incidents: list[tuple[State, str]]) -> None:
    """A trigger opens an incident where its key has none open; else it is a line of that one's log.

    Each incident notifies once, when it opens: also one whose key was resolved before.
    """
    alerts = Alerts()
    for action in actions.split():
        assert alerts.receive(event(action), T0) == Accepted()
    assert [
        (each.state, " ".join(line.what for line in each.log)) for each in alerts.opened
    ] == incidents
    assert {each.notifications for each in alerts.opened} == {1}
    assert alerts.notified("inc-1") == len(incidents)
    assert list(alerts.by_key.values()) == alerts.opened[-1:]


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
    alerts.acknowledge("inc-1", T0)
    alerts.receive(event("trigger", "inc-1:escalated"), T0)
    states = {key: each.state for key, each in alerts.by_key.items()}
    assert states == {"inc-1": State.ACKNOWLEDGED, "inc-1:escalated": State.OPEN}
    alerts.resolve("inc-1", T0)
    alerts.receive(event("trigger"), T0)
    assert (alerts.by_key["inc-1"].state, alerts.notified("inc-1")) == (State.OPEN, 2)
    assert len(alerts.received) == 3


def test_log_keeps_what_a_later_trigger_says() -> None:
    """The title of the incident stays that of the first."""
    alerts, later = Alerts(), T0 + timedelta(seconds=7)
    alerts.receive(trigger(summary="one"), T0)
    alerts.receive(trigger(summary="two"), later)
    (alert,) = alerts.opened
    assert alert == Alert(
        alert.id, "inc-1", log=[Logged(T0, "trigger", "one"), Logged(later, "trigger", "two")]
    )


def test_note_stands_in_the_log_and_notifies_no_one() -> None:
    """Also on an incident that is resolved; an incident that does not exist takes none."""
    alerts = Alerts()
    alerts.receive(event("trigger"), T0)
    (alert,) = alerts.opened
    assert alerts.note(alert.id, "one host is back", T0)
    alerts.resolve("inc-1", T0)
    assert alerts.note(alert.id, "it is over", T0)
    assert alert.notes == ["one host is back", "it is over"]
    assert (alert.state, alert.notifications, alerts.opened) == (State.RESOLVED, 1, [alert])
    assert not alerts.note("QNONE", "x", T0)


CHANGE: Body = {
    "routing_key": KEY,
    "payload": {"summary": "s", "source": "fleet", "timestamp": "2026-03-01T12:00:00+00:00"},
    "links": [{"href": "https://x.example.com", "text": "x"}],
}


def test_change_event_opens_nothing() -> None:
    """It is kept with its instant, and without its routing key."""
    alerts = Alerts()
    assert alerts.change(CHANGE, T0) == Accepted()
    assert alerts.changes == [Changed(T0, without(CHANGE, "routing_key"))]
    assert (alerts.opened, alerts.received) == ([], [])


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (CHANGE | {"routing_key": "R" + KEY[1:]}, "routing_key"),
        (CHANGE | {"links": [{"href": "http://x.example.com"}]}, "$.links[0].href"),
        (CHANGE | {"payload": {"summary": "s" * 1025}}, "$.payload.summary"),
    ],
    ids=["a ruleset's key", "plain link", "long summary"],
)
def test_bad_change_event_is_refused(body: Body, named: str) -> None:
    """A ruleset's key, which begins with R, takes alert events alone."""
    alerts = Alerts()
    taken = alerts.change(body, T0)
    assert isinstance(taken, BadBody)
    assert named in taken.why
    assert alerts.changes == []


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
    assert [alert.notifications for alert in alerts.opened] == [1, 1]


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
    assert (alerts.opened, alerts.received) == ([], [])


def test_a_trigger_says_whether_it_notified() -> None:
    """One that folds into an open alert does not; one after a resolve does, under the same key."""
    alerts = Alerts()
    for action in ("trigger", "trigger", "resolve", "trigger"):
        alerts.receive(event(action), T0)
    assert [each.notified for each in alerts.received] == [True, False, False, True]
