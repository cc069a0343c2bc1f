"""PagerDuty's REST API, as far as notes need it: an incident by its key, and a note on it.

https://developer.pagerduty.com/api-reference: ``GET /incidents`` and
``POST /incidents/{id}/notes``, with the codes of PagerDuty's own refusals.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import msgspec

from firstline.lab.twin.pager.alerts import Alert, Alerts, State

NOTES_MAX = 2000
"""As many as one incident takes."""
_NOTES = re.compile(r"/incidents/([A-Z0-9]+)/notes")
_VERSION = "application/vnd.pagerduty+json;version=2"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_STATUSES = {
    State.OPEN: "triggered",
    State.ACKNOWLEDGED: "acknowledged",
    State.RESOLVED: "resolved",
}

type Answer = tuple[int, dict[str, object]]


class Ask(msgspec.Struct, frozen=True):
    """One request; names of headers are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


class _Content(msgspec.Struct):
    content: Annotated[str, msgspec.Meta(min_length=1)]


class _Note(msgspec.Struct):
    note: _Content


class RestApi:
    """The API of one account over *alerts*; *key* is its one key, *user* the email of its user."""

    def __init__(self, alerts: Alerts, key: str, user: str) -> None:
        self._alerts = alerts
        self._key = key
        self._user = user

    def answer(self, ask: Ask, now: datetime) -> Answer:
        """Status and JSON."""
        place = urlsplit(ask.target)
        noted = _NOTES.fullmatch(place.path)
        if ask.headers.get("authorization") != f"Token token={self._key}":
            return _refused(HTTPStatus.UNAUTHORIZED, 2006, "Authentication failed")
        if ask.headers.get("accept", "") != _VERSION:
            return _refused(HTTPStatus.BAD_REQUEST, 2001, "Invalid Input Provided")
        if ask.method == "GET" and place.path == "/incidents":
            return self._incidents(parse_qs(place.query))
        if ask.method == "POST" and noted is not None:
            return self._note(noted[1], ask, now)
        return _refused(HTTPStatus.NOT_FOUND, 2100, "Not Found")

    def _incidents(self, query: dict[str, list[str]]) -> Answer:
        """The incidents whose alerts have the key, oldest first unless it is asked otherwise."""
        (key,), statuses = query.get("incident_key", [""]), query.get("statuses[]", [])
        found = [
            each
            for each in self._alerts.opened
            if key in ("", each.key) and (not statuses or _STATUSES[each.state] in statuses)
        ]
        if query.get("sort_by") == ["created_at:desc"]:
            found.reverse()
        limit = int(query.get("limit", ["25"])[0])
        listed = [_shown(each) for each in found[:limit]]
        more = len(found) > limit
        return HTTPStatus.OK, {"incidents": listed, "limit": limit, "offset": 0, "more": more}

    def _note(self, incident: str, ask: Ask, now: datetime) -> Answer:
        refused = _refused_author(ask.headers.get("from", ""), self._user)
        if refused is not None:
            return refused
        try:
            content = msgspec.json.decode(ask.body, type=_Note).note.content
        except msgspec.DecodeError:
            return _refused(HTTPStatus.BAD_REQUEST, 2001, "Invalid Input Provided")
        if any(len(each.notes) >= NOTES_MAX for each in self._alerts.opened if each.id == incident):
            return _refused(HTTPStatus.BAD_REQUEST, 2001, "Invalid Input Provided")
        if not self._alerts.note(incident, content, now):
            return _refused(HTTPStatus.NOT_FOUND, 2100, "Not Found")
        note: dict[str, object] = {"content": content, "created_at": now.isoformat()}
        return HTTPStatus.OK, {"note": note}


def _refused_author(author: str, user: str) -> Answer | None:
    """The key is the account's, so that each write names the user on whose behalf it is."""
    if not author:
        why = 'You must specify a user\'s email address in the "From" header'
        return _refused(HTTPStatus.BAD_REQUEST, 2016, why)
    if not _EMAIL.fullmatch(author):
        return _refused(HTTPStatus.BAD_REQUEST, 1028, 'Malformed "From" header')
    return None if author == user else _refused(HTTPStatus.BAD_REQUEST, 1008, "User Not Found")


def _shown(alert: Alert) -> dict[str, object]:
    """An incident with a child alert has no key of its own."""
    return {
        "id": alert.id,
        "type": "incident",
        "status": _STATUSES[alert.state],
        "title": alert.log[0].text,
        "created_at": alert.log[0].at.isoformat(),
    }


def _refused(status: HTTPStatus, code: int, why: str) -> Answer:
    return status, {"error": {"message": why, "code": code}}
