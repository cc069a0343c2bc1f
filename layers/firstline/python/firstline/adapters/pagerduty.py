"""The Pager port over PagerDuty's Events API v2.

https://developer.pagerduty.com/docs/events-api-v2-overview: 202 accepts an event, 400 refuses
it for good, and everything else is to be tried again; trying again is the caller's.
"""

import functools
import ssl
from contextlib import closing
from http import HTTPStatus
from typing import NamedTuple

import msgspec
import urllib3

from firstline.adapters.aws.routing_key import RoutingKey
from firstline.adapters.dns import left_behind
from firstline.errors import Malformed
from firstline.notifications.delivery import Accepted, BadBody, Delivery, NotYet
from firstline.redaction import redact

_REFUSAL_BYTES_MAX = 64 * 1024
_WHY_CHARACTERS_MAX = 200
_HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "firstline",
    # A function is frozen between two pages: a connection kept that long is often dead.
    "Connection": "close",
}


class Patience(NamedTuple):
    """How long, in seconds, an answer is waited for: per address, per read, and in all."""

    connect: float = 1
    read: float = 2
    deadline: float = 2.8  # of the three seconds; the rest is for a busy machine


PATIENCE = Patience()


class PagerDutyPager:
    """One integration, with its key.

    *url* is the whole address of ``enqueue``; raises `Malformed` for one that is not safe.
    """

    def __init__(self, url: str, key: RoutingKey, patience: Patience = PATIENCE) -> None:
        self._url = _safe(url)
        self._key = key
        self._patience = patience

    @functools.cached_property
    def _http(self) -> urllib3.PoolManager:
        """Made at the first post: reading the authorities takes as long as a client of AWS."""
        timeout = urllib3.Timeout(connect=self._patience.connect, read=self._patience.read)
        return urllib3.PoolManager(timeout=timeout, ssl_context=ssl.create_default_context())

    def routing_key(self) -> str:
        """The key, at most five minutes old, or older when the secret cannot be read just now.

        It is read again at once after a 400, which a key that was changed brings too. Raises
        `Unavailable` when there is none at all.
        """
        return self._key.read()

    def post(self, routing_key: str, body: dict[str, object]) -> Delivery:
        """Post *body* once; no answer, whatever it says, brings the key into a ``why``."""
        return self._post(self._url, routing_key, body)

    def change(self, routing_key: str, body: dict[str, object]) -> Delivery:
        """Post a change event, at the address beside that of events."""
        return self._post(self._url.replace("/enqueue", "/change/enqueue"), routing_key, body)

    def _post(self, url: str, routing_key: str, body: dict[str, object]) -> Delivery:
        try:
            sent = msgspec.json.encode({**body, "routing_key": routing_key})
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            return BadBody(f"the body cannot be written as JSON: {type(error).__name__}")
        try:
            delivery = self._within_deadline(url, sent, routing_key)
        except TimeoutError:
            return NotYet("PagerDuty did not answer in time")
        except (urllib3.exceptions.HTTPError, OSError) as error:
            return NotYet(_plain(f"PagerDuty gave no answer: {error}", routing_key))
        if isinstance(delivery, BadBody):
            self._key.doubt()
        return delivery

    def _within_deadline(self, url: str, sent: bytes, routing_key: str) -> Delivery:
        """Ask in a thread that is left behind at the deadline.

        Timeouts of a socket do not bound the lookup of a name, several addresses, or an answer
        that drips; a page that hangs would hold up the next try.
        """
        answer = left_behind(lambda: self._exchange(url, sent, routing_key))
        return answer.result(self._patience.deadline)

    def _exchange(self, url: str, sent: bytes, routing_key: str) -> Delivery:
        answer = self._http.request(
            "POST",
            url,
            body=sent,
            headers=_HEADERS,
            preload_content=False,
            redirect=False,  # the key goes to this address alone
            retries=False,  # said here: a pool manager of urllib3 1.26 forgets its own
        )
        with closing(answer) as response:
            match response.status:
                case HTTPStatus.ACCEPTED:
                    return Accepted()
                case HTTPStatus.BAD_REQUEST:
                    return BadBody(_plain(_refusal(response), routing_key))
                case status:
                    return NotYet(f"PagerDuty answered {status}")


class _Refusal(msgspec.Struct, frozen=True):
    """What PagerDuty says with a 400."""

    message: str = ""
    errors: tuple[str, ...] = ()


def _safe(url: str) -> str:
    """*url* if nobody else can read what is posted there."""
    try:
        parsed = urllib3.util.parse_url(url)
    except urllib3.exceptions.LocationParseError:
        parsed = urllib3.util.Url()
    match parsed.scheme, parsed.host:
        case ("https", str()) | ("http", "localhost" | "127.0.0.1" | "[::1]"):
            return url
        case _:
            why = "must be https://, or http:// on a loopback host"
            raise Malformed(f"the pager's address {url!r} {why}")


def _refusal(response: "urllib3.BaseHTTPResponse") -> str:
    """Its reason: the first bytes of what PagerDuty says."""
    try:
        refusal = msgspec.json.decode(response.read(_REFUSAL_BYTES_MAX), type=_Refusal)
    except (urllib3.exceptions.HTTPError, msgspec.DecodeError, RecursionError):
        return "PagerDuty gave no reason that can be read"
    return "; ".join(refusal.errors) or refusal.message or "PagerDuty gave no reason"


def _plain(text: str, routing_key: str) -> str:
    """*text* on one line, short, without the key that an answer may have repeated."""
    line = "".join(character for character in text if character.isprintable())
    if routing_key:
        line = line.replace(routing_key, "[routing key]")
    return redact(line, _WHY_CHARACTERS_MAX)
