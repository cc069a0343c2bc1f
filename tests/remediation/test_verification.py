import pytest

from firstline.diagnosis.diagnose import Verdict
from firstline.diagnosis.health_checks import Life
from firstline.remediation.verification import read, settle
from tests.builders import NOW, ago, target

ONE = Verdict(Life.SERVING, serving=("the host's enclave runs",))
TWO = Verdict(Life.SERVING, serving=("the host's enclave runs", "the load balancer agrees"))
SILENT = Verdict(Life.UNKNOWN)
DEAD = Verdict(Life.DEAD, dead=("no enclave", "unhealthy"))
UNKNOWN = Verdict(Life.UNKNOWN, dead=("unhealthy",), serving=("the host's enclave runs",))


@pytest.mark.parametrize(
    ("verdict", "readers", "reported", "readings", "silent"),
    [
        (TWO, 2, True, 3, 0),
        (ONE, 1, True, 3, 0),
        (ONE, 2, True, 0, 0),
        (UNKNOWN, 1, True, 0, 0),
        (DEAD, 1, True, 0, 0),
        (ONE, 1, False, 0, 2),
    ],
)
def test_a_reading_counts_when_enough_readers_agree(
    verdict: Verdict, readers: int, *, reported: bool, readings: int, silent: int
) -> None:
    """I23: a good reading adds to the row, any other begins it anew."""
    after = read(target(readings=2, silent=1), verdict, readers=readers, reported=reported)
    assert (after.readings, after.silent) == (readings, silent)


@pytest.mark.parametrize(
    ("readings", "verified", "verdict", "verified_at"),
    [
        (2, None, TWO, None),
        (3, None, TWO, NOW),
        (4, None, UNKNOWN, NOW),
        (3, 60, TWO, ago(60)),
        (0, 60, SILENT, ago(60)),
        (0, 60, UNKNOWN, None),
        (3, 60, DEAD, None),
        (3, None, DEAD, None),
    ],
)
def test_a_target_is_verified_by_k_in_a_row_until_it_is_proven_dead(
    readings: int, verified: float | None, verdict: Verdict, verified_at: object
) -> None:
    """S04: one that dies again has to be verified again; a single reader is enough to doubt."""
    after = settle(target(verified=verified, readings=readings), verdict, 3, NOW)
    assert (after.verified_at, after.verified) == (verified_at, verified_at is not None)
    assert after.readings == (0 if verdict.dead and not after.verified else readings)
