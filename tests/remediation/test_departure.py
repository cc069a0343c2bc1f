"""Departure: why an instance left its group, by the words of Auto Scaling."""

from datetime import timedelta

import pytest

from firstline.remediation.departure import Activity, Departure, find_departure, find_termination
from firstline.remediation.execution import COMMAND_SEARCH_MARGIN
from tests.builders import NOW, A, B

LEFT = "At 2026-03-11T04:20:00Z an instance was taken out of service in response to "


def activity(cause: str, description: str = f"Terminating EC2 instance: {A}") -> Activity:
    """An activity of the group, now."""
    return Activity("one", description, cause, NOW)


@pytest.mark.parametrize(
    ("cause", "unhealthy"),
    [
        ("an ELB system health check failure.", True),
        ("an EC2 health check failure.", True),
        ("an EC2 instance status checks failure.", True),
        ("a VPC Lattice health check failure.", True),
        ("an EBS health check failure.", True),
        # somebody ended it outside the group, or marked it
        ("an EC2 health check indicating it has been terminated or stopped.", False),
        ("a user health-check.", False),
        ("a user request.", False),
        ("a difference between desired and actual capacity, shrinking the capacity.", False),
        ("an instance refresh.", False),
    ],
)
def test_a_group_replaces_an_instance_for_its_health(cause: str, *, unhealthy: bool) -> None:
    """The group's own checks, and what a person or a policy does."""
    seen = [activity(LEFT + cause)]
    assert find_departure(seen, A, NOW) == Departure("one", unhealthy)
    assert find_termination(seen, A, NOW) == (None if unhealthy else "one")


def test_the_first_that_took_it_away_counts() -> None:
    """A standby host was ended later; earlier activities, or of another host, do not count."""
    aside = activity(LEFT + "a user request.", f"Moving EC2 instance to Standby: {A}")
    later = Activity("two", f"Terminating EC2 instance: {A}", LEFT + "an ELB health check.", NOW)
    later = later._replace(at=NOW + timedelta(seconds=9))
    assert find_departure([later, aside], A, NOW) == Departure("one", unhealthy=False)
    assert find_departure([later, aside], B, NOW) is None
    assert find_departure([aside], A, NOW + COMMAND_SEARCH_MARGIN) == Departure(
        "one", unhealthy=False
    )
    assert find_departure([aside], A, NOW + COMMAND_SEARCH_MARGIN + timedelta(seconds=1)) is None
    launched = activity(LEFT, f"Launching a new EC2 instance: {A}")
    assert find_departure([launched], A, NOW) is None
