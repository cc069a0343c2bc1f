"""Operator URL: sends an operator command to the deployment, signed with a person's credentials.

Like AWS's own tools it uses the proxy of ``HTTPS_PROXY`` unless ``NO_PROXY`` names the host, and
trusts the certificates of ``AWS_CA_BUNDLE`` or the profile's ``ca_bundle``.
"""

import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import botocore.session
import msgspec
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from firstline.adapters.aws.errors import CA_BUNDLE_HINT, describe, unavailable
from firstline.controller.operators.commands import (
    NOT_A_COMMAND,
    URL_OUTPUT,
    CommandResult,
    OperatorCommand,
)
from firstline.doctor.readers import stacks
from firstline.errors import DependencyUnavailable, InvalidInput
from firstline.schema_1 import COMMAND_RESULT, upgrade

if TYPE_CHECKING:
    from boto3.session import Session

TIMEOUT = urllib3.Timeout(connect=5, read=60)


def find(fleet: str, session: "Session") -> str:
    """Return the URL of the deployment of *fleet*; raises `InvalidInput` where there is none."""
    return stacks.stack_output(URL_OUTPUT, stacks.app_stack(fleet), session)


def send(command: OperatorCommand, url: str, session: "Session") -> CommandResult:
    """Send *command* once, without a retry; raises `InvalidInput` with the answered error.

    A function of a version before 0.2 knows only the words of schema 1. It refuses the command,
    which is sent again in these words: a pause must stop the fixes of the version that runs.
    """
    if not url.startswith(("https://", "http://127.0.0.1:")):
        raise InvalidInput(f"--url {url}: give an address that begins with https://")
    document = msgspec.to_builtins(command)
    response = _post(document, url, session)
    error = _error_message(response.status, response.data)
    if response.status == 400 and error.startswith(NOT_A_COMMAND):  # noqa: PLR2004 - HTTP's own number
        response = _post({"lever": document.pop("command"), **document}, url, session)
    if response.status == 200:  # noqa: PLR2004 - HTTP's own number
        return _decode_result(response.data)
    raise InvalidInput(_error_message(response.status, response.data))


def _post(document: dict[str, object], url: str, session: "Session") -> urllib3.BaseHTTPResponse:
    body = msgspec.json.encode(document)
    headers = _signed_headers(url, body, session)
    try:
        return _pool(url, session).request(
            "POST", url, body=body, headers=headers, timeout=TIMEOUT, retries=False, redirect=False
        )
    except urllib3.exceptions.SSLError as error:
        raise DependencyUnavailable(
            f"no request was sent to {url} ({error}): {CA_BUNDLE_HINT}"
        ) from error
    except urllib3.exceptions.HTTPError as error:
        why = f"no answer from {url} ({type(error).__name__}): it may be done or not, look"
        raise DependencyUnavailable(why) from error


def _pool(url: str, session: "Session") -> urllib3.PoolManager:
    """Return the connection pool for *url*.

    Raises `InvalidInput` where the CA bundle cannot be read.
    """
    trust = _tls_context(session)
    parts = urlsplit(url)
    proxy_url = "" if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme, "")
    if not proxy_url:
        return urllib3.PoolManager(ssl_context=trust)
    proxy = urllib3.util.parse_url(proxy_url if "://" in proxy_url else f"http://{proxy_url}")
    auth = urllib3.make_headers(proxy_basic_auth=unquote(proxy.auth)) if proxy.auth else None
    address = f"{proxy.scheme}://{proxy.netloc}"
    return urllib3.ProxyManager(
        address, proxy_headers=auth, proxy_ssl_context=trust, ssl_context=trust
    )


def _tls_context(session: "Session") -> ssl.SSLContext:
    profile = None if session.profile_name == "default" else session.profile_name
    bundle = botocore.session.Session(profile=profile).get_config_variable("ca_bundle")
    try:
        context = ssl.create_default_context(cafile=bundle)
    except OSError as error:
        raise InvalidInput(
            f"AWS_CA_BUNDLE: {bundle}: contains no certificates ({error})"
        ) from error
    # as botocore does: many proxies' own CAs fail Python 3.13's strict default
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _decode_result(data: bytes) -> CommandResult:
    try:
        document = msgspec.json.decode(data, type=dict[str, Any])
        upgrade(document, COMMAND_RESULT)
        return msgspec.convert(document, type=CommandResult)
    except (ValueError, RecursionError) as error:  # invalid UTF-8 is not a `msgspec.DecodeError`
        raise DependencyUnavailable(
            f"the answer is none of firstline's, it may be done or not: {error}"
        ) from error


def _signed_headers(url: str, body: bytes, session: "Session") -> dict[str, str]:
    request = AWSRequest("POST", url, data=body, headers={"content-type": "application/json"})
    with unavailable("the AWS credentials are not usable", describe):
        credentials = session.get_credentials()
        if credentials is None:
            raise InvalidInput("no AWS credentials are set: sign in, or set AWS_PROFILE")
        SigV4Auth(credentials, "lambda", session.region_name).add_auth(request)
    return dict(request.headers.items())


def _error_message(status: int, data: bytes) -> str:
    """Return the message of the function's ``error`` or of the URL's ``Message``."""
    try:
        document = msgspec.json.decode(data, type=dict[str, object])
    except (ValueError, RecursionError):
        document = {}
    if "error" in document:
        return str(document["error"])
    why = document.get("Message", "no reason given")
    if status == 403:  # noqa: PLR2004 - HTTP's own number
        return f"you may not run operator commands ({why}): ask for the stack's Operators policy"
    return f"the answer was {status} ({why})"
