"""A proxy that re-signs TLS: each command that leaves the machine goes through it.

The origin does not exist: without the proxy, or without trust in it, nothing is answered.
"""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from firstline.cli.account import ca_bundle
from firstline.cli.event_files import RUNBOOK
from firstline.controller.operators.commands import CommandResult
from tests.adapters.loopback import http
from tests.cli.proxy import ORIGIN, Proxy

FIRSTLINE = Path(sys.executable).parent / "firstline"
PULLED = CommandResult(command="resume", by="alice", scope="everything", notified=True)
RESUME = ("resume", "everything", "--why", "over", "--url", f"{ORIGIN}/", "--json")
CALLER = http(
    "200 OK",
    b"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/alice</Arn>"
    b"</GetCallerIdentityResult></GetCallerIdentityResponse>",
)
ASKING = {
    "report-user": (
        *("report-user", "--user", "00000000-0000-0000-0000-000000000001"),
        *("--details", "x"),
    ),
    "doctor": ("doctor", "--fleet", str(RUNBOOK)),
    "audit": ("audit", "list", "--fleet", str(RUNBOOK)),
}
BARE = {name: it for name, it in os.environ.items() if name not in ca_bundle.TARGET_VARIABLES}


def run(proxy: Proxy, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """``firstline`` with *words*, where *proxy* is the only way out."""
    given = {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "key",
        "AWS_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_ENDPOINT_URL": ORIGIN,
        "HTTPS_PROXY": f"http://{proxy.address}",
    }
    return subprocess.run(
        [FIRSTLINE, *words],
        env=BARE | given | env,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ca_bundle.SOURCE_VARIABLES)
def test_an_operator_command_goes_through_the_proxy(name: str, tmp_path: Path) -> None:
    with Proxy(tmp_path, http("200 OK", msgspec.json.encode(PULLED))) as proxy:
        ran = run(proxy, *RESUME, **{name: str(proxy.bundle)})
    assert (ran.returncode, ran.stderr) == (0, "")
    assert msgspec.json.decode(ran.stdout, type=CommandResult) == PULLED
    (asked,), (request,) = proxy.asked, proxy.requests
    assert asked.startswith(b"CONNECT 127.0.0.1:9 ")
    assert request.startswith(b"POST / HTTP/1.1\r\n")
    assert b"authorization" not in asked.lower()


def test_a_proxy_gets_its_credentials(tmp_path: Path) -> None:
    """By the name and the word in its address, and not the origin."""
    with Proxy(tmp_path, http("200 OK", msgspec.json.encode(PULLED))) as proxy:
        bundle = str(proxy.bundle)
        address = f"alice:a%40b@{proxy.address}"
        assert run(proxy, *RESUME, AWS_CA_BUNDLE=bundle, HTTPS_PROXY=address).returncode == 0
    assert b"\r\nproxy-authorization: basic YWxpY2U6YUBi".lower() in proxy.asked[0].lower()
    assert b"proxy-authorization" not in proxy.requests[0].lower()


def test_a_host_that_needs_no_proxy_has_none(tmp_path: Path) -> None:
    with Proxy(tmp_path, b"") as proxy:
        ran = run(proxy, *RESUME, AWS_CA_BUNDLE=str(proxy.bundle), NO_PROXY="127.0.0.1")
    assert (ran.returncode, proxy.asked) == (2, [])


@pytest.mark.parametrize("command", ASKING)
@pytest.mark.parametrize("name", ca_bundle.SOURCE_VARIABLES)
def test_aws_is_asked_through_the_proxy(name: str, command: str, tmp_path: Path) -> None:
    """Its answer is none of the service's, which is one line."""
    with Proxy(tmp_path, http("403 Forbidden", b"{}")) as proxy:
        ran = run(proxy, *ASKING[command], **{name: str(proxy.bundle)})
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1), ran.stderr
    assert proxy.requests


@pytest.mark.parametrize("words", [RESUME, ASKING["report-user"]], ids=lambda each: each[0])
def test_a_proxy_that_is_not_trusted_is_one_line(words: tuple[str, ...], tmp_path: Path) -> None:
    with Proxy(tmp_path, b"") as proxy:
        ran = run(proxy, *words)
    assert (ran.returncode, ran.stderr.count("\n"), proxy.requests) == (2, 1, [])
    assert proxy.asked
    assert "CERTIFICATE_VERIFY_FAILED" in ran.stderr
    assert "AWS_CA_BUNDLE" in ran.stderr


@pytest.mark.parametrize("words", [RESUME, ASKING["report-user"]], ids=lambda each: each[0])
def test_a_bundle_that_is_not_there_is_one_line(words: tuple[str, ...], tmp_path: Path) -> None:
    with Proxy(tmp_path, b"") as proxy:
        ran = run(proxy, *words, AWS_CA_BUNDLE=str(tmp_path / "absent.pem"))
    assert (ran.returncode, ran.stderr.count("\n"), proxy.requests) == (2, 1, [])
    assert "AWS_CA_BUNDLE" in ran.stderr
