"""The words that a command of a checkout hands on to the CDK."""

import pytest

from firstline.cli.develop import unless_named
from firstline.cli.main import dispatch
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
def test_all_stacks_are_meant_unless_one_is_named(given: list[str], handed: list[str]) -> None:
    """The value of an option is no stack."""
    assert unless_named("--all", given) == [*given, *handed]


def test_the_example_is_deployed_to_no_account(capsys: pytest.CaptureFixture[str]) -> None:
    """Its probe would ask a host of somebody else."""
    assert dispatch(["deploy", "--fleet", str(PROFILE_FILE)]) == 2
    assert "is the shipped example: put in the names of your fleet" in capsys.readouterr().err
