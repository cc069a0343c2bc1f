"""The words that a command of a checkout hands on to the CDK."""

import pytest

from firstline.cli.develop import unless_named


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
