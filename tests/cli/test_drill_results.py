"""The expectation of a drill, and its result from ledger entries."""

import copy
from datetime import timedelta

import pytest

from firstline.cli.analysis.drill.checks import faults, is_settled
from firstline.cli.analysis.drill.results import (
    DEFAULT_TARGET,
    DrillExpectation,
    DrillResult,
    alarm_names,
    drill_expectation,
    drill_result,
)
from firstline.errors import InvalidInput
from firstline.ledger.chain import Chain, Data, Kind, append
from firstline.ledger.export import DecodedEntry, decode_entry
from firstline.signal import Condition, Severity
from tests.builders import BY, ID, NOW, PROFILE

OUTAGE = Condition.COMPLETE_OUTAGE
P1 = drill_expectation("one", OUTAGE, Severity.P1, PROFILE)
MINUTE = timedelta(seconds=60)


def chain(*rows: tuple[Kind, float, Data]) -> tuple[DecodedEntry, ...]:
    """Entries so many seconds after the alarm."""
    before, made = Chain(), []
    for kind, seconds, data in rows:
        before, entry = append(before, ID, kind, NOW + timedelta(seconds=seconds), BY, data)
        made.append(decode_entry(entry))
    return tuple(made)


OPENING: Data = {
    "disposition": "incident",
    "severity": "P1",
    "condition": "complete-outage",
    "subject": "one",
    "signalled_at": NOW.isoformat(),
}


def page(channel: str, outcome: str = "accepted", action: str = "trigger") -> Data:
    return {"key": ID, "channel": channel, "outcome": outcome, "action": action, "severity": "P1"}


def decision(step: str, *denied: str, plan: Data | None = None) -> Data:
    no: Data = {"why": "no"}
    guards: list[Data] = [{"guard": "mode", "denial": None}]
    guards += [{"guard": each, "denial": no} for each in denied]
    return {
        "step": {"type": step},
        "rule": "Watch",
        "why": "so",
        "facts": [],
        "plan": plan,
        "guards": guards,
        "mode": "dry-run",
    }


PLAN: Data = {"action": "restart_parent", "targets": ["i-1"]}
LATE = "after 61 s, not 60 s"
UNENDED = (
    "the incident had not ended when the drill ended: see its timeline, or give a longer --for"
)
PAGED = (Kind.PAGE, 1, page("pager"))
DECIDED = (Kind.DECISION, 2, decision("wait"))
CLOSED = (Kind.DECISION, 30, decision("close"))
UNOBSERVED = (Kind.DECISION, 2, decision("wait") | {"mode": "enforce"})
UNTOLD = (Kind.DECISION, 2, {k: v for k, v in decision("close").items() if k != "mode"})


@pytest.mark.parametrize(
    ("severity", "channel", "target"),
    [
        (Severity.P1, "pager", MINUTE),
        (Severity.P2, "pager", 15 * MINUTE),
        (Severity.P3, "team", 60 * MINUTE),
        (Severity.P4, None, DEFAULT_TARGET),
    ],
)
def test_what_a_severity_must_come_to(
    severity: Severity, channel: str | None, target: timedelta
) -> None:
    """Its channel and its target."""
    wanted = drill_expectation("one", OUTAGE, severity, PROFILE)
    assert (wanted.channel, wanted.target) == (channel, target)


def test_the_gravest_alarm_of_a_condition_comes_first() -> None:
    """Each once, whatever the order of the rules."""
    assert alarm_names(PROFILE, OUTAGE)[0] == "healthy-hosts"
    rules = tuple(reversed((*PROFILE.rules, *PROFILE.rules)))
    named = alarm_names(copy.replace(PROFILE, rules=rules), OUTAGE)
    assert set(named) == set(alarm_names(PROFILE, OUTAGE))
    assert len(named) == len(set(named))
    with pytest.raises(
        InvalidInput, match=("no alarm of the fleet file has the condition aws-health: name one of")
    ):
        alarm_names(PROFILE, Condition.AWS_HEALTH)


def test_the_drills_own_alarm() -> None:
    """It is in no profile, and PagerDuty gets a change event, which notifies no one."""
    assert alarm_names(PROFILE, Condition.DRILL) == ("drill",)
    wanted = drill_expectation("one", Condition.DRILL, Severity.P4, PROFILE)
    assert (wanted.channel, wanted.target) == ("change", DEFAULT_TARGET)


def test_a_drill_that_goes_well() -> None:
    """Each decision is listed once; a plan with the guards that denied it."""
    plan: Data = {"action": "restart_parent", "targets": ["i-1"]}
    found = drill_result(
        chain(
            (Kind.SIGNAL, 2, OPENING),
            (Kind.PAGE, 3, page("pager")),
            (Kind.DECISION, 4, decision("wait")),
            (Kind.DECISION, 5, decision("wait")),
            (Kind.DECISION, 6, decision("wait", "mode_enforces", plan=plan)),
            (Kind.DECISION, 60, decision("close")),
        ),
        P1,
    )
    assert (found.received_after, found.notified_after) == (
        timedelta(seconds=2),
        timedelta(seconds=3),
    )
    assert [(each.step, each.plan, each.denied) for each in found.decisions] == [
        ("wait", None, ()),
        ("wait", "restart_parent on i-1", ("mode_enforces",)),
        ("close", None, ()),
    ]
    assert found.ended_after == MINUTE
    assert found.decided_after == timedelta(seconds=4)
    assert is_settled(found, P1)
    assert faults(found, P1) == ()


@pytest.mark.parametrize(
    ("entries", "fault"),
    [
        ((), "no entry came within 60 s: no signal was received"),
        (
            (
                (Kind.SIGNAL, 61, OPENING),
                (Kind.PAGE, 61, page("pager")),
                (Kind.DECISION, 61, decision("close")),
            ),
            (
                f"the signal was received {LATE}; it was notified {LATE}; the first decision "
                f"came {LATE}"
            ),
        ),
        (
            ((Kind.SIGNAL, 1, OPENING), DECIDED, CLOSED),
            "no notification was accepted on the channel pager",
        ),
        (
            ((Kind.SIGNAL, 1, OPENING), PAGED),
            f"no decision was recorded; {UNENDED}",
        ),
        (((Kind.SIGNAL, 1, OPENING), PAGED, DECIDED), UNENDED),
        (
            ((Kind.SIGNAL, 1, OPENING), PAGED, (Kind.DECISION, 2, decision("wait", plan=PLAN))),
            "",
        ),
        (
            ((Kind.SIGNAL, 1, OPENING), PAGED, UNOBSERVED, CLOSED),
            "it was decided on in enforce and dry-run; the drill requires dry-run",
        ),
        (
            ((Kind.SIGNAL, 1, OPENING), PAGED, UNTOLD),
            "it was decided on in a mode that no decision records; the drill requires dry-run",
        ),
        (
            ((Kind.SIGNAL, 1, OPENING), (Kind.PAGE, 1, page("pager", "pending")), DECIDED, CLOSED),
            "no notification was accepted on the channel pager",
        ),
        (
            (
                (Kind.SIGNAL, 1, OPENING),
                (Kind.PAGE, 1, page("pager", action="resolve")),
                DECIDED,
                CLOSED,
            ),
            "no notification was accepted on the channel pager",
        ),
        (
            ((Kind.SIGNAL, 1, OPENING), (Kind.PAGE, 1, page("team")), DECIDED, CLOSED),
            "no notification was accepted on the channel pager",
        ),
        (
            ((Kind.SIGNAL, 1, OPENING | {"severity": "P2"}), PAGED, DECIDED, CLOSED),
            "it was classified as P2 complete-outage, not P1 complete-outage",
        ),
    ],
)
def test_a_drill_that_does_not_hold(
    entries: tuple[tuple[Kind, float, Data], ...], fault: str
) -> None:
    """Each fault in a line."""
    assert "; ".join(faults(drill_result(chain(*entries), P1), P1)) == fault


def test_a_minor_drill_is_sent_later() -> None:
    """A P4 has its entry, and nothing more is awaited."""
    minor = drill_expectation("one", OUTAGE, Severity.P4, PROFILE)
    entries = chain((Kind.SIGNAL, 1, OPENING | {"severity": "P4"}), DECIDED, CLOSED)
    found = drill_result(entries, minor)
    assert is_settled(found, minor)
    assert faults(found, minor) == ()


def test_nothing_is_settled_before_entry_page_and_decision() -> None:
    """Neither without an entry, nor without a page, nor without a decision."""
    assert not is_settled(DrillResult(), P1)
    assert not is_settled(drill_result(chain((Kind.SIGNAL, 1, OPENING), PAGED), P1), P1)
    assert is_settled(drill_result(chain((Kind.SIGNAL, 1, OPENING), PAGED, DECIDED), P1), P1)
    assert not is_settled(drill_result(chain((Kind.SIGNAL, 1, OPENING)), P1), P1)
    assert isinstance(P1, DrillExpectation)


def test_an_opening_that_does_not_say_when() -> None:
    """An older entry: its own time counts."""
    older = {key: value for key, value in OPENING.items() if key != "signalled_at"}
    assert drill_result(chain((Kind.SIGNAL, 5, older)), P1).received_after == timedelta(0)
