"""The fleet file's `[deployment]`: read, refused with its line, and no part of the policy."""

from pathlib import Path

import pytest

from firstline.config import deployment_section, fleet_file
from firstline.config.deployment_section import Deployment
from firstline.errors import InvalidInput
from tests.builders import FLEET_TEXT
from tests.config.test_profile import TEXT as WHOLE

EXTENDING = FLEET_TEXT
SECTION = """
[deployment]
mode = "enforce"
team_email = "team@example.com"
archive_lock_days = 400
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "fleet.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("text", [EXTENDING, WHOLE], ids=["extends", "whole"])
def test_it_is_read_and_is_no_part_of_the_profile(tmp_path: Path, text: str) -> None:
    """Recipients do not change the policy's digest."""
    path = written(tmp_path, text + SECTION)
    expected = Deployment(mode="enforce", team_email="team@example.com", archive_lock_days=400)
    assert fleet_file.deployment(path) == expected
    assert b"deployment" not in fleet_file.read(path).replace(b"deployment_group", b"")
    other = written(tmp_path, text + SECTION.replace("enforce", "dry-run"))
    assert fleet_file.read(other) == fleet_file.read(path)


def test_a_file_without_it_has_the_defaults(tmp_path: Path) -> None:
    assert fleet_file.deployment(written(tmp_path, EXTENDING)) == Deployment()
    assert Deployment().explicit_settings() == {"mode": "dry-run"}


def test_what_is_given_is_told_as_text() -> None:
    """The mode always, and each key that is no default."""
    found = Deployment(mode="enforce", team_email="team@example.com", archive_lock_days=400)
    assert found.explicit_settings() == {
        "mode": "enforce",
        "team_email": "team@example.com",
        "archive_lock_days": "400",
    }


def test_the_pager_is_of_its_service_region() -> None:
    """An address of its own, such as a stand-in's, comes first."""
    assert Deployment().pager == "https://events.pagerduty.com/v2/enqueue"
    assert Deployment(pager_region="eu").pager == "https://events.eu.pagerduty.com/v2/enqueue"
    own = "http://127.0.0.1:8080/enqueue"
    assert Deployment(pager_region="eu", pager_url=own).pager == own


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('mode = "watch"', "mode: is 'watch': "),
        ('architecture = "riscv"', "architecture: is 'riscv': "),
        ('account = "12345"', "account: is '12345': "),
        ('region = "Virginia"', "region: is 'Virginia': "),
        ('emergency_email = "on-call"', "emergency_email: is 'on-call': "),
        ('routing_key_secret_arn = "pagerduty"', "routing_key_secret_arn: is 'pagerduty': "),
        ('pager_region = "ap"', "pager_region: is 'ap': "),
        ('pager_url = "http://events.example.com/v2/enqueue"', "pager_url: is "),
        ('pager_url = "https://events.example.com"', "pager_url: is "),
        ('pager_notes_from = "firstline"', "pager_notes_from: is 'firstline': "),
        ("reconcile_concurrency_max = 1", "reconcile_concurrency_max: is 1: "),
        ("ingest_concurrency_reserved = 1", "ingest_concurrency_reserved: is 1: "),
        (
            'emergency_mail = "a@b.c"',
            "emergency_mail: is not a key here: did you mean emergency_email",
        ),
    ],
)
@pytest.mark.parametrize("text", [EXTENDING, WHOLE], ids=["extends", "whole"])
def test_a_bad_choice_is_located(tmp_path: Path, text: str, line: str, why: str) -> None:
    """With file, line and key, by whatever reads the file."""
    path = written(tmp_path, f"{text}\n[deployment]\n{line}\n")
    number = path.read_text().count("\n")
    for read in (fleet_file.load, fleet_file.deployment):
        with pytest.raises(InvalidInput) as refused:
            read(path)
        assert str(refused.value).startswith(f"{path}:{number}: deployment.{why}")


def test_a_fault_of_a_whole_profile_keeps_its_line(tmp_path: Path) -> None:
    """Though the profile is the file without the section."""
    path = written(tmp_path, WHOLE.replace("wakes_max = 400", "wakes_max = 0") + SECTION)
    number = path.read_text().split("wakes_max")[0].count("\n") + 1
    with pytest.raises(InvalidInput, match=f":{number}: policy.wakes_max: is 0"):
        fleet_file.load(path)


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("mode", "enforce", 'mode = "enforce"'),
        ("team_email", 'a"b@c', 'team_email = "a\\"b@c"'),
        ("archive_lock_days", "400", "archive_lock_days = 400"),
    ],
)
def test_a_line_is_toml(key: str, value: str, line: str) -> None:
    assert deployment_section.toml_line(key, value) == line
