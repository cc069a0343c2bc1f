import copy
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstline.ids import IncidentId, InstanceId
from firstline.remediation.limits import (
    AttemptRecord,
    Lease,
    attempted_targets,
    cooldown,
    count_failures,
    extend_lease,
    fix_in_progress,
    last_attempt,
    release_lease,
    take_lease,
)
from tests.builders import ID, NOW, OTHER, A, B, ago
from tests.remediation.situations import lease, spent
from tests.strategies import CALM

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("holder", "until", "free"),
    [
        (None, None, True),
        (None, ago(-60), True),
        (ID, ago(-60), True),
        (OTHER, ago(-0.001), False),
        (OTHER, None, False),
        (OTHER, NOW, True),
        (OTHER, ago(60), True),
    ],
)
def test_a_lease_is_free_for_its_holder_and_after_its_time(
    holder: IncidentId | None, until: object, *, free: bool
) -> None:
    """I10: to the instant; one that is held without an end never frees itself."""
    assert lease(holder=holder, until=until).free_for(ID, NOW) is free


@pytest.mark.parametrize(
    ("holder", "until", "held"),
    [
        (OTHER, ago(-0.001), True),
        (OTHER, NOW, False),
        (OTHER, None, False),
        (None, ago(-60), False),
    ],
)
def test_a_fix_is_under_way_until_its_lease_runs_out(
    holder: IncidentId | None, until: datetime | None, *, held: bool
) -> None:
    """To the instant, as the lease is free from then on."""
    fix = spent(60)
    found = fix_in_progress(lease(spent(90), fix, holder=holder, until=until), NOW)
    assert found == (fix if held else None)


@pytest.mark.parametrize(("age", "counted"), [(3599.999, 1), (3600, 0)])
def test_a_failed_fix_counts_within_its_window(age: float, counted: int) -> None:
    """To the instant."""
    failed = copy.replace(spent(age), failed=True)
    assert count_failures(lease(failed, spent(1)), NOW, HOUR) == counted


def test_taking_raises_the_fence_and_prunes_the_window() -> None:
    """Attempts before the window are dropped; future ones are kept."""
    held = lease(spent(3600), spent(3599, B), spent(-5), fence=7, holder=OTHER, until=ago(1))
    new = spent(0)
    assert take_lease(held, ID, ago(-150), new, HOUR) == Lease(
        group=held.group,
        fence=8,
        holder=ID,
        until=ago(-150),
        spent=(spent(3599, B), spent(-5), new),
    )


def test_extending_and_releasing_keep_the_fence_and_the_attempts() -> None:
    """Only taking raises the fence, and nothing gives an attempt back."""
    held = lease(spent(0), fence=8, holder=ID, until=ago(-150))
    assert extend_lease(held, ago(-400)) == lease(spent(0), fence=8, holder=ID, until=ago(-400))
    assert release_lease(held) == lease(spent(0), fence=8)


@pytest.mark.parametrize(
    ("spendings", "made", "last"),
    [
        ((), 0, None),
        ((spent(30), spent(3599)), 2, ago(30)),
        ((spent(3600), spent(9, B), spent(9, A, "reboot")), 0, ago(3600)),
        ((spent(-30), spent(30)), 2, ago(-30)),
    ],
)
def test_attempts_are_counted_by_action_and_target_in_the_window(
    spendings: tuple[AttemptRecord, ...], made: int, last: object
) -> None:
    """S19: what is spent on one target is not charged to another."""
    held = lease(*spendings)
    assert attempted_targets(held, "restart_enclave", NOW, HOUR).count(A) == made
    assert last_attempt(held, "restart_enclave", A) == last


@pytest.mark.parametrize(("made", "times"), [(0, 1), (1, 1), (2, 2), (3, 4), (4, 8)])
def test_the_cooldown_doubles(made: int, times: int) -> None:
    """The n-th attempt is followed by twice the wait of the one before."""
    assert cooldown(timedelta(seconds=60), made) == timedelta(seconds=60 * times)


@CALM
@given(st.lists(st.tuples(st.integers(0, 7000), st.sampled_from((A, B))), max_size=9))
def test_no_taking_hides_an_attempt_in_the_window(made: list[tuple[int, InstanceId]]) -> None:
    """Pruning forgets nothing that still counts."""
    spendings = [spent(age, id_) for age, id_ in sorted(made, key=lambda each: -each[0])]
    held = lease()
    for each in spendings:
        held = take_lease(held, ID, each.at + HOUR, each, HOUR)
    for id_ in (A, B):
        counted = attempted_targets(lease(*spendings), "restart_enclave", NOW, HOUR).count(id_)
        assert attempted_targets(held, "restart_enclave", NOW, HOUR).count(id_) == counted
    assert held.fence == len(spendings)
