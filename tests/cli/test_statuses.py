"""Exit statuses: each that is stated is the one that a command leaves with."""

import copy
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from firstline.cli import cdk
from firstline.cli.main import STOPPED_STATUS, dispatch
from firstline.cli.output import contract
from firstline.lab.simulation import seed_run
from tests.dev.documented import PACKAGE, ROOT, defined_tests
from tools import prove
from tools.bench import bench
from tools.bench.figure import Figure
from tools.docs import commands

SCENARIO = ROOT / "events" / "scenarios" / "one-dead-host.toml"
EVENTS = str(ROOT / "events")
EVENT = str(ROOT / "events" / "cloudwatch.healthy-hosts-zero.json")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a person stands: fleet files, and files in which something is wrong."""
    for name in ("runbook.toml", "vettid.toml"):
        shutil.copy(PACKAGE / "profiles" / name, tmp_path / name)
    unmet = SCENARIO.read_text().replace('"resolved"', '"self-recovered"')
    files = {
        "unmet.toml": unmet.replace("../", f"{ROOT}/events/"),
        "broken.jsonl": '{"policy": "0", "text": ""}\n',
        "unread.json": "no JSON",
        "test_fails.py": "def test_it():\n    assert False\n",
        "test_breaks.py": "import gone\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)


def test_every_command_that_returns_a_status_says_what_it_means() -> None:
    """One that returns nothing ends with 0; each has what every command has."""
    returning = {
        each.words for each in commands.commands() if "int" in str(returned(each.parser.callback))
    }
    stated = {words for words, each in contract.STATUSES.items() if each.keys() - {0}}
    assert stated == returning


def returned(command: Callable[..., object]) -> object:
    return command.__annotations__["return"]


LEFT = {
    ("replay", 1): ["replay", "unmet.toml"],
    ("init", 1): ["init"],
    ("classify", 2): ["classify", EVENT, "unread.json"],
    ("backtest", 1): ["backtest", "--policy", "vettid.toml", EVENTS, "--fail-on", "any"],
    ("backtest", 2): ["backtest", "--policy", "runbook.toml", EVENT, "unread.json"],
    ("audit verify", 1): ["audit", "verify", "broken.jsonl"],
    ("test", 1): ["test", "-q", "test_fails.py", "-p", "no:cacheprovider"],
    ("test", 2): ["test", "-q", "test_breaks.py", "-p", "no:cacheprovider"],
    ("test", 4): ["test", "--no-such-option", "test_fails.py"],
    ("test", 5): ["test", "-q", "test_fails.py", "-k", "gone", "-p", "no:cacheprovider"],
    **{(each, 1): [each, "--fleet", "runbook.toml"] for each in ("synth", "diff", "destroy")},
    ("bootstrap", 1): ["bootstrap"],
    ("check", 1): ["check"],
    ("bench", 1): ["bench", "calls"],
    ("prove", 1): ["prove", "fails"],
    ("prove", 130): ["prove", "stops"],
    ("simulate", 1): ["simulate", "--seed", "2"],
}
"""A line for each status, in the folder of a person, with tools that fail."""
PROVED = {
    ("console", 0): "tests/dev/test_documented.py::test_what_is_served_is_asked_once_and_ended",
    ("doctor", 1): "tests/cli/test_doctor.py::test_a_deaf_account_is_status_1",
    ("drill", 1): "tests/cli/test_drill.py::test_what_did_not_hold_is_status_1",
    ("simulate", 130): (
        "tests/cli/test_simulate.py::test_a_campaign_that_is_stopped_says_how_to_go_on"
    ),
    (
        "deploy",
        1,
    ): "tests/cli/test_cdk.py::test_an_assembly_that_cannot_be_compared_is_not_deployed",
}
"""The test of each status that needs more than a line."""


def test_each_status_is_tried() -> None:
    """Those that every command has are tried in tests/dev/test_commands.py."""
    stated = {(words, each) for words, them in contract.STATUSES.items() for each in them}
    assert LEFT.keys() | PROVED.keys() == stated
    for proof in PROVED.values():
        file, _, name = proof.partition("::")
        assert name in defined_tests(ROOT / file)


@pytest.mark.parametrize(("command", "line"), LEFT.items(), ids=[str(each) for each in LEFT])
@pytest.mark.usefixtures("failing")
def test_a_status_is_the_one_that_is_stated(command: tuple[str, int], line: list[str]) -> None:
    assert dispatch(line) == command[1]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answers, and tools that fail: a check, a part that proves, the CDK, a simulated run."""
    broken = copy.replace(seed_run.simulate(2), violations=("I1 nobody is paged",))
    monkeypatch.setattr(seed_run, "simulate", lambda _: broken)
    monkeypatch.setattr("builtins.input", no_answer)
    monkeypatch.setattr(cdk, "cdk", lambda *_: 1)
    monkeypatch.setattr("firstline.cli.develop.CHECKS", {"lint": ("python", "-c", "exit(1)")})
    late = Figure(name="time", figure=2, unit="s").at_most(1)
    monkeypatch.setattr(bench, "measure", lambda *_, **__: [late])
    fails = prove.Part("it fails", "x.jsonl", lambda _: 1)
    stops = prove.Part("it is stopped", "x.jsonl", lambda _: STOPPED_STATUS)
    monkeypatch.setattr(prove, "PARTS", {"fails": fails, "stops": stops})


def no_answer(_: str) -> str:
    raise EOFError
