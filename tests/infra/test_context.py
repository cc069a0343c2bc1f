"""The CDK's input: a fleet file, or a refusal in one line with a remedy."""

import json
from pathlib import Path

import pytest
from aws_cdk import App

from app import compose
from firstline.config import recipients
from firstline.config.fleet_choice import FILE, VARIABLE
from firstline.errors import InvalidInput
from infra import context
from tests.builders import PROFILE_FILE, deployable
from tests.config.test_profile import TEXT as SMALL
from tests.doctor.test_quotas import ALARM, EXTERNAL, MANY_EXTERNAL
from tests.infra.conftest import WITHOUT_BUNDLING, deployed_with
from tests.infra.made import Made

EXAMPLE: dict[str, object] = {"fleet": str(PROFILE_FILE)}


def test_the_defaults_are_the_careful_ones() -> None:
    """A file that says nothing of its deployment observes."""
    found = context.deployment(EXAMPLE.get)
    assert found.settings.explicit_settings().keys() == {"mode", *recipients.KEYS}
    assert (found.settings.mode, found.path) == ("dry-run", PROFILE_FILE)


def test_without_a_fleet_nothing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is named, or the variable's, or lies in the folder; none is a default."""
    nothing: dict[str, object] = {}
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(InvalidInput, match="no fleet file: name one by --fleet FILE"):
        context.deployment(nothing.get)
    (tmp_path / FILE).write_bytes(PROFILE_FILE.read_bytes())
    assert context.deployment(nothing.get).path == tmp_path / FILE
    monkeypatch.setenv(VARIABLE, str(PROFILE_FILE))
    assert context.deployment(nothing.get).path == PROFILE_FILE


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("mode", "enforce", 'mode = "enforce"'),
        ("team_email", "team@example.com", 'team_email = "team@example.com"'),
        ("archive_lock_days", "400", "archive_lock_days = 400"),
        ("ingest_concurrency_reserved", 25, "ingest_concurrency_reserved = 25"),
    ],
)
def test_a_key_that_the_file_knows_is_refused(key: str, value: object, line: str) -> None:
    """With the line to write instead: the next deployment would forget the key."""
    with pytest.raises(InvalidInput) as refused:
        context.deployment((EXAMPLE | {key: value}).get)
    assert str(refused.value) == (
        f"-c {key}={value}: write {line} under [deployment] in {PROFILE_FILE}"
    )


def test_the_former_name_of_the_file_is_refused() -> None:
    """A line of an earlier version names the file by another key."""
    with pytest.raises(InvalidInput, match=r"-c profile=a\.toml: name the fleet file by -c fleet="):
        context.deployment((EXAMPLE | {"profile": "a.toml"}).get)


def test_account_and_region_may_be_overridden(tmp_path: Path) -> None:
    """One file may be of several accounts; what is no account is refused."""
    given = deployed_with(tmp_path, account="111122223333", region="us-east-1", mode="enforce")
    found = context.deployment((given | {"region": "eu-west-1"}).get).settings
    assert (found.account, found.region, found.mode) == ("111122223333", "eu-west-1", "enforce")
    with pytest.raises(InvalidInput, match=r"^the CDK context .*: account is '12345'"):
        context.deployment((given | {"account": "12345"}).get)


@pytest.mark.parametrize(
    ("more", "says"),
    [(MANY_EXTERNAL, "18 names do not fit into one event pattern"), ("\nunknown = 1\n", "unknown")],
    ids=["quotas", "key"],
)
def test_a_profile_that_cannot_be_deployed_is_refused(tmp_path: Path, more: str, says: str) -> None:
    """CloudFormation's later refusals are found before synthesis."""
    path = tmp_path / "fleet.toml"
    path.write_text(deployable(SMALL + more))
    with pytest.raises(InvalidInput, match=says) as refused:
        context.deployment({"fleet": str(path)}.get)
    assert str(refused.value).startswith(str(path))


def most_that_is_taken(path: Path, text: str, tables: list[str]) -> str:
    """Add *tables* to the profile *text* until the next one would be refused."""
    for count in range(len(tables)):
        path.write_text(text + "".join(tables[: count + 1]))
        try:
            context.deployment({"fleet": str(path)}.get)
        except InvalidInput:
            return text + "".join(tables[:count])
    raise AssertionError("nothing was refused")


def test_the_most_that_is_taken_fits(tmp_path: Path) -> None:
    """As many alarms as are not refused fit into the environment and the event pattern."""
    path = tmp_path / "fleet.toml"
    small = deployable(SMALL)
    made_ones = [ALARM.format(name=f"an-alarm-{n:0>3}", period=60, periods=3) for n in range(30)]
    others = [EXTERNAL.format(name=f"an-alarm-of-somebody-else-{n:0>3}") for n in range(30)]
    most = most_that_is_taken(path, small, made_ones)
    most = most_that_is_taken(path, most, others)
    path.write_text(most)
    app = App(outdir=str(tmp_path / "assembly"), context={**WITHOUT_BUNDLING, "fleet": str(path)})
    compose(app)
    app.synth()
    made = Made(tmp_path / "assembly")
    rule = made.one("AWS::Events::Rule", "AlarmStates")
    pattern = json.dumps(rule.properties["EventPattern"], separators=(",", ":"))
    environments = [
        "".join(name + value for name, value in each.properties["Environment"]["Variables"].items())
        for each in made.of("AWS::Lambda::Function")
    ]
    assert 1500 < len(pattern) <= 2048
    assert all(3500 < len(each) <= 4096 for each in environments)
