from typing import Any, NamedTuple

import pytest

from firstline.diagnosis.evidence import Evidence, Group, Instance, Unknown
from firstline.ids import CommandId
from firstline.incidents.incident import Attempt, Incident, Outcome, Status, Target
from firstline.ledger.chain import Kind
from firstline.ledger.entries import FixReported, FixVerified
from firstline.remediation.departure import Departure
from firstline.remediation.execution import Answered, Pending
from firstline.remediation.update import FleetObservation, IncidentUpdate, apply_observation
from tests.builders import (
    NOW,
    PROFILE,
    A,
    B,
    C,
    ago,
    answered,
    attempt,
    balancer,
    evidence,
    group,
    hosts,
    look,
    remediating,
    report,
    saying,
    target,
    targets,
    verifying,
)
from tests.remediation.situations import limits

FOUND = CommandId("command-9")
UNREAD = evidence(target_health=Unknown("throttled"), group=Unknown("throttled"))
WELL = evidence(target_health=balancer("healthy"))
SUCCESS = saying(Unknown("no look"))
FAILURE = saying(Unknown("no look"), "Failed")
REFUSAL = Answered(success=False, detail="masked", report=Unknown("no look"), refused=True)


def learnt(held: Incident, **seen: object) -> IncidentUpdate:
    values: dict[str, Any] = {"evidence": evidence(), "limits": limits()} | seen
    return apply_observation(held, FleetObservation(**values), PROFILE, NOW)


def unsent(lease: float) -> Attempt:
    """An attempt that may have been sent; its lease ran out so long ago."""
    return attempt(command=None, lease_until=ago(lease))


class Case(NamedTuple):
    """An attempt, what was seen of it, and what it becomes."""

    current: Attempt
    seen: dict[str, object]
    status: Status
    outcome: Outcome | None
    command: CommandId | None
    finished_attempt: bool = False


SENT = attempt().command
ENDED = attempt(lease_until=NOW)


@pytest.mark.parametrize(
    "case",
    [
        Case(attempt(), {}, Status.REMEDIATING, None, SENT),
        Case(attempt(), {"fix": Pending()}, Status.REMEDIATING, None, SENT),
        Case(attempt(), {"fix": SUCCESS}, Status.VERIFYING, Outcome.DONE, SENT),
        Case(attempt(), {"fix": FAILURE}, Status.VERIFYING, Outcome.FAILED, SENT),
        Case(
            attempt(),
            {"fix": REFUSAL},
            Status.INVESTIGATING,
            Outcome.REFUSED,
            SENT,
            finished_attempt=True,
        ),
        Case(ENDED, {"fix": SUCCESS}, Status.VERIFYING, Outcome.DONE, SENT),
        Case(ENDED, {"fix": Pending()}, Status.VERIFYING, Outcome.UNKNOWN, SENT),
        Case(ENDED, {}, Status.VERIFYING, Outcome.UNKNOWN, SENT),
        Case(unsent(-1), {}, Status.REMEDIATING, None, None),
        Case(unsent(0), {}, Status.REMEDIATING, None, None),
        Case(
            unsent(0), {"search_result": FOUND, "searched": True}, Status.REMEDIATING, None, FOUND
        ),
        Case(
            unsent(0),
            {"searched": True},
            Status.INVESTIGATING,
            Outcome.NOT_SENT,
            None,
            finished_attempt=True,
        ),
    ],
)
def test_the_result_of_a_fix(case: Case) -> None:
    """I9, I10: not sent only after its lease ran out and a search found nothing."""
    after = learnt(remediating(case.current), **case.seen)
    attempt_after = after.incident.attempts[-1]
    assert after.incident.status is case.status
    assert (attempt_after.outcome, attempt_after.command) == (case.outcome, case.command)
    assert attempt_after.answered_at == (NOW if case.outcome else None)
    assert attempt_after.helped is (False if case.finished_attempt else None)
    assert (after.finished_attempt is not None) is case.finished_attempt
    result = [it.outcome for it in after.events if isinstance(it, FixReported)]
    assert result == ([case.outcome] if case.outcome else [])


def test_an_answer_resets_the_readings_of_its_target() -> None:
    """Readings from before the fix say nothing of it; other targets keep theirs."""
    held = remediating(targets=targets(A, B, readings=2))
    after = learnt(held, fix=SUCCESS, evidence=UNREAD).incident
    assert {each.id: each.readings for each in after.targets} == {A: 0, B: 2}


def test_a_second_answer_changes_nothing() -> None:
    """An attempt that was answered is judged by looking alone."""
    held = verifying(answered(9))
    assert learnt(held, fix=FAILURE) == IncidentUpdate(held)


@pytest.mark.parametrize(
    ("current", "mended", "helped"),
    [
        (answered(60), target(A, verified=30), True),
        (answered(60), target(A, verified=60), True),
        (answered(60), target(A, verified=61), None),
        (answered(179), target(A, readings=2), None),
        (answered(180), target(A, readings=2), False),
        (answered(180, outcome=Outcome.UNKNOWN), target(A), False),
        (answered(180, outcome=Outcome.FAILED), target(A, verified=1), True),
        (answered(180), target(B, verified=1), False),
    ],
)
def test_a_fix_is_judged_by_its_verified_target(
    current: Attempt, mended: Target, *, helped: bool | None
) -> None:
    """I23, S04: the tool's own result does not count, in either direction."""
    after = learnt(verifying(current, targets=(mended,), hosts={}), evidence=UNREAD)
    assert after.incident.attempts[-1].helped is helped
    assert (after.finished_attempt is not None) is (helped is not None)
    waiting = Status.VERIFYING if helped is None else Status.INVESTIGATING
    assert after.incident.status is waiting
    result = [it.to_ledger() for it in after.events if it.kind is Kind.VERIFICATION]
    detail = "fix helped" if helped else "fix did not help"
    assert [(each["helped"], each["detail"]) for each in result] == (
        [] if helped is None else [(helped, detail)]
    )


def test_a_third_good_reading_verifies_the_target_and_with_it_the_fix() -> None:
    """The answer of the look, the verification and the verdict are recorded in that order."""
    held = verifying(
        answered(60), look=look(A), targets=(target(A, readings=2),), hosts=hosts(A, age=20)
    )
    after = learnt(held, evidence=WELL, look={A: saying(report(up=True))})
    assert [each.kind for each in after.events] == [
        Kind.OUTCOME,
        Kind.VERIFICATION,
        Kind.VERIFICATION,
    ]
    assert after.incident.attempts[-1].helped is True


AWAY = evidence(target_health=balancer("healthy"), group=group(B, C))
ASIDE = evidence(
    group=Group(desired=1, instances=(Instance(A, "Standby", "Healthy"), *group(B).instances))
)
EMPTY = evidence(group=group())
TAKEN, REPLACED = Departure("one", unhealthy=False), Departure("one", unhealthy=True)


@pytest.mark.parametrize(
    ("seconds", "seen", "went", "outcome", "helped"),
    [
        # somebody took it away: at once
        (9, AWAY, TAKEN, Outcome.TARGET_LEFT, False),
        (9, ASIDE, TAKEN, Outcome.TARGET_LEFT, False),
        # the group did so for its health: the fix failed
        (9, AWAY, REPLACED, Outcome.DONE, False),
        # nothing says why: when its time is over
        (179, AWAY, None, Outcome.DONE, None),
        (180, AWAY, None, Outcome.TARGET_LEFT, False),
        # it is there, or it is not known that it is not
        (9, evidence(), TAKEN, Outcome.DONE, None),
        (180, evidence(), TAKEN, Outcome.DONE, False),
        (180, UNREAD, None, Outcome.DONE, False),
        (180, EMPTY, None, Outcome.DONE, False),
    ],
)
def test_a_fix_without_its_host_ends_without_a_verdict(
    seconds: float,
    seen: Evidence,
    went: Departure | None,
    outcome: Outcome,
    *,
    helped: bool | None,
) -> None:
    """It counts neither for nor against: only what the group replaced for its health failed."""
    after = learnt(verifying(answered(seconds)), evidence=seen, departure=went)
    fix = after.incident.attempts[-1]
    assert (fix.outcome, fix.helped) == (outcome, helped)
    left = outcome is Outcome.TARGET_LEFT
    assert fix.failed is (helped is False and not left)
    assert after.incident.status is (Status.VERIFYING if helped is None else Status.INVESTIGATING)
    verdicts = [it.helped for it in after.events if isinstance(it, FixVerified)]
    assert verdicts == ([False] if fix.failed else [])
    result = [it.outcome for it in after.events if isinstance(it, FixReported)]
    assert result == (["target-left"] if left else [])


def test_a_replacement_has_no_host_that_could_leave() -> None:
    """Its own is gone by its doing."""
    current = answered(9, action="replace_instance", known=(A, B, C))
    after = learnt(verifying(current), evidence=AWAY, departure=TAKEN)
    assert after.incident.attempts[-1].helped is None
