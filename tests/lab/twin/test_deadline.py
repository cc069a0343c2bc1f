"""How late a scenario may end: a sum of the policy's numbers."""

from datetime import timedelta

import pytest

from firstline.errors import InvalidInput
from firstline.lab.twin.deadline import deadline
from tests.builders import PROFILE

POLICY = PROFILE.policy


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("watch_seconds", POLICY.watch_seconds),
        ("2 * watch_seconds + 90", 2 * POLICY.watch_seconds + 90),
        ("restart_enclave", 150 + POLICY.verify_timeout_seconds),
    ],
)
def test_a_deadline_is_a_sum_of_what_the_policy_allows(text: str, seconds: int) -> None:
    """An action counts with its lease and the time in which it must have helped."""
    assert deadline(text, PROFILE) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "verify_readings", "watch", "-1", "watch_seconds+1", "x * 2"])
def test_what_is_no_duration_of_the_policy_is_refused(text: str) -> None:
    """A count is none, nor is a misspelt key."""
    with pytest.raises(InvalidInput, match="deadline"):
        deadline(text, PROFILE)
