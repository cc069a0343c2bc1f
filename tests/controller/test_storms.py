"""I21: more unrelated troubles than a person can take in one by one are one incident."""

import copy
from datetime import timedelta

import pytest

from firstline.controller.open_incident import TURNS_MAX
from firstline.diagnosis.evidence import AlarmState
from firstline.errors import CommitConflict, Contested
from firstline.incidents.incident import Status
from firstline.lab.twin.world import state_change_event
from firstline.ledger.chain import Kind
from firstline.signal import Condition, Severity
from tests.builders import PROFILE
from tests.controller.rig import START, ZERO, Rig
from tests.events import EVENTS, body, edited

COUNTED = PROFILE.policy.storm_scopes_max
WINDOW = timedelta(seconds=PROFILE.policy.storm_window_seconds)


def stranger(number: int, after: float = 0, state: AlarmState = AlarmState.ALARM) -> bytes:
    """An alarm that no rule knows: each is a trouble of its own."""
    arn = f"arn:aws:cloudwatch:us-east-1:111122223333:alarm:stranger-{number}"
    named: dict[str, object] = {"detail.alarmName": f"stranger-{number}", "resources.0": arn}
    raw = edited(body("unlisted-http-api-5xx"), named)
    return state_change_event(raw, state, START + timedelta(seconds=after))


def stormy(strangers: int) -> Rig:
    """A rig that received that many alarms."""
    rig = Rig()
    for number in range(strangers):
        raw = stranger(number)
        rig.world.watch(f"stranger-{number}", raw, None)
        rig.hear(raw)
    return rig


def test_a_storm_opens_one_parent_and_pages_once() -> None:
    """Three page by themselves; the others are one incident with one page."""
    rig = stormy(COUNTED + 20)
    assert len(rig.tables.incidents) == len(rig.notified) == COUNTED + 1
    parent = rig.incident(COUNTED)
    assert (parent.storm, parent.severity, parent.condition) == (
        True,
        Severity.P2,
        Condition.UNCLASSIFIED,
    )
    assert len(rig.tables.inboxes[parent.id]) == 19
    assert "a storm, more than 3 unrelated failures within 600 s" in str(parent.pages)


def test_a_storm_never_hides_a_p1_and_never_stops_its_fix() -> None:
    """The complete outage in its midst pages by itself and is mended."""
    rig = stormy(COUNTED + 5)
    rig.hear(ZERO)
    outage = rig.incident(COUNTED + 1)
    assert (outage.severity, rig.notified[outage.id]) == (Severity.P1, 1)
    while not rig.incident(COUNTED + 1).ended:
        rig.turn()
    assert rig.incident(COUNTED + 1).status is Status.RESOLVED
    assert len(rig.fixes) == 3


def test_a_p1_does_not_read_the_openings() -> None:
    """Nothing stands before its page that need not."""
    rig = Rig()
    rig.hear()
    assert rig.script.calls["openings"] == 0


def test_what_is_known_already_joins_its_own() -> None:
    """An alarm that fires again in a storm is no newcomer."""
    rig = stormy(COUNTED + 2)
    assert rig.hear(stranger(0, 60)).incident == rig.id(0)
    assert len(rig.notified) == COUNTED + 1


def test_a_recovery_wakes_the_storm() -> None:
    """Its alarm opened nothing of its own, so the parent must look."""
    rig = stormy(COUNTED + 2)
    assert rig.hear(stranger(COUNTED + 1, 60, AlarmState.OK)).incident == rig.id(COUNTED)


def test_a_storm_is_over_when_nothing_new_has_come_for_a_while() -> None:
    """Then the next trouble opens and pages by itself, and the parent watches its alarms."""
    rig = stormy(COUNTED + 1)
    rig.world.advance(START + WINDOW)
    rig.hear(stranger(99, WINDOW.total_seconds()))
    assert len(rig.notified) == COUNTED + 2
    assert not rig.incident(COUNTED + 1).storm


def test_a_storm_goes_on_while_newcomers_come() -> None:
    """One a minute for an hour pages once, though the first are long out of the window."""
    rig = stormy(COUNTED + 1)
    for minute in range(1, 60):
        rig.world.advance(START + timedelta(minutes=minute))
        rig.hear(stranger(COUNTED + minute, 60 * minute))
    assert len(rig.notified) == COUNTED + 1


@pytest.mark.parametrize("call", ["openings", "open_incident"])
def test_what_cannot_be_read_is_no_storm(call: str) -> None:
    """Open for paging: each pages by itself."""
    rig = stormy(COUNTED)
    rig.script.failing = {call}
    rig.hear(stranger(77))
    assert len(rig.notified) == COUNTED + 1
    assert not rig.incident(COUNTED).storm


def test_two_that_open_at_the_same_moment_are_both_counted() -> None:
    """The second reads again, and finds that it is one too many."""
    rig = stormy(COUNTED - 1)
    rig.script.after("openings", lambda: rig.hear(stranger(50)))
    rig.hear(stranger(51))
    assert rig.incident(COUNTED).storm


def test_a_contest_without_end_pages_uncounted() -> None:
    """A page does not wait for a count: the fifth try goes without it."""
    rig = Rig()
    contests: list[int] = []

    def contested() -> None:
        contests.append(len(contests))
        if len(contests) < TURNS_MAX - 1:
            rig.script.before("commit", contested)
        raise CommitConflict(Contested.OPENINGS)

    rig.script.before("commit", contested)
    rig.hear(stranger(1))
    assert (len(contests), len(rig.notified), rig.tables.openings) == (4, 1, {})


def test_a_storm_of_findings_stays_open_while_it_gathers() -> None:
    """Without an alarm there is nothing to watch, and still it must not page again and again."""
    raw = (EVENTS / "guardduty.high.json").read_bytes()
    rig = Rig()
    rig.world.advance(START + timedelta(minutes=20))
    for number in range(COUNTED + 4):
        arn = f"arn:aws:guardduty:us-east-1:111122223333:detector/d/finding/{number}"
        rig.hear(edited(raw, {"detail.arn": arn, "detail.id": str(number)}))
        while rig.waiting and rig.waiting[0][0] <= rig.world.now:
            rig.turn()
    storms = [n for n in range(len(rig.tables.incidents)) if rig.incident(n).storm]
    assert len(storms) == 1
    assert not rig.incident(storms[0]).ended


def unread(number: int, after: float) -> bytes:
    """An unknown event of the own account, without an alarm."""
    at = (START + timedelta(seconds=after)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return edited(body("no-state-value"), {"id": f"unread-{number}", "time": at})


def test_what_is_given_up_at_once_is_not_while_more_of_it_comes() -> None:
    """One trouble is one incident and one page, though there is nothing that could be done."""
    rig, number = Rig(), 0
    for second in range(30):
        rig.world.advance(START + timedelta(seconds=second))
        for _ in range(10):
            rig.hear(unread(number, second))
            number += 1
        while rig.waiting and min(at for at, _ in rig.waiting) <= rig.world.now:
            rig.turn()
    assert (len(rig.tables.incidents), len(rig.notified)) == (1, 1)
    assert (rig.incident().signals, rig.incident().ended) == (300, False)
    assert rig.entries_of(Kind.DECISION)[-1]["rule"] == "NoAlarm"
    ended = rig.at_the_end()
    assert (ended.status, len(rig.notified)) == (Status.ESCALATED, 1)
    assert rig.world.now == START + timedelta(seconds=29 + PROFILE.policy.quiet_seconds)


def test_what_comes_back_of_an_open_storm_joins_it_again() -> None:
    """I36: the storm's page covers its first alarm, and the storm is still open."""
    rig = stormy(COUNTED + 1)
    gone = START + WINDOW + timedelta(minutes=1)
    rig.world.advance(gone)
    assert rig.hear(stranger(COUNTED, 700)).incident == rig.id(COUNTED)
    assert rig.hear(stranger(99, 700)).incident == rig.id(COUNTED + 1)
    assert len(rig.notified) == COUNTED + 2


def test_a_storm_remembers_nothing_of_the_one_before() -> None:
    """An alarm of an earlier storm opens its own incident, unless this storm gathered it."""
    rig = stormy(COUNTED + 1)
    first = rig.incident(COUNTED)
    rig.store(copy.replace(first, status=Status.ESCALATED), version=first.version)
    del rig.tables.causes[first.correlation_key]
    again = stranger(COUNTED + 1)
    rig.hear(again)
    assert rig.incident(COUNTED + 1).storm
    rig.world.advance(START + WINDOW + timedelta(minutes=1))
    assert rig.hear(stranger(COUNTED, 700)).incident == rig.id(COUNTED + 2)
    assert not rig.incident(COUNTED + 2).storm


def test_what_recovers_in_a_storm_is_watched() -> None:
    """One alert for all of it, which ends once nothing came back."""
    rig = stormy(COUNTED + 1)
    for number in range(COUNTED + 1):
        rig.world.alarms[f"stranger-{number}"].turn(AlarmState.OK, START)
        rig.world.alarms[rig.incident(number).alarm_arn] = rig.world.alarms[f"stranger-{number}"]
    while not rig.incident(COUNTED).ended:
        rig.turn()
    storm = rig.incident(COUNTED)
    assert storm.status is Status.SELF_RECOVERED
    assert storm.recovered_at is not None
    assert storm.ended_at is not None
    assert storm.ended_at - storm.recovered_at >= timedelta(seconds=PROFILE.policy.quiet_seconds)
