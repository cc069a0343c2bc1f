"""Notes on PagerDuty's incidents, by its REST API: they notify no one.

https://developer.pagerduty.com/api-reference: ``GET /incidents`` finds an incident by the dedup key
of its alert, and ``POST /incidents/{id}/notes`` needs the address of a user in ``From``.
"""

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlencode

import msgspec
import urllib3

from firstline.adapters.aws.routing_key import RoutingKey
from firstline.adapters.pagerduty.http_line import HttpLine, Request, Response
from firstline.errors import DependencyUnavailable
from firstline.notifications.delivery import Accepted, BadBody, Delivery, NotYet

_ANSWER_BYTES_MAX = 256 * 1024


class _Found(msgspec.Struct, frozen=True):
    id: str


class _Incidents(msgspec.Struct, frozen=True):
    incidents: tuple[_Found, ...]


class _Error(msgspec.Struct, frozen=True):
    message: str = ""


class _Refusal(msgspec.Struct, frozen=True):
    error: _Error = _Error()


class NotesApi:
    """Notes in the name of the user *author*, for the account whose events go to *events*."""

    def __init__(
        self, events: urllib3.util.Url, key: RoutingKey, author: str, line: HttpLine
    ) -> None:
        self._api = _api_url(events)
        self._key = key
        self._author = author
        self._line = line

    def put(self, alert: str, content: str) -> Delivery:
        """Put *content* on the latest incident of *alert*, once.

        PagerDuty accepts an event before it creates the incident, so a missing one may still come.
        """
        try:
            key = self._key.rest()
        except DependencyUnavailable as error:
            return NotYet(str(error))
        if not key:
            return BadBody("the routing key's secret has no rest_key")
        query = {"incident_key": alert, "sort_by": "created_at:desc", "limit": "1"}
        incidents = self._ask("GET", f"/incidents?{urlencode(query)}", key, None, _incidents)
        if isinstance(incidents, BadBody | NotYet):
            return incidents
        if not incidents.incidents:
            return NotYet("PagerDuty has no incident with this key")
        body = msgspec.json.encode({"note": {"content": content}})
        path = f"/incidents/{incidents.incidents[0].id}/notes"
        return self._ask("POST", path, key, body, lambda _: Accepted())

    def _ask[T](
        self,
        method: str,
        path: str,
        key: str,
        body: bytes | None,
        parse: Callable[[Response], T | NotYet],
    ) -> T | BadBody | NotYet:
        """The result of *parse* for a successful answer."""
        headers = {
            "Accept": "application/vnd.pagerduty+json;version=2",
            "Authorization": f"Token token={key}",
            "Connection": "close",
            "Content-Type": "application/json",
            "From": self._author,
            "User-Agent": "firstline",
        }
        request = Request(method, f"{self._api}{path}", headers, body, key)
        answer = self._line.ask(
            request,
            lambda response: (
                _refusal(response, request)
                if response.status not in {HTTPStatus.OK, HTTPStatus.CREATED}
                else parse(response)
            ),
        )
        if isinstance(answer, BadBody):
            self._key.invalidate()
        return answer


def _api_url(events: urllib3.util.Url) -> str:
    """The REST API's address, in the service region of *events*."""
    host = events.host or ""
    api = f"api.{host.removeprefix('events.')}" if host.startswith("events.") else host
    return events._replace(host=api, path=None, query=None, fragment=None).url


def _incidents(response: Response) -> _Incidents | NotYet:
    return _decoded(response, _Incidents) or NotYet("PagerDuty's answer cannot be read")


def _refusal(response: Response, request: Request) -> BadBody | NotYet:
    """Permanent, as for an unknown key; a limit or a fault of PagerDuty is temporary."""
    status = response.status
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return NotYet(f"PagerDuty answered {status}")
    refusal = _decoded(response, _Refusal) or _Refusal()
    return BadBody(request.redacted(f"PagerDuty answered {status}: {refusal.error.message}"))


def _decoded[T](response: Response, type_: type[T]) -> T | None:
    """Its JSON, up to the limit; None if it has another form."""
    try:
        return msgspec.json.decode(response.read(_ANSWER_BYTES_MAX), type=type_)
    except (urllib3.exceptions.HTTPError, msgspec.DecodeError, RecursionError):
        return None
