"""What the operator chooses: taken, or refused in one line that says how to mend it."""

import json
import re
from pathlib import Path

import pytest
from aws_cdk import App

from app import compose
from firstline.errors import Malformed
from infra import context
from infra.context import Context
from tests.config.test_profile import TEXT as SMALL
from tests.doctor.test_quotas import ALARM, EXTERNAL, MANY_EXTERNAL
from tests.infra.conftest import WITHOUT_BUNDLING
from tests.infra.made import Made

NOTHING: dict[str, object] = {}


def test_the_defaults_are_the_careful_ones() -> None:
    """A deployment that says nothing observes, with the packaged profile."""
    assert context.read(NOTHING.get) == Context(
        mode="observe", architecture="arm64", reconcile_concurrency_max=10
    )
    assert context.deployment(NOTHING.get).path.name == "runbook.toml"


def test_the_next_deployment_is_told_what_this_one_was_given() -> None:
    """The mode always, and each key that is no default; not the profile, which lies elsewhere."""
    assert context.told(Context()) == '{"mode":"observe"}'
    given = {
        "mode": "enforce",
        "profile": "my-fleet.toml",
        "architecture": "arm64",
        "team_email": "team@example.com",
        "archive_lock_days": "400",
    }
    told = json.loads(context.told(context.read(given.get)))
    assert told == {"mode": "enforce", "team_email": "team@example.com", "archive_lock_days": "400"}
    assert context.read(told.get) == context.read((given | {"profile": None}).get)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("mode", "dry-run", "mode"),
        ("architecture", "riscv", "architecture"),
        ("account", "12345", "account"),
        ("region", "Virginia", "region"),
        ("emergency_email", "nobody", "emergency_email"),
        ("routing_key_secret_arn", "pagerduty", "routing_key_secret_arn"),
        ("pager_url", "http://events.example.com/v2/enqueue", "pager_url"),
        ("pager_url", "https://events.example.com", "pager_url"),
        ("pager_notes_from", "firstline", "pager_notes_from"),
        ("reconcile_concurrency_max", "1", "reconcile_concurrency_max"),
        ("ingest_concurrency_reserved", 0, "ingest_concurrency_reserved"),
    ],
)
def test_a_bad_choice_is_refused(key: str, value: object, says: str) -> None:
    """The message names the key."""
    with pytest.raises(Malformed, match=says):
        context.read({key: value}.get)


@pytest.mark.parametrize(
    ("more", "says"),
    [(MANY_EXTERNAL, "18 names do not fit into one event pattern"), ("\nunknown = 1\n", "unknown")],
    ids=["quotas", "key"],
)
def test_a_profile_that_cannot_be_deployed_is_refused(tmp_path: Path, more: str, says: str) -> None:
    """What CloudFormation would refuse after minutes is refused before anything is made."""
    path = tmp_path / "fleet.toml"
    path.write_text(SMALL + more)
    with pytest.raises(Malformed, match=says) as refused:
        context.deployment({"profile": str(path)}.get)
    assert str(refused.value).startswith(str(path))


def most_that_is_taken(path: Path, text: str, tables: list[str]) -> str:
    """Add *tables* to the profile *text* until the next one would be refused."""
    for count in range(len(tables)):
        path.write_text(text + "".join(tables[: count + 1]))
        try:
            context.deployment({"profile": str(path)}.get)
        except Malformed:
            return text + "".join(tables[:count])
    raise AssertionError("nothing was refused")


def test_the_most_that_is_taken_fits(tmp_path: Path) -> None:
    """As many alarms as are not refused fit into the environment and the event pattern."""
    path = tmp_path / "fleet.toml"
    made_ones = [ALARM.format(name=f"an-alarm-{n:0>3}", period=60, periods=3) for n in range(30)]
    others = [EXTERNAL.format(name=f"an-alarm-of-somebody-else-{n:0>3}") for n in range(30)]
    most = most_that_is_taken(path, SMALL, made_ones)
    most = most_that_is_taken(path, most, others)
    path.write_text(most)
    app = App(outdir=str(tmp_path / "assembly"), context={**WITHOUT_BUNDLING, "profile": str(path)})
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


README = Path(__file__).parents[2] / "README.md"


def test_the_readme_tells_every_key() -> None:
    """In its list of them, which names no other."""
    (told,) = [line for line in README.read_text().splitlines() if "context keys are" in line]
    keys = {each for each in re.findall(r"`(\w+)`", told) if each not in CHOICES}
    assert keys == set(Context.__struct_fields__)


CHOICES = {"arm64", "x86_64", "governance", "compliance"}
"""What a key may be, told beside it."""
