"""The HTTP client of PagerDuty: one request at a time, to one address, with a deadline."""

import functools
import ssl
from collections.abc import Callable
from contextlib import closing
from typing import NamedTuple

import urllib3

from firstline.adapters.dns import run_detached
from firstline.errors import InvalidInput
from firstline.notifications.delivery import NotYet
from firstline.redaction import redact

_WHY_CHARACTERS_MAX = 200

type Response = urllib3.BaseHTTPResponse


class Patience(NamedTuple):
    """The timeouts in seconds: per address, per read, and in all."""

    connect: float = 1
    read: float = 2
    deadline: float = 2.8  # of the three seconds; the rest is for a busy machine


PATIENCE = Patience()


class Request(NamedTuple):
    """One request; no text of firstline repeats ``secret`` from its answer."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None
    secret: str

    def redacted(self, text: str) -> str:
        """*text* on one line, short, without the secret that an answer may have repeated."""
        line = "".join(character for character in text if character.isprintable())
        if self.secret:
            line = line.replace(self.secret, "[routing key]")
        return redact(line, _WHY_CHARACTERS_MAX)


class HttpLine:
    """Requests without redirects and without retries."""

    def __init__(self, patience: Patience = PATIENCE) -> None:
        self._patience = patience

    @functools.cached_property
    def _http(self) -> urllib3.PoolManager:
        """The pool, made at the first request: loading the authorities takes long."""
        timeout = urllib3.Timeout(connect=self._patience.connect, read=self._patience.read)
        return urllib3.PoolManager(timeout=timeout, ssl_context=ssl.create_default_context())

    def ask[T](self, request: Request, read: Callable[[Response], T]) -> T | NotYet:
        """The result of *read* for the answer.

        It runs in a thread that is abandoned at the deadline: a socket's timeouts do not bound a
        lookup, several addresses, or a slow body, and a page that hangs would delay the next try.
        """
        answer = run_detached(lambda: self._exchange(request, read))
        try:
            return answer.result(self._patience.deadline)
        except TimeoutError:
            return NotYet("PagerDuty did not answer in time")
        except (urllib3.exceptions.HTTPError, OSError) as error:
            return NotYet(request.redacted(f"PagerDuty gave no answer: {error}"))

    def _exchange[T](self, request: Request, read: Callable[[Response], T]) -> T:
        answer = self._http.request(
            request.method,
            request.url,
            body=request.body,
            headers=request.headers,
            preload_content=False,
            redirect=False,  # the key goes to this address alone
            retries=False,  # set here: a pool manager of urllib3 1.26 forgets its own
        )
        with closing(answer) as response:
            return read(response)


def parse_safe_url(url: str) -> urllib3.util.Url:
    """Parse *url*; raises `InvalidInput` unless the transport is private."""
    try:
        parsed = urllib3.util.parse_url(url)
    except urllib3.exceptions.LocationParseError:
        parsed = urllib3.util.Url()
    match parsed.scheme, parsed.host:
        case ("https", str()) | ("http", "localhost" | "127.0.0.1" | "[::1]"):
            return parsed
        case _:
            why = "must be https://, or http:// on a loopback host"
            raise InvalidInput(f"the pager's address {url!r} {why}")
