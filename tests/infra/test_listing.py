"""The deployment of both shipped profiles is the approved one."""

from pathlib import Path

import pytest

from tests.infra.listing import COMMAND, PROFILES, approved, assembled, listing


@pytest.mark.parametrize("profile", PROFILES)
def test_the_stacks_are_those_that_were_approved(profile: str, tmp_path: Path) -> None:
    """A resource that came, went or changed shows as a change of the listing."""
    made = listing(assembled(profile, tmp_path))
    assert made == approved(profile).read_text(), f"read the difference, then: {COMMAND}"
