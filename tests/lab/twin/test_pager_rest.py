"""PagerDuty's REST API over HTTP: an incident is found by its key, and takes notes."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3

from firstline.lab.twin.pager.alerts import Alerts
from firstline.lab.twin.pager.pagerduty import PATH, REST_KEY, USER, PagerDutyServer
from firstline.lab.twin.pager.rest import NOTES_MAX
from tests.lab.twin.pages import T0, event

HEADERS = {
    "Authorization": f"Token token={REST_KEY}",
    "Accept": "application/vnd.pagerduty+json;version=2",
    "From": USER,
}
NOTE = {"note": {"content": "one host is back"}}


@pytest.fixture
def server() -> Iterator[PagerDutyServer]:
    """One with an incident that was resolved and one that is open, both of one key."""
    alerts = Alerts()
    for action in ("trigger", "resolve", "trigger"):
        alerts.receive(event(action), T0)
    alerts.receive(event("trigger", "another"), T0)
    with PagerDutyServer(lambda: T0, alerts=alerts) as server:
        yield server


def ask(
    server: PagerDutyServer, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, dict[str, Any]]:
    """One request with the right headers, but for *headers*: an empty one is left out."""
    sent = {name: value for name, value in (HEADERS | headers).items() if value}
    with urllib3.PoolManager(retries=False, timeout=5) as http:
        place = server.url.removesuffix(PATH) + path
        answer = http.request(method, place, body=json.dumps(body), headers=sent)
        return answer.status, answer.json()


def found(server: PagerDutyServer, **query: object) -> list[str]:
    """The ids of the incidents that *query* finds."""
    status, answer = ask(server, "GET", f"/incidents?{urlencode(query, doseq=True)}")
    assert status == 200
    return [each["id"] for each in answer["incidents"]]


def test_incident_is_found_by_the_key_of_its_alert(server: PagerDutyServer) -> None:
    """By its state as well, the latest first where that is asked."""
    first, second, other = (each.id for each in server.alerts.opened)
    assert found(server) == [first, second, other]
    assert found(server, incident_key="inc-1") == [first, second]
    assert found(server, incident_key="inc-1", sort_by="created_at:desc", limit=1) == [second]
    statuses = {"statuses[]": ["triggered", "acknowledged"]}
    assert found(server, incident_key="inc-1", **statuses) == [second]
    assert found(server, incident_key="none") == []


def test_note_is_put_on_the_incident(server: PagerDutyServer) -> None:
    """It is in the incident's log, and no one is notified."""
    alert = server.alerts.opened[1]
    status, answer = ask(server, "POST", f"/incidents/{alert.id}/notes", NOTE)
    assert (status, answer["note"]["content"]) == (200, "one host is back")
    assert (alert.notes, alert.notifications) == (["one host is back"], 1)


@pytest.mark.parametrize(
    ("status", "code", "path", "body", "headers"),
    [
        (401, 2006, "Q0000000000001", NOTE, {"Authorization": "Token token=x"}),
        (401, 2006, "Q0000000000001", NOTE, {"Authorization": ""}),
        (400, 2001, "Q0000000000001", NOTE, {"Accept": "application/json"}),
        (400, 2016, "Q0000000000001", NOTE, {"From": ""}),
        (400, 1028, "Q0000000000001", NOTE, {"From": "someone"}),
        (400, 1008, "Q0000000000001", NOTE, {"From": "someone@example.com"}),
        (400, 2001, "Q0000000000001", {"note": {}}, {}),
        (400, 2001, "Q0000000000001", {"note": {"content": ""}}, {}),
        (404, 2100, "QNONE", NOTE, {}),
        (404, 2100, "a/b", NOTE, {}),
    ],
)
def test_bad_request_is_refused_with_pagerdutys_code(  # noqa: PLR0913, PLR0917 - a table's row
    server: PagerDutyServer,
    status: int,
    code: int,
    path: str,
    body: object,
    headers: dict[str, str],
) -> None:
    """And no note is kept."""
    result, answer = ask(server, "POST", f"/incidents/{path}/notes", body, **headers)
    assert (result, answer["error"]["code"]) == (status, code)
    assert [each.notes for each in server.alerts.opened] == [[], [], []]


def test_incident_takes_so_many_notes_and_no_more(server: PagerDutyServer) -> None:
    """What comes beyond is refused for good."""
    alert = server.alerts.opened[1]
    for _ in range(NOTES_MAX):
        server.alerts.note(alert.id, "x", T0)
    assert ask(server, "POST", f"/incidents/{alert.id}/notes", NOTE)[0] == 400
    assert len(alert.notes) == NOTES_MAX
