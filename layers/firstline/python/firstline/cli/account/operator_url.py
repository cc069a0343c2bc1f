"""Operator URL: from a person's machine to the deployed levers, signed with their credentials.

The way there is that of AWS's own tools: through the proxy of ``HTTPS_PROXY``, unless ``NO_PROXY``
names the host, and with the trust of ``AWS_CA_BUNDLE`` or the profile's ``ca_bundle``.
"""

import ssl
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import botocore.session
import msgspec
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from firstline.adapters.aws.errors import CA_BUNDLE_HINT, describe, unavailable
from firstline.controller.operators.commands import URL_OUTPUT, CommandResult, OperatorCommand
from firstline.doctor.readers import stacks
from firstline.errors import DependencyUnavailable, InvalidInput

if TYPE_CHECKING:
    from boto3.session import Session

PATIENCE = urllib3.Timeout(connect=5, read=60)


def find(fleet: str, session: "Session") -> str:
    """The URL of the deployment for *fleet*; raises `InvalidInput` where there is none."""
    return stacks.stack_output(URL_OUTPUT, stacks.app_stack(fleet), session)


def send(lever: OperatorCommand, url: str, session: "Session") -> CommandResult:
    """Pull *lever*, once; raises `InvalidInput` with what the other side says is wrong."""
    if not url.startswith(("https://", "http://127.0.0.1:")):
        raise InvalidInput(f"--url {url}: give an address that begins with https://")
    body = msgspec.json.encode(lever)
    headers = _signed(url, body, session)
    try:
        answer = _pool(url, session).request(
            "POST", url, body=body, headers=headers, timeout=PATIENCE, retries=False, redirect=False
        )
    except urllib3.exceptions.SSLError as error:
        raise DependencyUnavailable(
            f"nothing was sent to {url}, for {error}: {CA_BUNDLE_HINT}"
        ) from error
    except urllib3.exceptions.HTTPError as error:
        why = f"no answer from {url} ({type(error).__name__}): it may be done or not, look"
        raise DependencyUnavailable(why) from error
    if answer.status == 200:  # noqa: PLR2004 - HTTP's own number
        return _read(answer.data)
    raise InvalidInput(_refusal(answer.status, answer.data))


def _pool(url: str, session: "Session") -> urllib3.PoolManager:
    """What sends to *url*.

    Raises `InvalidInput` where the bundle of certificates cannot be read.
    """
    trust = _trust(session)
    parts = urlsplit(url)
    named = "" if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme, "")
    if not named:
        return urllib3.PoolManager(ssl_context=trust)
    proxy = urllib3.util.parse_url(named if "://" in named else f"http://{named}")
    auth = urllib3.make_headers(proxy_basic_auth=unquote(proxy.auth)) if proxy.auth else None
    at = f"{proxy.scheme}://{proxy.netloc}"
    return urllib3.ProxyManager(at, proxy_headers=auth, proxy_ssl_context=trust, ssl_context=trust)


def _trust(session: "Session") -> ssl.SSLContext:
    profile = None if session.profile_name == "default" else session.profile_name
    bundle = botocore.session.Session(profile=profile).get_config_variable("ca_bundle")
    try:
        context = ssl.create_default_context(cafile=bundle)
    except OSError as error:
        raise InvalidInput(f"AWS_CA_BUNDLE: {bundle}: holds no certificates ({error})") from error
    # as botocore's: many a proxy's own authority lacks what Python 3.13 asks for by default
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _read(data: bytes) -> CommandResult:
    try:
        return msgspec.json.decode(data, type=CommandResult)
    except (ValueError, RecursionError) as error:  # no UTF-8 is no `msgspec.DecodeError`
        raise DependencyUnavailable(
            f"the answer is none of firstline's, it may be done or not: {error}"
        ) from error


def _signed(url: str, body: bytes, session: "Session") -> dict[str, str]:
    request = AWSRequest("POST", url, data=body, headers={"content-type": "application/json"})
    with unavailable("the AWS credentials cannot be used", describe):
        credentials = session.get_credentials()
        if credentials is None:
            raise InvalidInput("no AWS credentials are set: sign in, or set AWS_PROFILE")
        SigV4Auth(credentials, "lambda", session.region_name).add_auth(request)
    return dict(request.headers.items())


def _refusal(status: int, data: bytes) -> str:
    """What the other side says: our function an ``error``, the URL itself a ``Message``."""
    try:
        told = msgspec.json.decode(data, type=dict[str, object])
    except (ValueError, RecursionError):
        told = {}
    if "error" in told:
        return str(told["error"])
    why = told.get("Message", "no reason given")
    if status == 403:  # noqa: PLR2004 - HTTP's own number
        return f"you may not pull levers ({why}): ask for the stack's Operators policy"
    return f"the answer was {status} ({why})"
