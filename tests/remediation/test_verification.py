"""Verification: which readings count, and since when a host is silent or without NATS."""

import pytest

from firstline.diagnosis.diagnose import HostDiagnosis
from firstline.diagnosis.evidence import (
    Group,
    HostHistory,
    HostReport,
    Instance,
    Refresh,
    Refreshes,
    Unknown,
)
from firstline.diagnosis.health_checks import HostHealth
from firstline.ids import InstanceId
from firstline.remediation.verification import (
    add_reading,
    has_helped,
    is_launching,
    update_verified,
)
from tests.builders import NOW, A, B, C, ago, answered, evidence, report, target, targets, verifying

ONE = HostDiagnosis(HostHealth.SERVING, serving=("the host's enclave runs",))
TWO = HostDiagnosis(
    HostHealth.SERVING, serving=("the host's enclave runs", "the load balancer agrees")
)
SILENT = HostDiagnosis(HostHealth.UNKNOWN)
DEAD = HostDiagnosis(HostHealth.DEAD, dead=("no enclave", "unhealthy"))
UNKNOWN = HostDiagnosis(
    HostHealth.UNKNOWN, dead=("unhealthy",), serving=("the host's enclave runs",)
)
STARTING = HostDiagnosis(
    HostHealth.STARTING, serving=("it has just started", "the load balancer agrees")
)
STOPPING = HostDiagnosis(
    HostHealth.STOPPING, serving=("it is being stopped", "the load balancer agrees")
)
REPORT, NO_REPORT = report(up=True), Unknown("no answer in time")


@pytest.mark.parametrize(
    ("verdict", "readers", "found", "readings", "silent"),
    [
        (TWO, 2, REPORT, 3, 0),
        (ONE, 1, REPORT, 3, 0),
        (ONE, 2, REPORT, 0, 0),
        (UNKNOWN, 1, REPORT, 0, 0),
        (DEAD, 1, REPORT, 0, 0),
        (STARTING, 1, REPORT, 0, 0),
        (STOPPING, 1, REPORT, 0, 0),
        (ONE, 1, NO_REPORT, 0, 2),
    ],
)
def test_a_reading_counts_when_enough_checks_agree(
    verdict: HostDiagnosis, readers: int, found: HostReport | Unknown, readings: int, silent: int
) -> None:
    """I23: a good reading adds to the row, any other resets it."""
    before = target(readings=2, silent=1)
    after = add_reading(before, verdict, readers=readers, report=found, at=NOW)
    assert (after.readings, after.silent) == (readings, silent)


CUT_OFF = report(up=True, parent_nats_connected=False)
SINCE = HostHistory(silent_at=ago(90), nats_lost_at=ago(60), in_service_at=ago(600))


@pytest.mark.parametrize(
    ("before", "found", "after"),
    [
        # what begins now, and goes on as it began
        (HostHistory(), NO_REPORT, HostHistory(silent_at=NOW)),
        (HostHistory(silent_at=ago(90)), NO_REPORT, HostHistory(silent_at=ago(90))),
        (HostHistory(), CUT_OFF, HostHistory(nats_lost_at=NOW)),
        (HostHistory(nats_lost_at=ago(60)), CUT_OFF, HostHistory(nats_lost_at=ago(60))),
        # what ends
        (HostHistory(silent_at=ago(90)), REPORT, HostHistory()),
        (HostHistory(silent_at=ago(90)), CUT_OFF, HostHistory(nats_lost_at=NOW)),
        (HostHistory(nats_lost_at=ago(60)), REPORT, HostHistory()),
        (
            HostHistory(nats_lost_at=ago(60)),
            report(up=True, parent_nats_connected=None),
            HostHistory(),
        ),
        (HostHistory(nats_lost_at=ago(60)), NO_REPORT, HostHistory(silent_at=NOW)),
        # since when it is in service no reading changes
        (SINCE, REPORT, HostHistory(in_service_at=ago(600))),
        (SINCE, NO_REPORT, HostHistory(silent_at=ago(90), in_service_at=ago(600))),
    ],
)
def test_a_host_remembers_since_when(
    before: HostHistory, found: HostReport | Unknown, after: HostHistory
) -> None:
    """Hosts that are lost at once are distinguished from hosts that are lost one by one."""
    held = target(history=before)
    assert add_reading(held, SILENT, readers=1, report=found, at=NOW).history == after


@pytest.mark.parametrize(
    ("lifecycle", "boots"),
    [
        ("Pending", True),
        ("Pending:Wait", True),
        ("Pending:Proceed", True),
        ("InService", False),
        ("Terminating", False),
        ("Warmed:Stopped", False),
    ],
)
def test_an_instance_that_is_pending_boots(lifecycle: str, *, boots: bool) -> None:
    """Also one in a lifecycle hook; what cannot be read launches nothing."""
    instances = (Instance(A, "InService", "Healthy"), Instance(B, lifecycle, "Healthy"))
    assert is_launching(evidence(group=Group(desired=2, instances=instances))) is boots
    assert not is_launching(evidence(group=Unknown("throttled")))


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
    readings: int, verified: float | None, verdict: HostDiagnosis, verified_at: object
) -> None:
    """S04: one that dies again has to be verified again; a single check is enough to doubt."""
    after = update_verified(target(verified=verified, readings=readings), verdict, 3, NOW)
    assert (after.verified_at, after.verified) == (verified_at, verified_at is not None)
    assert after.readings == (0 if verdict.dead and not after.verified else readings)


@pytest.mark.parametrize(
    ("refreshes", "mended"),
    [
        (Refreshes((Refresh("ours", "Cancelled", NOW),)), True),
        (Refreshes((Refresh("ours", "Successful", NOW),)), True),
        (Refreshes((Refresh("ours", "Cancelling", NOW),)), False),
        (Refreshes((Refresh("ours", "InProgress", NOW),)), False),
        (
            Refreshes((Refresh("theirs", "InProgress", NOW), Refresh("ours", "Cancelled", NOW))),
            True,
        ),
        (Refreshes((Refresh("theirs", "Cancelled", NOW), Refresh("ours", "Pending", None))), False),
        (Refreshes((Refresh("theirs", "Cancelled", NOW),)), False),
        (Refreshes(), False),
        (Unknown("throttled"), False),
    ],
)
def test_a_cancel_helped_when_the_refresh_that_it_means_has_ended(
    refreshes: Refreshes | Unknown, *, mended: bool
) -> None:
    """While that goes on it did not, whatever became of others; and no verdict is about none."""
    cancel = answered(
        5, action="cancel_refresh", hosts=(), parameters={"InstanceRefreshId": "ours"}
    )
    seen = evidence(refreshes=refreshes)
    assert has_helped(cancel, verifying(cancel), seen, frozenset()) is mended


@pytest.mark.parametrize(
    ("scope", "verified", "mended"),
    [
        ((B,), (B,), True),
        ((B,), (), False),
        ((), (), False),
        ((C,), (C,), False),
        ((), (B,), False),
    ],
)
def test_a_replacement_helped_by_a_host_in_scope(
    scope: tuple[InstanceId, ...], verified: tuple[InstanceId, ...], *, mended: bool
) -> None:
    """The replacement of `A` is out of scope: without a look, it did not help."""
    current = answered(60, action="replace_instance", known=(A,))
    held = verifying(current, targets=targets(*scope) if scope else ())
    seen = evidence(group=Group(desired=1, instances=(Instance(B, "InService", "Healthy"),)))
    assert has_helped(current, held, seen, frozenset(verified)) is mended
