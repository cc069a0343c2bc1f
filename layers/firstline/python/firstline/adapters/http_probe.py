"""One GET of one fixed address, for its health.

The name is resolved once, every address is checked, and the connection goes to a checked one, so a
second lookup cannot redirect it. No redirect is followed, the body is read up to the limit, and the
call returns in time in all cases.
"""

import ssl
import time
from contextlib import closing
from datetime import timedelta

import urllib3

from firstline.adapters.dns import resolve, run_detached
from firstline.config.probe_settings import HealthTarget
from firstline.monitoring.http_probe import (
    HealthOutcome,
    HealthResponse,
    NoResponse,
    is_allowed_address,
)

_HEADERS = {"User-Agent": "firstline", "Accept": "application/json", "Connection": "close"}


def probe(target: HealthTarget, tls: ssl.SSLContext) -> HealthResponse | NoResponse:
    """The answer of *target* within its limit; a failure is a value, never an exception."""
    until = time.monotonic() + target.limit_seconds
    try:
        addresses = resolve(target.host, target.port).result(target.limit_seconds)
        if not all(
            is_allowed_address(each, loopback_test=target.loopback_test) for each in addresses
        ):
            return NoResponse(HealthOutcome.FORBIDDEN_ADDRESS)
        answer = run_detached(lambda: _get(target, addresses[0], tls))
        return answer.result(max(until - time.monotonic(), 0))
    except urllib3.exceptions.NewConnectionError as error:  # a refusal, though of a timeout's type
        return NoResponse(HealthOutcome.NO_SERVER, type(error).__name__)
    except (TimeoutError, urllib3.exceptions.TimeoutError) as error:
        return NoResponse(HealthOutcome.TIMEOUT, type(error).__name__)
    except (OSError, urllib3.exceptions.HTTPError) as error:
        return NoResponse(HealthOutcome.NO_SERVER, type(error).__name__)
    except Exception as error:  # noqa: BLE001 - the probe reports whatever breaks it
        return NoResponse(HealthOutcome.FAILED, type(error).__name__)


def _get(target: HealthTarget, address: str, tls: ssl.SSLContext) -> HealthResponse:
    started = time.monotonic()
    with urllib3.HTTPSConnectionPool(
        address,
        target.port,
        timeout=urllib3.Timeout(total=target.limit_seconds),
        ssl_context=tls,
        server_hostname=target.host,
        assert_hostname=target.host,
    ) as pool:
        answer = pool.request(
            "GET",
            target.path,
            headers={**_HEADERS, "Host": target.host},
            preload_content=False,
            redirect=False,
            retries=False,
        )
        with closing(answer) as response:
            # one more than is allowed tells a body that is too large from one that just fits
            body = response.read(target.bytes_max + 1, decode_content=False)
    latency = timedelta(seconds=time.monotonic() - started)
    cut = len(body) > target.bytes_max
    return HealthResponse(response.status, body[: target.bytes_max], cut, latency)
