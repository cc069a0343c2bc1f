"""Situations that the guards of authority stop: mode, switch and approval."""

from firstline.config.profile import ActionPolicy
from firstline.ids import Digest
from firstline.incidents.approvals import PROPOSALS_MAX
from firstline.remediation.guards.guard import Denial
from firstline.remediation.guards.reason import Reason
from firstline.remediation.kill_switch import KillSwitch
from firstline.remediation.situation import Situation
from firstline.signal import Condition
from tests.builders import (
    A,
    ago,
    incident,
)
from tests.remediation.guarding.cases import APPROVING, autonomy, paused, proposed, thrown
from tests.remediation.situations import (
    approval,
    demoted,
    situation,
    switch,
)

SCOPES = ("everything", "complete-outage", incident().id)
STOPPED: dict[str, tuple[tuple[Situation, Denial], ...]] = {
    "mode_enforces": (
        (
            situation(mode="dry-run"),
            Denial(Reason.DRY_RUN, f"mode is dry-run: would have run restart_enclave on {A}"),
        ),
    ),
    "switch_is_off": (
        *((situation(limits=thrown(switch(each))), paused(each)) for each in SCOPES),
        (
            situation(limits=thrown(KillSwitch(pauses=(), unreadable="corrupt"))),
            Denial(Reason.KILL_SWITCH_UNREADABLE, "the kill switch cannot be read: corrupt"),
        ),
    ),
    "action_is_allowed": (
        (autonomy(), Denial(Reason.RECORD_ONLY, "autonomy of restart_enclave is record-only")),
        (
            APPROVING,
            Denial(
                Reason.APPROVAL_REQUIRED, "autonomy of restart_enclave is approve", approvable=True
            ),
        ),
        (
            autonomy(ActionPolicy(name="restart_enclave", autonomy="recommend")),
            Denial(
                Reason.APPROVAL_REQUIRED,
                "autonomy of restart_enclave is recommend",
                approvable=True,
            ),
        ),
        (
            autonomy(
                ActionPolicy(
                    name="restart_enclave",
                    autonomy="auto",
                    autonomy_by_condition={Condition.COMPLETE_OUTAGE: "record-only"},
                )
            ),
            Denial(Reason.RECORD_ONLY, "autonomy of restart_enclave is record-only"),
        ),
        (
            proposed(autonomy="recommend"),
            Denial(
                Reason.RECOMMENDED_ONLY,
                "restart_enclave is recommended only: an operator must run it",
            ),
        ),
        (
            proposed(),
            Denial(
                Reason.APPROVAL_PENDING,
                "approval of restart_enclave is pending until 2026-03-11T04:20:30+00:00",
                retry_at=ago(-30),
                approvable=True,
            ),
        ),
        (
            proposed(stood=0),
            Denial(
                Reason.APPROVAL_TIMED_OUT,
                "restart_enclave was not approved before 2026-03-11T04:20:00+00:00",
                final=True,
            ),
        ),
        (
            proposed(approval(granted=False)),
            Denial(
                Reason.APPROVAL_DENIED, "arn:of:alice denied restart_enclave: not now", final=True
            ),
        ),
        (
            proposed(approval(ended=0)),
            Denial(
                Reason.APPROVAL_EXPIRED,
                (
                    "the approval of restart_enclave by arn:of:alice expired at "
                    "2026-03-11T04:20:00+00:00"
                ),
                final=True,
            ),
        ),
        (
            proposed(approval(), plan=Digest("e" * 64)),
            Denial(
                Reason.APPROVAL_REQUIRED, "autonomy of restart_enclave is approve", approvable=True
            ),
        ),
        (
            proposed(approval(), used=True),
            Denial(
                Reason.APPROVAL_REQUIRED, "autonomy of restart_enclave is approve", approvable=True
            ),
        ),
        (
            proposed(approval(), used=True, times=PROPOSALS_MAX),
            Denial(
                Reason.APPROVAL_LIMIT_REACHED,
                "approval limit reached (10 requests): restart_enclave is not proposed again",
                final=True,
            ),
        ),
        (
            situation(limits=demoted()),
            Denial(
                Reason.APPROVAL_REQUIRED,
                "autonomy of restart_enclave is approve: 3 of its fixes in a row did not help by"
                ' 2026-03-11T03:20:00+00:00; firstline promote restart_enclave --why "..." makes it'
                " automatic again",
                approvable=True,
            ),
        ),
    ),
}
