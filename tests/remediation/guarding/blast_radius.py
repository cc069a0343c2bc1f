"""Situations that guards stop for whom a fix would touch, and how often."""

import copy
from datetime import timedelta

from firstline.remediation.guards.guard import Denial
from firstline.remediation.guards.reason import Reason
from firstline.remediation.situation import Situation
from tests.builders import (
    NOW,
    OTHER,
    A,
    B,
    C,
    ago,
    attempt,
    evidence,
    group,
    impaired,
    incident,
    verifying,
)
from tests.remediation.guarding.cases import (
    ALL_DEAD,
    FAILED,
    FAILED_ELSEWHERE,
    FRAGILE,
    ONE_SERVES,
    OVERLAPPING,
    PROTECTED,
    UNREAD,
    UNSAVED,
    diagnosis,
    holding,
    only,
    silent,
)
from tests.remediation.situations import (
    limits,
    policy,
    situation,
    spent,
)

STOPPED: dict[str, tuple[tuple[Situation, Denial], ...]] = {
    "targets_are_ours": (
        (
            only(group=UNREAD),
            Denial(Reason.GROUP_UNREADABLE, "the group cannot be read: throttled"),
        ),
        (
            only(group=group(A, B, C, lifecycle="Terminating:Wait")),
            Denial(Reason.HOST_NOT_IN_SERVICE, f"{A} is not in service in the managed group"),
        ),
        (
            only(group=group(B, C)),
            Denial(Reason.HOST_NOT_IN_SERVICE, f"{A} is not in service in the managed group"),
        ),
    ),
    "target_is_proven_dead": (
        (
            only(health="healthy"),
            Denial(Reason.HOST_NOT_PROVEN_DEAD, f"{A} is not proven dead: its health is unknown"),
        ),
        (
            only(health="draining"),
            Denial(Reason.HOST_NOT_PROVEN_DEAD, f"{A} is not proven dead: its health is unknown"),
        ),
        (
            situation(evidence=evidence(target_health=UNREAD, instance_statuses=impaired())),
            Denial(
                Reason.LOAD_BALANCER_UNREADABLE,
                "the load balancer cannot be read: throttled",
                unknown=True,
            ),
        ),
    ),
    "budget_is_left": (
        (
            situation(profile=OVERLAPPING, diagnosis=diagnosis(alive=2)),
            Denial(
                Reason.BUDGET_EXHAUSTED,
                "2 hosts that are not proven dead would be touched; the limit is 1",
                final=True,
            ),
        ),
        (
            situation(
                profile=OVERLAPPING,
                diagnosis=diagnosis(alive=1),
                limits=limits(copy.replace(spent(1799, B), alive=(B,))),
            ),
            Denial(
                Reason.BUDGET_EXHAUSTED,
                "2 hosts that are not proven dead would be touched; the limit is 1",
                final=True,
            ),
        ),
    ),
    "healthy_floor_stays": (
        (
            situation(profile=policy(refresh_from_zero=False)),
            Denial(
                Reason.BELOW_HEALTHY_FLOOR,
                "the fix would leave 0 % of the group; the minimum is 50 %",
                final=True,
            ),
        ),
        (
            situation(profile=OVERLAPPING, diagnosis=diagnosis(alive=1)),
            Denial(
                Reason.BELOW_HEALTHY_FLOOR,
                "the fix would leave 0 % of the group; the minimum is 50 %",
                final=True,
            ),
        ),
        (
            situation(profile=OVERLAPPING, **ONE_SERVES),
            Denial(
                Reason.BELOW_HEALTHY_FLOOR,
                "the fix would leave 0 % of the group; the minimum is 50 %",
                final=True,
            ),
        ),
    ),
    "serving_host_stays": (
        (
            situation(**ONE_SERVES),
            Denial(Reason.HOST_SERVES, f"{C} is serving and must not be replaced", final=True),
        ),
    ),
    "target_is_unprotected": (
        (
            situation(evidence=evidence(group=PROTECTED)),
            Denial(Reason.HOST_PROTECTED, f"{A} is protected from scale-in", final=True),
        ),
    ),
    "nothing_is_unsaved": (
        (
            situation(profile=FRAGILE, diagnosis=ALL_DEAD, incident=holding(2)),
            Denial(Reason.VAULTS_UNSAVED, f"{A} logged 2 storage failures", final=True),
        ),
        (
            situation(profile=FRAGILE, diagnosis=ALL_DEAD, incident=holding(None)),
            UNSAVED,
        ),
        (situation(profile=FRAGILE, diagnosis=ALL_DEAD, incident=incident(hosts={})), UNSAVED),
        *((situation(**silent(each)), UNSAVED) for each in ("running", "stopping", "pending")),
    ),
    "one_fix_at_a_time": (
        (
            situation(incident=verifying(attempt(target=B))),
            Denial(Reason.FIX_IN_PROGRESS, "a fix of this incident has no verdict yet"),
        ),
        (
            situation(limits=limits(holder=OTHER, until=ago(-1))),
            Denial(
                Reason.LEASE_HELD,
                f"{OTHER} holds the lease for a fix in VettID-Nitro-EnclaveASG",
                retry_at=NOW + timedelta(seconds=1),
            ),
        ),
    ),
    "attempts_are_left": (
        (
            situation(limits=limits(spent(900), spent(3599))),
            Denial(
                Reason.ATTEMPTS_EXHAUSTED,
                f"restart_enclave was tried 2 times on {A}; the limit is 2",
                final=True,
            ),
        ),
        (
            situation(incident=incident(attempts=(FAILED, FAILED))),
            Denial(
                Reason.ATTEMPTS_EXHAUSTED,
                f"restart_enclave was tried 2 times on {A}; the limit is 2",
                final=True,
            ),
        ),
        (
            situation(
                limits=limits(spent(900, C), spent(999, C)),
                evidence=evidence(group=copy.replace(group(A), desired=1)),
            ),
            Denial(
                Reason.ATTEMPTS_EXHAUSTED,
                f"restart_enclave was tried 2 times on {A} or its predecessors; the limit is 2",
                final=True,
            ),
        ),
    ),
    "cooldown_is_over": (
        (
            situation(limits=limits(spent(59))),
            Denial(
                Reason.COOLDOWN,
                f"restart_enclave on {A} is in cooldown",
                retry_at=NOW + timedelta(seconds=1),
            ),
        ),
    ),
    "breaker_is_closed": (
        (
            situation(limits=limits(*[copy.replace(spent(900, B), failed=True)] * 3)),
            Denial(
                Reason.BREAKER_OPEN,
                "3 fixes of the group did not help; the limit is 3",
                final=True,
            ),
        ),
        (
            situation(incident=incident(attempts=(FAILED_ELSEWHERE,) * 3)),
            Denial(
                Reason.BREAKER_OPEN,
                "3 fixes of the group did not help; the limit is 3",
                final=True,
            ),
        ),
    ),
}
