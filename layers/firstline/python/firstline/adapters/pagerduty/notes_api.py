"""Notes on PagerDuty's incidents, by its REST API: they notify no one.

https://developer.pagerduty.com/api-reference: ``GET /incidents`` finds an incident by the dedup
key of its alert, and ``POST /incidents/{id}/notes`` wants the address of a user in ``From``.
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

        PagerDuty takes an event before it makes an incident of it: one that is not there yet may
        come.
        """
        try:
            key = self._key.rest()
        except DependencyUnavailable as error:
            return NotYet(str(error))
        if not key:
            return BadBody("the secret of the routing key holds no rest_key")
        query = {"incident_key": alert, "sort_by": "created_at:desc", "limit": "1"}
        found = self._ask("GET", f"/incidents?{urlencode(query)}", key, None, _incidents)
        if isinstance(found, BadBody | NotYet):
            return found
        if not found.incidents:
            return NotYet("PagerDuty has no incident of that key")
        body = msgspec.json.encode({"note": {"content": content}})
        path = f"/incidents/{found.incidents[0].id}/notes"
        return self._ask("POST", path, key, body, lambda _: Accepted())

    def _ask[T](
        self,
        method: str,
        path: str,
        key: str,
        body: bytes | None,
        take: Callable[[Response], T | NotYet],
    ) -> T | BadBody | NotYet:
        """What *take* makes of a good answer."""
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
                else take(response)
            ),
        )
        if isinstance(answer, BadBody):
            self._key.doubt()
        return answer


def _api_url(events: urllib3.util.Url) -> str:
    """Where the REST API is: beside the events of the same service region, under its own name."""
    host = events.host or ""
    api = f"api.{host.removeprefix('events.')}" if host.startswith("events.") else host
    return events._replace(host=api, path=None, query=None, fragment=None).url


def _incidents(response: Response) -> _Incidents | NotYet:
    return _decoded(response, _Incidents) or NotYet("PagerDuty's answer cannot be read")


def _refusal(response: Response, request: Request) -> BadBody | NotYet:
    """For good, as with a key that is not known; a limit or trouble of PagerDuty's passes."""
    status = response.status
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return NotYet(f"PagerDuty answered {status}")
    refusal = _decoded(response, _Refusal) or _Refusal()
    return BadBody(request.plain(f"PagerDuty answered {status}: {refusal.error.message}"))


def _decoded[T](response: Response, type_: type[T]) -> T | None:
    """Its JSON, as far as it is read; None where it is none of that form."""
    try:
        return msgspec.json.decode(response.read(_ANSWER_BYTES_MAX), type=type_)
    except (urllib3.exceptions.HTTPError, msgspec.DecodeError, RecursionError):
        return None
