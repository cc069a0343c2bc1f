"""The wheel alone gives the command: each line runs from an empty folder, without the checkout."""

import tomllib
import urllib.request

import msgspec
import pytest

from firstline.cli.main import COMMANDS
from firstline.controller.operators.commands import CommandResult
from tests.adapters.loopback import Loopback, http
from tests.dev.wheel import ROOT, Installed

CHECKOUT = (
    *("test", "check", "synth", "bootstrap", "diff", "deploy", "destroy"),
    *("bench", "prove", "docs"),
)
"""What works on a checkout alone."""
HERE = (
    "generate healthy-hosts --output event.json",
    "classify event.json",
    "policy explain event.json",
    "replay event.json --export ledger.jsonl",
    "replay ledger.jsonl",
    "simulate --seed 17",
    "audit list ledger.jsonl",
    "audit verify ledger.jsonl",
    "report ledger.jsonl --html report.html",
    "report --since 2026-01-01 ledger.jsonl",
    "policy check {package}/profiles/vettid.toml",
    "policy show {package}/profiles/vettid.toml",
    "init --from shown.toml --output fleet.toml",
    "backtest --policy fleet.toml event.json",
)
"""What reaches no account, in an order in which each finds what it reads."""
OPERATOR_LINES = (
    "approve inc-0123456789abcdef0123 5f1c09ab",
    "deny inc-0123456789abcdef0123 5f1c09ab --why no",
    "pause everything --why drill --for 1h",
    "resume everything --why over",
    "promote restart_enclave --why image",
)
ASKING = (
    "doctor",
    "drill complete-outage",
    "report-user --user 0f3c9a1e-5b7d-4c2a-9e10-aa0000000001 --details none",
)
"""What asks AWS first."""
ACCOUNT = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "key",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_MAX_ATTEMPTS": "1",
}
IMPORT_ALL = """
import importlib, pkgutil, firstline, functions
for package in (firstline, functions):
    for each in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(each.name)
print(firstline.__path__[0])
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("wheel"))


def test_every_module_finds_what_it_imports(installed: Installed) -> None:
    """Also what a command imports late: the wheel depends on all that it needs."""
    assert installed.says(IMPORT_ALL) == f"{installed.package}\n"


def test_the_version_stands_in_one_place(installed: Installed) -> None:
    """In pyproject.toml: the wheel has it from there, the command from the wheel."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert installed.wheel.name.startswith(f"firstline-{version}-")
    assert installed.run("--version").stdout == f"firstline {version}\n"
    other = (
        *installed.package.rglob("*.py"),
        ROOT / "package.json",
        *(ROOT / "infra").glob("*.py"),
    )
    assert [each for each in other if f'"{version}"' in each.read_text()] == []


def test_what_reaches_no_account_works(installed: Installed) -> None:
    for line in HERE:
        ran = installed.run(*line.format(package=installed.package).split())
        assert ran.returncode == 0, f"{line}: {ran.stderr}"
        if line.startswith("policy show"):
            (installed.stand / "shown.toml").write_text(ran.stdout)
    assert "<html" in (installed.stand / "report.html").read_text()


def test_the_console_shows_a_replay(installed: Installed) -> None:
    """With the templates and styles of the wheel."""
    assert installed.run("generate", "healthy-hosts", "-o", "shown.json").returncode == 0
    with installed.start("console", "shown.json", "--port", "0") as served:
        assert served.stdout is not None
        url = served.stdout.readline().split()[0]
        with urllib.request.urlopen(url) as answer:  # noqa: S310 - our own, on loopback
            page = answer.read().decode()
        served.terminate()
    assert (served.returncode, "complete-outage" in page) == (0, True)


@pytest.mark.parametrize("line", OPERATOR_LINES)
def test_an_operator_command_reaches_the_function_url(installed: Installed, line: str) -> None:
    name = line.partition(" ")[0]
    pulled = CommandResult(command=name, by="alice", action="restart_enclave", scope="everything")
    with Loopback(http("200 OK", msgspec.json.encode(pulled))) as server:
        ran = installed.run(*line.split(), "--url", server.url, "--json", **ACCOUNT)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert msgspec.json.decode(ran.stdout, type=CommandResult) == pulled


@pytest.mark.parametrize("line", ASKING)
def test_a_command_of_an_account_asks_it(installed: Installed, line: str) -> None:
    """The account refuses, which is one line."""
    fleet = {"FIRSTLINE_FLEET": str(installed.package / "profiles" / "runbook.toml")}
    with Loopback(http("403 Forbidden", b"{}")) as aws:
        ran = installed.run(*line.split(), AWS_ENDPOINT_URL=aws.url, **ACCOUNT, **fleet)
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1), ran.stderr
    assert aws.requests


@pytest.mark.parametrize("name", CHECKOUT)
def test_what_needs_the_checkout_says_so_in_one_line(installed: Installed, name: str) -> None:
    ran = installed.run(name)
    line = f"firstline: {name}: works only in a checkout, by ./dev; this firstline is installed in "
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert ran.stderr.startswith(line)


def test_every_command_is_tried() -> None:
    lines = {line.split()[0] for line in (*HERE, *OPERATOR_LINES, *ASKING)}
    assert lines | {"console", *CHECKOUT} == set(COMMANDS)
