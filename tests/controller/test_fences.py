"""Fences: what stands when a fix's intent is committed stops it, at whichever request it came."""

import copy
from collections.abc import Callable
from functools import cache

import pytest

from firstline.config.profile import seconds
from firstline.controller.ingest import ingest
from firstline.controller.operators.commands import FixInProgress
from firstline.controller.operators.kill_switch import sweep_pauses
from firstline.diagnosis.evidence import Unknown
from firstline.diagnosis.external_events import EVENTS_PER_SORT_MAX
from firstline.errors import Contested, DependencyUnavailable, InvalidInput, InvariantViolation
from firstline.incidents.incident import Status
from firstline.ledger.chain import Kind
from firstline.remediation.kill_switch import KillSwitch
from tests.controller.rig import FLEET, START, A, Rig, later, raising
from tests.controller.test_operator_commands import BOB, approve, deny, pause, proposing
from tests.controller.test_preflight import FINDING, FREEZE, KMS_ISSUE
from tests.events import edited

MUTED = edited(
    later(1),
    {
        "detail.muteDetail": {
            "mutedByArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm-mute-rule:work",
            "muteWindowStart": "2026-03-11T04:18:44.000+0000",
            "muteWindowEnd": "2026-03-11T06:00:00.000+0000",
        },
    },
)


def muted(number: int) -> bytes:
    """A mute of an alarm that the fleet does not use."""
    arn = f"arn:aws:cloudwatch:us-east-1:111122223333:alarm:of-others-{number}"
    named = {"detail.alarmName": f"of-others-{number}", "id": f"m{number}"}
    return edited(MUTED, {"resources": [arn], **named})


ELSEWHERE = edited(FINDING, {"detail.resource.instanceDetails.instanceId": "i-0fffffffffffffff1"})
WORDS: dict[str, Callable[[Rig], object]] = {
    "a pause": pause,
    "a pause that cannot be read": lambda rig: setattr(
        rig.tables, "switch", KillSwitch(pauses=(), unreadable="put by hand")
    ),
    "a denial": lambda rig: deny(rig, by=BOB),
    "a finding": lambda rig: ingest(FINDING, rig.system),
    "a closed calendar": lambda rig: ingest(FREEZE, rig.system),
    "a mute": lambda rig: ingest(MUTED, rig.system),
    "an issue of KMS": lambda rig: ingest(KMS_ISSUE, rig.system),
}
TURNS = 2
"""From the approval to the wake that fixes: a look, and what it has read."""


def about_to_fix() -> Rig:
    """A rig whose next turn sends the fix that a person allowed."""
    rig = proposing()
    approve(rig)
    for _ in range(TURNS):
        rig.turn()
    return rig


@cache
def requests() -> tuple[str, ...]:
    """The requests of the wake that fixes, up to the commit of its intent."""
    rig = about_to_fix()
    before = len(rig.script.made)
    rig.turn()
    made = rig.script.made[before:]
    assert (rig.fixes, made.count("send")) == ([A], 1)
    return tuple(made[: made.index("send")])


def interrupted(word: Callable[[Rig], object], number: int) -> Rig:
    """The wake that fixes, with *word* committed right before its request *number*."""
    rig = about_to_fix()
    rig.script.at[len(rig.script.made) + 1 + number] = lambda: word(rig)
    rig.turn()
    return rig


def test_the_intent_is_the_last_request_before_the_fix() -> None:
    assert (requests()[0], requests()[-1], len(requests())) == ("load", "commit", 16)


@pytest.mark.parametrize("word", WORDS)
def test_what_is_committed_before_the_intent_stops_the_fix(word: str) -> None:
    """I15, I18, I22: before each request between the wake and its intent, that one included."""
    for number, request in enumerate(requests()):
        rig = interrupted(WORDS[word], number)
        intended = {each["action"] for each in rig.entries_of(Kind.INTENT)}
        assert (rig.fixes, intended) == ([], {"look_host"}), f"{word} before {request}"


def test_what_is_committed_after_the_intent_names_it() -> None:
    """The fix is on its way: the person who pauses learns of it, and until when."""
    rig, answers = about_to_fix(), []
    rig.script.before("send", lambda: answers.append(pause(rig)))
    rig.turn()
    (attempt,) = rig.incident().attempts
    known = FixInProgress(
        action="restart_enclave",
        target=A,
        alive=(),
        incident=rig.id(),
        until=attempt.lease_until,
    )
    assert (rig.fixes, [each.under_way for each in answers]) == ([A], [known])


def test_a_pause_names_nothing_where_no_fix_is_under_way() -> None:
    """Also once the lease of a fix has run out, or where one cannot be read."""
    rig = about_to_fix()
    assert pause(rig).under_way is None
    rig.script.before("limits", raising(InvariantViolation("corrupt")))
    assert pause(rig).under_way == Unknown("corrupt")
    rig.script.before("limits", raising(DependencyUnavailable("throttled")))
    assert pause(rig).under_way == Unknown("throttled")


def test_a_denial_that_comes_after_the_intent_is_refused() -> None:
    """Never answered as if it counted: the plan is done already."""
    rig = about_to_fix()
    refused: list[str] = []

    def late() -> None:
        with pytest.raises(InvalidInput) as error:
            deny(rig, by=BOB)
        refused.append(str(error.value))

    rig.script.before("send", late)
    rig.turn()
    assert (rig.fixes, refused) == ([A], ["restart_enclave was already approved and run"])


def test_a_denial_rests_on_the_incident_that_the_person_saw() -> None:
    """The intent is committed between its read and its write: it reads again, and is refused."""
    rig = about_to_fix()
    rig.script.after("load", rig.turn)
    with pytest.raises(InvalidInput, match="already approved and run"):
        deny(rig, by=BOB)
    assert rig.fixes == [A]


@pytest.mark.parametrize("order", [(approve, deny), (deny, approve)])
def test_of_two_answers_to_one_plan_the_denial_wins(
    order: tuple[Callable[[Rig], object], ...],
) -> None:
    """Both were read before either was written, in whichever order they come."""
    rig = proposing()
    first, second = order
    rig.script.after("load", lambda: first(rig))
    second(rig)
    held = rig.at_the_end()
    assert (rig.fixes, held.status) == ([], Status.ESCALATED)


def test_a_mute_counts_however_many_alarms_of_others_are_muted() -> None:
    """I17: one window over a whole account does not push it out."""
    rig = about_to_fix()
    for number in range(EVENTS_PER_SORT_MAX + 1):
        ingest(muted(number), rig.system)
    ingest(MUTED, rig.system)
    rig.turn()
    assert rig.fixes == []


def test_a_mute_is_over_once_its_alarm_rings_unmuted() -> None:
    """Somebody ended it before its window did, or its end was not to be read."""
    rig = Rig()
    ingest(MUTED, rig.system)
    rig.world.advance(START + seconds(360))
    rig.hear(later(360))
    assert (rig.at_the_end().status, rig.fixes) == (Status.RESOLVED, list(FLEET))


def test_a_mute_that_a_slow_clock_dates_before_the_incident_counts() -> None:
    """I17: by as much as two honest clocks may differ."""
    rig = about_to_fix()
    known = rig.tables.circumstances
    ingest(MUTED, rig.system)
    ((group, result),) = known.items()
    early = copy.replace(result.known[0], at=START - seconds(299))
    known[group] = copy.replace(result, known=(early,))
    rig.turn()
    assert rig.fixes == []


@pytest.mark.parametrize("noise", [ELSEWHERE, FINDING, muted(1)])
def test_noise_vetoes_no_fix(noise: bytes) -> None:
    """Neither a finding on another fleet's host, nor a repeated one."""
    rig = about_to_fix()
    again = noise if noise == muted(1) else edited(noise, {"id": "again", "detail.severity": 2.0})
    rig.script.at[len(rig.script.made) + len(requests())] = lambda: ingest(again, rig.system)
    commits = rig.script.calls["commit"]
    rig.turn()
    assert rig.fixes == [A]
    assert (
        rig.script.calls["commit"] == commits + 4
    )  # the signal, the intent, the outcome, its update


def test_a_pause_that_ends_is_decided_on_again() -> None:
    """The switch's version is another: the fix is decided on at once, and goes on."""
    rig = about_to_fix()
    pause(rig, scope="kms-errors", length=seconds(1))
    rig.script.at[len(rig.script.made) + len(requests())] = lambda: sweep_pauses(rig.system)
    rig.turn()
    assert rig.fixes == [A]


def test_what_changes_five_times_in_a_row_is_left_to_the_next_wake() -> None:
    """Between the turns the worker waits for a moment that is its own."""
    rig = about_to_fix()
    wake, began = rig.waiting[0][1], rig.world.now
    rig.script.conflicting = Contested.SWITCH
    with pytest.raises(DependencyUnavailable, match="is contested 5 times in a row"):
        rig.turn()
    assert (rig.fixes, wake.incident) == ([], rig.id())
    assert rig.world.now > began
