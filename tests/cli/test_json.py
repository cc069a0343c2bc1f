"""The JSON of every command has the schema of `docs/CLI.md`."""

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from firstline.cli.main import dispatch
from firstline.config import fleet_choice
from tests.adapters.account import Answering
from tests.cli.doctor_account import Clock, account
from tests.dev.account import quiet, waiting
from tests.dev.documented import PACKAGE, ROOT
from tools.docs import commands

SCENARIO = "events/scenarios/one-dead-host.toml"
EVENT = "events/cloudwatch.healthy-hosts-zero.json"
USER = "0f3c9a1e-5b7d-4c2a-9e10-aa0000000001"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a person stands."""
    (tmp_path / "events").symlink_to(ROOT / "events")
    shutil.copy(PACKAGE / "profiles" / "runbook.toml", tmp_path / "my-fleet.toml")
    shutil.copy(PACKAGE / "profiles" / "vettid.toml", tmp_path / "other.toml")
    monkeypatch.chdir(tmp_path)


def test_every_command_with_json_has_its_documents() -> None:
    encoding = {
        each.words
        for each in commands.commands()
        if any("--json" in option.opts for option in each.parser.params)
    }
    assert set(commands.DOCUMENTS) == encoding


def test_every_argument_and_option_has_its_help() -> None:
    bare = [
        (each.words, option.name)
        for each in commands.commands()
        for option in each.parser.params
        if not option.help
    ]
    assert bare == []


LEDGER = "ledger.jsonl"
JSON = {
    "an event": (["replay", EVENT], "replay"),
    "a scenario": (["replay", SCENARIO], "replay"),
    "an export": (["replay", LEDGER], "replay"),
    "events": (["classify", "events"], "classify"),
    "a policy": (["policy", "check", "my-fleet.toml"], "policy check"),
    "an explanation": (["policy", "explain", EVENT], "policy explain"),
    "runs": (["simulate", "--no-directed", "--seeds", "1"], "simulate"),
    "a run": (["simulate", "--seed", "2"], "simulate"),
    "a bug": (["simulate", "--planted", "an intent does not name its host"], "simulate"),
    "a backtest": (["backtest", "--policy", "other.toml", "events"], "backtest"),
    "a list": (["audit", "list", LEDGER], "audit list"),
    "entries": (["audit", "show", "INCIDENT", LEDGER], "audit show"),
    "a verified export": (["audit", "verify", LEDGER], "audit verify"),
    "reports": (["report", LEDGER], "report"),
    "a review": (["report", "--since", "2026-01-01", LEDGER], "report"),
    "figures": (["bench", "calls", "--quick"], "bench"),
}
"""Lines that need no account, and the command that each is of."""
WAITING = {
    "report-user": ["report-user", "--user", USER, "--details", "error 1042"],
    "pause": ["pause", "everything", "--why", "a game day", "--for", "2h"],
    "resume": ["resume", "everything", "--why", "it is over"],
    "promote": ["promote", "restart_enclave", "--why", "the image was bad"],
    "approve": ["approve", "INCIDENT", "PLAN"],
    "deny": ["deny", "INCIDENT", "PLAN", "--why", "we replace it"],
    "audit export": ["audit", "export", "whole.jsonl"],
}
"""Lines about a deployment in which an incident waits for a person."""


def test_each_command_s_documents_are_tried() -> None:
    tried = {words for _, words in JSON.values()} | WAITING.keys() | {"doctor", "drill"}
    assert tried == set(commands.DOCUMENTS)


def hold(words: str, line: list[str], capsys: pytest.CaptureFixture[str]) -> set[str]:
    """Run it with --json: each document is of one of the command's schemas; gives their names."""
    capsys.readouterr()
    dispatch([*line, "--json"])
    lines = [json.loads(each) for each in capsys.readouterr().out.splitlines()]
    documents = [each for each in lines if "service" not in each]  # the functions' logs
    assert documents
    return {fitting(words, each) for each in documents}


def fitting(words: str, document: object) -> str:
    """Return the one type whose schema *document* is of, among those of the command."""
    schemas = {it.type.__name__: strict(it.type) for it in commands.DOCUMENTS[words]}
    faults = {
        name: [each.message for each in Draft202012Validator(schema).iter_errors(document)]
        for name, schema in schemas.items()
    }
    fits = [name for name, found in faults.items() if not found]
    assert len(fits) == 1, faults
    return fits[0]


def strict(of: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the schema without extra fields, so that a missing field is noticed."""
    schema = msgspec.json.schema(of)
    Draft202012Validator.check_schema(schema)
    for each in schema["$defs"].values():
        if "properties" in each:
            each["additionalProperties"] = False
    return schema


@pytest.mark.timeout(900)
def test_documents_are_as_their_schemas_say(capsys: pytest.CaptureFixture[str]) -> None:
    """Of every command that needs no account, and of each type that it has."""
    dispatch(["replay", SCENARIO, "--export", LEDGER])
    incident = json.loads(Path(LEDGER).read_text().splitlines()[0])["incident"]
    seen: dict[str, set[str]] = {}
    for line, words in JSON.values():
        put = [incident if each == "INCIDENT" else each for each in line]
        seen.setdefault(words, set()).update(hold(words, put, capsys))
    assert seen == {words: {it.type.__name__ for it in commands.DOCUMENTS[words]} for words in seen}


def test_documents_of_a_deployment_are_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One after the other; a denial counts after an approval, too."""
    monkeypatch.setenv(fleet_choice.VARIABLE, "my-fleet.toml")
    with waiting(monkeypatch.setenv) as there:
        known = {"INCIDENT": there.incident, "PLAN": there.plan[:12]}
        for words, line in WAITING.items():
            hold(words, [known.get(each, each) for each in line], capsys)


def test_that_of_a_drill_is_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with quiet(monkeypatch.setenv) as there:
        monkeypatch.setattr("firstline.adapters.clock.SystemClock", lambda: there.clock)
        hold("drill", ["drill", "complete-outage", "--fleet", "my-fleet.toml"], capsys)


def test_that_of_the_doctor_is_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = Answering(account())
    monkeypatch.setattr("firstline.cli.doctor.SystemClock", Clock)
    monkeypatch.setattr("firstline.doctor.readers.stacks.Session", lambda **_: one.session)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    hold("doctor", ["doctor", "--fleet", "my-fleet.toml"], capsys)


def test_a_document_of_another_shape_is_found() -> None:
    """The check itself can fail: a field too many, one too few, one of another type."""
    document = {"event": "e", "report": "r", "reporter": "alice"}
    assert fitting("report-user", document) == "ReportLine"
    for other in (document | {"user": "x"}, {"event": "e"}, document | {"event": 1}):
        with pytest.raises(AssertionError):
            fitting("report-user", other)
