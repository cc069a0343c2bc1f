"""PagerDuty's Events API v2, for alerts, change events and notes.

https://developer.pagerduty.com/docs/events-api-v2-overview: 202 accepts an event, 400 refuses it
permanently, and any other status can be retried; the caller retries.
"""

from http import HTTPStatus

import msgspec
import urllib3

from firstline.adapters.aws.routing_key import RoutingKey
from firstline.adapters.pagerduty.http_line import (
    PATIENCE,
    HttpLine,
    Patience,
    Request,
    Response,
    parse_safe_url,
)
from firstline.adapters.pagerduty.notes_api import NotesApi
from firstline.notifications.delivery import Accepted, BadBody, Delivery, NotYet

_REFUSAL_BYTES_MAX = 64 * 1024
_HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "firstline",
    # A function is frozen between two pages: a connection kept that long is often dead.
    "Connection": "close",
}


class PagerDutyApi:
    """One integration, with its key; *notes_from* is the user in whose name notes are written.

    *url* is the address of ``enqueue``; raises `InvalidInput` for an unsafe one.
    """

    def __init__(
        self, url: str, key: RoutingKey, patience: Patience = PATIENCE, notes_from: str = ""
    ) -> None:
        place = parse_safe_url(url)
        self._url = url
        self._key = key
        self._line = HttpLine(patience)
        self._notes = NotesApi(place, key, notes_from, self._line)

    def routing_key(self) -> str:
        """The key, at most five minutes old, or older if the secret cannot be read now.

        It is read again after a 400, which a changed key causes too. Raises `DependencyUnavailable`
        if there is none.
        """
        return self._key.read()

    def post(self, routing_key: str, body: dict[str, object]) -> Delivery:
        """Post *body* once; no answer can put the key into a ``why``."""
        return self._post(self._url, routing_key, body)

    def change(self, routing_key: str, body: dict[str, object]) -> Delivery:
        """Post a change event, at the sibling address of events."""
        return self._post(self._url.replace("/enqueue", "/change/enqueue"), routing_key, body)

    def note(self, alert: str, content: str) -> Delivery:
        """Put a note on the latest incident of the dedup key *alert*, by the REST API."""
        return self._notes.put(alert, content)

    def _post(self, url: str, routing_key: str, body: dict[str, object]) -> Delivery:
        try:
            sent = msgspec.json.encode({**body, "routing_key": routing_key})
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            return BadBody(f"the body cannot be written as JSON: {type(error).__name__}")
        request = Request("POST", url, _HEADERS, sent, routing_key)
        delivery = self._line.ask(request, lambda response: _delivery(response, request))
        if isinstance(delivery, BadBody):
            self._key.invalidate()
        return delivery


def _delivery(response: Response, request: Request) -> Delivery:
    match response.status:
        case HTTPStatus.ACCEPTED:
            return Accepted()
        case HTTPStatus.BAD_REQUEST:
            return BadBody(request.redacted(_refusal(response)))
        case status:
            return NotYet(f"PagerDuty answered {status}")


class _Refusal(msgspec.Struct, frozen=True):
    """PagerDuty's body of a 400."""

    message: str = ""
    errors: tuple[str, ...] = ()


def _refusal(response: Response) -> str:
    """Its reason, from the first bytes of the body."""
    try:
        refusal = msgspec.json.decode(response.read(_REFUSAL_BYTES_MAX), type=_Refusal)
    except (urllib3.exceptions.HTTPError, msgspec.DecodeError, RecursionError):
        return "PagerDuty gave an unreadable reason"
    return "; ".join(refusal.errors) or refusal.message or "PagerDuty gave no reason"
