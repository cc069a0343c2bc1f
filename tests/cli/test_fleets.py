"""Which fleet, Region and credentials a command means, from what its line and environment give."""

from pathlib import Path

import pytest

import firstline
from firstline.cli import fleets
from firstline.cli.fleets import Place
from firstline.cli.main import dispatch
from firstline.config import fleet_choice
from firstline.errors import DependencyUnavailable, InvalidInput
from tests.builders import FLEET_TEXT

RUNBOOK = Path(firstline.__file__).parent / "profiles" / "runbook.toml"
IN_EUROPE = FLEET_TEXT + '[deployment]\nregion = "eu-west-1"\n'
AWS = (
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_PROFILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
)


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder, and an environment that names no fleet and two profiles of credentials."""
    for each in (fleet_choice.VARIABLE, *AWS):
        monkeypatch.delenv(each, raising=False)
    config, credentials = tmp_path / "config", tmp_path / "credentials"
    config.write_text("[profile staging]\nregion = us-west-2\n")
    credentials.write_text("[staging]\naws_access_key_id = A\naws_secret_access_key = b\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("given", "environment", "region"),
    [
        ("ap-south-1", "us-east-1", "ap-south-1"),
        ("", "us-east-1", "eu-west-1"),
    ],
)
def test_the_files_region_is_the_deployments(
    given: str, environment: str, region: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A shell's Region is for other work; the line that names one means it."""
    monkeypatch.setenv("AWS_REGION", environment)
    (tmp_path / "mine.toml").write_text(IN_EUROPE)
    found = fleets.find(Place("mine.toml", given))
    assert (found.name, found.file) == ("vettid", Path("mine.toml"))
    assert found.session.region_name == region


def test_a_name_is_enough_for_the_stack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A page gives no file; a file of that name, with no ending, is a file all the same."""
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    found = fleets.find(Place("prod"))
    assert (found.name, found.file) == ("prod", None)
    assert found.session.region_name == "eu-north-1"
    (tmp_path / "prod").write_text(IN_EUROPE)
    assert fleets.find(Place("prod")).file == Path("prod")


def test_credentials_are_named_as_in_every_aws_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the option, else by the variable; their Region is the last choice."""
    assert fleets.session(Place(credentials="staging")).profile_name == "staging"
    monkeypatch.setenv("AWS_PROFILE", "staging")
    assert fleets.session(Place()).region_name == "us-west-2"
    with pytest.raises(DependencyUnavailable, match="gone"):
        fleets.session(Place(region="us-east-1", credentials="gone"))


def test_only_what_reaches_no_account_has_an_example(tmp_path: Path) -> None:
    """A fleet file in the folder comes before it."""
    assert fleets.choose_or_example("") == RUNBOOK
    with pytest.raises(InvalidInput, match="no fleet file"):
        fleets.choose("")
    (tmp_path / fleet_choice.FILE).touch()
    assert fleets.choose_or_example("") == fleets.choose("") == Path(fleet_choice.FILE)


@pytest.mark.parametrize(
    "words",
    [
        ["doctor"],
        ["drill", "complete-outage"],
        ["pause", "everything", "--why", "x", "--for", "1h"],
        ["audit", "list"],
        ["audit", "export", "out.jsonl"],
        ["report", "--since", "7d"],
        ["report", "--incident", "inc-0123456789abcdef0123"],
    ],
)
def test_no_account_is_reached_without_a_fleet(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor is the example's stack looked for."""
    assert dispatch(words) == 2
    assert f"{words[0]}: no fleet file: name one by --fleet FILE" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--profile", "my.toml"], ["--profile=my.toml"]])
@pytest.mark.parametrize("command", ["doctor", "classify", "deploy", "replay"])
def test_a_file_as_profile_names_the_line_to_write(
    command: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Commands took it so once; the CDK would look for credentials of that name."""
    assert dispatch([command, *words]) == 2
    line = "--profile names AWS credentials: name the fleet file by --fleet my.toml"
    assert capsys.readouterr().err == f"firstline: {command}: {line}\n"
