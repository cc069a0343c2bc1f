"""Proposals of a report: follow-ups (R41), and changes to the runbook or the policy (R42)."""

import pytest

from firstline.diagnosis.health_checks import FailureMode
from firstline.ledger.chain import Kind
from firstline.reporting.postmortem.changes import DENIALS_MIN
from firstline.reporting.postmortem.follow_ups import BY_FAILURE
from firstline.reporting.postmortem.report import Report
from firstline.reporting.postmortem.write import write_report
from firstline.signal import Condition
from tests.builders import PROFILE, A, B
from tests.reporting.chains import (
    GONE,
    HEALTHY,
    OTHER_TOKEN,
    REPORT,
    Said,
    chain,
    decision,
    handed_over,
    intent,
    looked,
    opening,
    outage,
    outcome,
    page,
    plan,
    seen,
    verdict,
)

PROPOSED: dict[str, object] = {"action": "scale_out", "targets": ["the group"], "approvable": False}
ASKED = PROPOSED | {"approvable": True}
NO = [
    {"guard": "alarm_still_fires", "denial": None},
    {"guard": "mode_enforces", "denial": {"why": "mode is dry-run"}},
]
STOPPED = decision(5, "wait", "NextFix", guards=NO, plan=plan())


def report(*said: Said) -> Report:
    """The report of a chain that says this."""
    return write_report(chain(*said), PROFILE)


def test_every_failure_has_its_follow_up() -> None:
    """Also the unknown one."""
    assert set(BY_FAILURE) == set(FailureMode)


FOLLOW_UPS: list[tuple[str, tuple[Said, ...], str, str]] = [
    ("its cause", outage()[1:], "R40", "why the enclave ended"),
    ("locked vaults", (intent(5),), "R41", f"vaults on {A} need their users' PIN"),
    (
        "no help",
        (intent(5), verdict(9, helped=False)),
        "R41",
        f"restart_enclave did not help on {A}",
    ),
    ("relapse", ((9, Kind.VERIFICATION, {"doubted": [B]}),), "R18", f"consider replacing {B}"),
    ("advice", ((9, Kind.PROPOSAL, PROPOSED),), "R41", "decide on scale_out of the group"),
    ("unsaved", (looked(5, {A: REPORT | {"restart_blockers": 2}}),), "R41", f"not stored on {A}"),
    ("by itself", (decision(9, "close"),), "R41", "healthy-hosts flaps"),
]


@pytest.mark.parametrize(("said", "step", "text"), [each[1:] for each in FOLLOW_UPS])
def test_the_follow_ups_of_an_incident(said: tuple[Said, ...], step: str, text: str) -> None:
    """Each once, with the runbook's step; without its reason it is not proposed."""
    found = [each for each in report(opening(), *said).follow_ups if text in each.text]
    assert [each.step for each in found] == [step]
    bare = report(opening()).follow_ups
    assert [each for each in bare if text in each.text] == []


def test_a_fix_that_was_not_sent_is_nobodys_work() -> None:
    """It locked no vault, and it did not fail to help."""
    text = (opening(), intent(5), outcome(6, "not-sent"), verdict(7, helped=False))
    assert report(*text).follow_ups == ()


@pytest.mark.parametrize("condition", [Condition.KMS_THROTTLING, Condition.MEMORY_PRESSURE])
def test_a_condition_has_steps_of_its_own(condition: Condition) -> None:
    """Where no host failed, and where the runbook asks for what cannot be done."""
    result = report(opening(condition=condition))
    assert [each.step for each in result.follow_ups] == [
        {"kms-throttling": "R33", "memory-pressure": "R28"}[condition]
    ]
    assert len(result.changes) == 2


CHANGES: list[tuple[tuple[Said, ...], str, str]] = [
    ((looked(5, {A: GONE}),), "R15", f"on {A} the enclave's unit was active while no enclave ran"),
    (
        (intent(5, "restart_parent"), verdict(9, helped=True)),
        "R17",
        f"a restart of the parent alone helped on {A}",
    ),
    (
        (
            (
                9,
                Kind.RESPONSE,
                {
                    "severity": "P1",
                    "seconds": 90,
                    "target_seconds": 60,
                    "responded": True,
                    "met": False,
                },
            ),
        ),
        "R01",
        "response after 90 s",
    ),
    ((STOPPED,) * DENIALS_MIN, "the deployment's mode", "mode_enforces stopped every fix, 3 times"),
    (
        ((9, Kind.PROPOSAL, ASKED),),
        "[policy] approval_seconds",
        "no answer to the request for scale_out",
    ),
    ((page(1, outcome="pending"),), "R44", "a page needed retries"),
]


@pytest.mark.parametrize(("said", "step", "text"), CHANGES)
def test_the_changes_of_an_incident(said: tuple[Said, ...], step: str, text: str) -> None:
    """With the runbook's step, or the key of the profile that decides."""
    found = [each for each in report(opening(), *said).changes if text in each.text]
    assert [each.step for each in found] == [step]


UNCHANGED: list[tuple[Said, ...]] = [
    (looked(5, {A: REPORT}),),
    (intent(5), verdict(9, helped=True)),
    (STOPPED,) * (DENIALS_MIN - 1),
    (*(STOPPED,) * DENIALS_MIN, intent(9)),  # the guard let a fix pass after all
    ((9, Kind.PROPOSAL, ASKED), (10, Kind.APPROVAL, {"granted": False, "by": "x"})),
    (page(1, outcome="pending", channel="change"),),
]


@pytest.mark.parametrize("said", UNCHANGED)
def test_an_incident_without_changes(said: tuple[Said, ...]) -> None:
    """A guard that stopped a while did its work; an answer is an answer."""
    assert report(opening(), *said).changes == ()


def test_a_guard_without_a_key_is_looked_up() -> None:
    """Its page says what it promises."""
    no = [{"guard": "alarm_still_fires", "denial": {"why": "it does not"}}]
    stopped = (decision(5, "wait", guards=no, plan=plan()),) * DENIALS_MIN
    assert [each.step for each in report(opening(), *stopped).changes] == ["docs/GUARDS.md"]


GONE_AND_FAR = GONE | {"nats_reachable": False}
ENDED = GONE | {"credentials_expire_in_hours": -1}
CAUSES: list[tuple[tuple[Said, ...], str]] = [
    ((looked(5, {A: GONE_AND_FAR}), decision(6, "wait", observed=seen())), "no host reached nats"),
    (
        (looked(5, {A: ENDED}), decision(6, "wait", observed=seen())),
        "its NATS credentials have ended",
    ),
    ((looked(5, {A: REPORT}), decision(6, "wait", observed=seen(HEALTHY))), "not found"),
    ((handed_over(9),), "1 hosts: 1 dead; its enclave is gone (confidence full)"),
    ((handed_over(9, diagnosis="no host was inspected; and more"),), "not found"),
    ((handed_over(9, diagnosis="one line"),), "not found"),
]


@pytest.mark.parametrize(("said", "likely"), CAUSES)
def test_the_likely_cause(said: tuple[Said, ...], likely: str) -> None:
    """The proven facts at the worst; the escalation's facts; or none."""
    assert likely in report(opening(), *said).cause.likely


def test_facts_stand_on_their_side() -> None:
    """Serving and unproven hosts count against a failing host."""
    both = {
        "type": "group",
        "desired": 2,
        "instances": [
            {"id": each, "lifecycle": "InService", "health": "Healthy"} for each in (A, B)
        ],
    }
    health = {"type": "target-health", "states": {A: "healthy"}}
    result = report(opening(), decision(6, "wait", observed=seen(health, group=both)))
    assert result.cause.supports == ()
    assert result.cause.against == (
        f"the load balancer finds it healthy ({A})",
        f"the health of {B} could not be proven",
    )


def test_facts_of_a_fix_speak_where_nothing_else_was_recorded() -> None:
    """Older entries lack the evidence."""
    result = report(
        opening(), decision(6, "fix", facts=["no enclave"]), intent(6, token=OTHER_TOKEN)
    )
    assert result.cause.supports == ("no enclave",)


def test_unknown_facts_are_listed() -> None:
    """A failed read, and a silent host; not facts that were not read."""
    silent = {"type": "unknown", "why": "no answer in time"}
    denied = {"type": "unknown", "why": "AccessDenied"}
    result = report(opening(), looked(5, {A: silent}), decision(6, "wait", observed=seen(denied)))
    assert result.unknown == (
        "the load balancer's health: AccessDenied",
        f"{A}: no answer in time",
    )
    everything = report(opening(), decision(6, "wait", observed={"group": denied}))
    assert everything.unknown == ("the group: AccessDenied",)
