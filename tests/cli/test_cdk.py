"""A deployment is compared with what is deployed, and its arguments are passed on to the CDK."""

import json
from pathlib import Path
from typing import Any

import pytest

from firstline.cli import cdk
from firstline.cli.account import assembly, past_check
from firstline.cli.account.past_check import PastCheck
from firstline.cli.cdk import with_default_stacks
from firstline.cli.fleets import Place
from firstline.cli.main import dispatch
from firstline.lab.redecide.misses import Miss
from firstline.lab.twin.scenario import BEGINS
from tests.adapters.account import Answering, Refusal
from tests.builders import PROFILE_FILE


@pytest.mark.parametrize(
    ("given", "handed"),
    [
        ([], ["--all"]),
        (["firstline-prod-app"], []),
        (["-c", "account=111122223333"], ["--all"]),
        (["--profile", "staging", "--region=eu-west-1"], ["--all"]),
        (["--require-approval", "never", "firstline-prod-app"], []),
    ],
)
def test_all_stacks_are_deployed_unless_one_is_named(given: list[str], handed: list[str]) -> None:
    """The value of an option is no stack."""
    assert with_default_stacks("--all", given) == [*given, *handed]


def test_the_example_is_deployed_to_no_account(capsys: pytest.CaptureFixture[str]) -> None:
    """Its probe would request another's host."""
    assert dispatch(["deploy", "--fleet", str(PROFILE_FILE)]) == 2
    assert "is the shipped example: enter the names of your fleet" in capsys.readouterr().err


def test_a_fleet_is_named_in_any_form_of_the_context(capsys: pytest.CaptureFixture[str]) -> None:
    """The named fleet is the one that is deployed and checked."""
    for words in (["-c", f"fleet={PROFILE_FILE}"], [f"--context=fleet={PROFILE_FILE}"]):
        assert dispatch(["deploy", "--fleet", "other.toml", *words]) == 2
        assert f"{PROFILE_FILE}: is the shipped example" in capsys.readouterr().err


APP = "firstline-x-app"


def assembled(folder: Path, **templates: dict[str, Any]) -> Path:
    """An assembly of these templates, for us-east-1."""
    artifacts: dict[str, Any] = {"Tree": {"type": "cdk:tree"}}
    for name, template in templates.items():
        (folder / f"{name}.json").write_text(json.dumps(template))
        artifacts[name.replace("_", "-")] = {
            "type": assembly.STACK,
            "environment": "aws://unknown-account/us-east-1",
            "properties": {"templateFile": f"{name}.json"},
        }
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    return folder


def template(*alarms: str) -> dict[str, Any]:
    return {"Resources": {each: {"Type": "AWS::CloudWatch::Alarm"} for each in alarms}}


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Return the CDK's arguments; the account has the app stack alone, with two alarms."""
    calls: list[tuple[str, ...]] = []

    def run(_root: Path, *arguments: str) -> int:
        calls.append(arguments)
        return 0

    answers = {
        "cloudformation.GetTemplate": lambda asked: (
            {"TemplateBody": template("A", "B")}
            if asked["StackName"] == APP
            else Refusal("ValidationError")
        )
    }
    monkeypatch.setattr(cdk, "cdk", run)
    monkeypatch.setattr("firstline.cli.fleets.session", lambda _: Answering(answers).session)
    return calls


def test_a_deployment_that_loses_nothing_is_made(
    handed: list[tuple[str, ...]], tmp_path: Path
) -> None:
    """A stack that is not there has nothing to lose."""
    folder = str(
        assembled(tmp_path, firstline_x_app=template("A", "B", "C"), firstline_x_records=template())
    )
    assert dispatch(["deploy", "--app", folder]) == 0
    assert handed == [("deploy", "--app", folder, "--all")]


def test_a_loss_stops_it_unless_it_is_accepted(
    handed: list[tuple[str, ...]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By its printed name."""
    folder = str(assembled(tmp_path, firstline_x_app=template("A")))
    assert dispatch(["deploy", f"--app={folder}"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "firstline: deploy: would be lost: alarm:B",
        "correct the fleet file, or add --accept NAME for each loss",
    ]
    assert handed == []
    assert dispatch(["deploy", "--accept", "alarm:B", "--app", folder]) == 0
    assert handed == [("deploy", "--app", folder, "--all")]


def test_a_diff_in_words_precedes_the_cdks(
    handed: list[tuple[str, ...]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(assembled(tmp_path, firstline_x_app=template("A", "C\x1b[2J")))
    assert dispatch(["diff", "--app", folder]) == 0
    assert capsys.readouterr().out == "alarms\n  - B\n  + C\N{REPLACEMENT CHARACTER}[2J\n"
    assembled(tmp_path, firstline_x_app=template("A", "B"))
    assert dispatch(["diff", "--app", folder]) == 0
    assert "compare recipients" in capsys.readouterr().out
    assert handed == [("diff", "--app", folder)] * 2


def test_without_an_assembly_one_is_made_first(
    handed: list[tuple[str, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder of this command alone, of the same context, which `deploy` needs no more."""
    fleet = tmp_path / "my.toml"
    fleet.write_text("[fleet]\ngroup = 'mine'\n")
    made: list[Path] = []

    def run(_root: Path, *arguments: str) -> int:
        handed.append(arguments)
        if "synth" in arguments:
            made.append(Path(arguments[arguments.index("--output") + 1]))
            assembled(made[-1], firstline_x_app=template("A", "B"))
        return 0

    monkeypatch.setattr(cdk, "cdk", run)
    words = ["-c", "account=111122223333", "--context=region=eu-west-1", "--profile", "staging"]
    assert dispatch(["deploy", "--fleet", str(fleet), *words]) == 0
    (out,) = made
    context = ("-c", f"fleet={fleet}", "-c", "account=111122223333", "-c", "region=eu-west-1")
    assert handed == [
        ("synth", "--quiet", "--output", str(out), *context),
        ("deploy", "--profile", "staging", "--app", str(out), "--all"),
    ]
    assert not out.exists()


def test_what_is_compared_is_what_is_deployed(
    handed: list[tuple[str, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The CDK runs elsewhere: a folder is relative to the current folder."""
    (tmp_path / "mine").mkdir()
    folder = assembled(tmp_path / "mine", firstline_x_app=template("A", "B"))
    monkeypatch.chdir(tmp_path)
    for words in (["--app", "mine"], ["-a", "mine"], ["--app=mine"]):
        assert dispatch(["deploy", *words]) == 0
    assert handed == [("deploy", "--app", str(folder), "--all")] * 3


def test_an_assembly_that_cannot_be_compared_is_not_deployed(
    handed: list[tuple[str, ...]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The account refuses, the synthesis fails, or there is no assembly."""
    folder = str(assembled(tmp_path, firstline_x_app=template("A")))
    denied = Answering({"cloudformation.GetTemplate": Refusal("AccessDenied")})
    monkeypatch.setattr("firstline.cli.fleets.session", lambda _: denied.session)
    assert dispatch(["deploy", "--app", folder]) == 2
    assert f"the stack {APP} cannot be read" in capsys.readouterr().err
    assert dispatch(["deploy", "--app", str(tmp_path / "nowhere")]) == 2
    assert "nowhere: is not a CDK assembly" in capsys.readouterr().err
    assert handed == []
    monkeypatch.setattr(cdk, "cdk", lambda *_: 3)
    fleet = tmp_path / "my.toml"
    fleet.write_text("[fleet]\ngroup = 'mine'\n")
    assert dispatch(["deploy", "--fleet", str(fleet)]) == 3
    assert dispatch(["diff", "--fleet", str(fleet)]) == 3


def test_what_would_stop_cloudformation_is_reported_before(
    handed: list[tuple[str, ...]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A log group that is not there; a low limit alone is a line, and no reason to stop."""
    text = {"LogGroupName": "/vaults/parent"}
    counted = {"Resources": {"F": {"Type": "AWS::Logs::MetricFilter", "Properties": text}}}
    folder = str(assembled(tmp_path, firstline_x_app=counted))
    answers: dict[str, Any] = {
        "cloudformation.GetTemplate": Refusal("ValidationError"),
        "cloudwatch-logs.DescribeLogGroups": {"logGroups": [{"logGroupName": "/vaults/parents"}]},
        "lambda.GetAccountSettings": {
            "AccountLimit": {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}
        },
    }
    monkeypatch.setattr("firstline.cli.fleets.session", lambda _: Answering(answers).session)
    assert dispatch(["deploy", "--app", folder]) == 2
    assert "deploy: there is no log group /vaults/parent" in capsys.readouterr().err
    assert handed == []
    there = {"logGroups": [{"logGroupName": "/vaults/parent"}]}
    answers["cloudwatch-logs.DescribeLogGroups"] = there
    assert dispatch(["deploy", "--app", folder]) == 0
    assert capsys.readouterr().err.startswith("all functions of this account share 10 executions")
    assert handed == [("deploy", "--app", folder, "--all")]


def test_it_stops_at_what_the_past_would_lose(
    handed: list[tuple[str, ...]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Until it is accepted; where no stack stands there is no past."""
    lost = Miss(sort="page-lost", where="inc-1", at=BEGINS, why="the page inc-1")
    asked: list[Place] = []

    def check(place: Place, _since: object) -> PastCheck:
        asked.append(place)
        return PastCheck(1, (lost,), ())

    monkeypatch.setattr(past_check, "check", check)
    folder = assembled(tmp_path, firstline_x_app=template("A", "B"))
    line = ["deploy", "--fleet", "my.toml", "--app", str(folder), "--check-past", "30d"]
    assert dispatch([*line, "--profile", "staging", "-c", "region=eu-west-1"]) == 2
    out, err = capsys.readouterr()
    assert dispatch([*line[:-1], "soon"]) == 2
    assert "--check-past soon: give 2h, 7d, a date" in capsys.readouterr().err
    assert out.splitlines()[-1] == "past: 1 incident re-decided, 1 page lost, 0 fixes gained"
    assert "would be lost: past:page-lost" in err
    assert handed == []
    assert dispatch([*line, "--accept", "past:page-lost"]) == 0
    assert asked == [Place("my.toml", "eu-west-1", "staging"), Place("my.toml")]
    new = assembled(tmp_path, firstline_y_app=template("A"))
    assert dispatch(["deploy", "--app", str(new), "--check-past", "30d"]) == 0
    assert len(asked) == 2
