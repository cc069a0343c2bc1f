"""Rows of the console: hosts, what comes next, and who allowed a fix, of a store and of a chain."""

import copy
from datetime import datetime, timedelta

import pytest

from firstline.cli.analysis import board
from firstline.diagnosis.evidence import AlarmState
from firstline.incidents.approvals import Approval
from firstline.incidents.incident import Status
from firstline.ledger.chain import Data, Kind
from firstline.ledger.export import decode_entry
from firstline.reporting.console import rows
from firstline.reporting.console.rows import RowContext
from firstline.reporting.console.view import Hosts, Overview
from tests.builders import ID, NOW, OTHER, A, hosts, incident
from tests.remediation.situations import proposal
from tests.reporting import chains
from tests.reporting.chains import GONE, HEALTHY, looked, opening, seen
from tests.reporting.test_console import LENS, MINUTE, OPENING, chain, decision

ARN = "arn:aws:cloudwatch:us-east-1:[account]:alarm:healthy-hosts"


def signal(state: AlarmState, disposition: str) -> Data:
    return {"disposition": disposition, "subject": "healthy-hosts", "state": state, "arn": ARN}


ESCALATED: tuple[tuple[datetime, Kind, Data], ...] = (
    (NOW, Kind.SIGNAL, signal(AlarmState.ALARM, "incident") | {"severity": "P1"}),
    (NOW + MINUTE, Kind.DECISION, decision("escalate")),
    (NOW + MINUTE, Kind.ESCALATION, {"owner": "on-call", "next": "R17 restart it; R18 replace it"}),
)


def counted(**fields: object) -> Hosts | None:
    """The hosts of a stored incident whose last decision has these fields."""
    tail = chain((NOW, Kind.DECISION, decision("wait") | fields))
    return rows.of_incident(incident(hosts=hosts(A)), tail, LENS).hosts


def test_hosts_are_counted_as_the_last_decision_knew_them() -> None:
    """By what it read, and the reports of the hosts that were at hand."""
    found = counted(observed=seen())
    assert found == Hosts(at=NOW, total=1, counts={"dead": 1, "serving": 0, "unknown": 0})
    doubted = counted(observed=seen(HEALTHY))
    assert doubted is not None
    assert doubted.counts == {"dead": 0, "serving": 0, "unknown": 1}


@pytest.mark.parametrize("fields", [{}, {"observed": {"group": 1}}])
def test_hosts_that_no_decision_saw_are_not_counted(fields: Data) -> None:
    """Of an entry that is older, or of another form."""
    assert counted(**fields) is None
    records = chain(OPENING, (NOW, Kind.DECISION, decision("wait") | fields))
    assert rows.of_chain(records, LENS).hosts is None


def test_hosts_are_not_counted_where_none_is_in_question() -> None:
    """A condition of an AWS service needs no host."""
    records = chain(OPENING, (NOW, Kind.DECISION, decision("wait") | {"observed": {}}))
    assert rows.of_chain(records, LENS).hosts is None
    assert rows.of_incident(incident(hosts={}), records, LENS).hosts is None


def test_hosts_of_a_chain_are_counted_with_reports_of_looks() -> None:
    """Starting hosts are counted where there are some."""
    made = chains.chain(
        opening(),
        looked(5, {A: GONE | {"enclave_unit": "activating"}}),
        chains.decision(6, "wait", observed=seen()),
    )
    found = rows.of_chain([decode_entry(each) for each in made], LENS).hosts
    assert found is not None
    assert found.counts == {"dead": 0, "serving": 0, "starting": 1, "unknown": 0}


@pytest.mark.parametrize(
    ("step", "next_", "at"),
    [
        ({"type": "wait", "until": (NOW + MINUTE).isoformat()}, "reconciles again", NOW + MINUTE),
        (
            {"type": "look", "read_at": (NOW + MINUTE).isoformat()},
            "reads the hosts' answers",
            NOW + MINUTE,
        ),
        ({"type": "fix"}, "reads the result of the fix", None),
        (
            {"type": "request-approval"},
            "reconciles again, or earlier on an operator's answer",
            None,
        ),
        ({"type": "wait", "until": "later"}, "reconciles again", None),
    ],
)
def test_the_next_step_follows_from_the_last(step: Data, next_: str, at: object) -> None:
    """At the next wake of a stored incident; of a chain when its step says."""
    records = chain(OPENING, (NOW, Kind.DECISION, decision("") | {"step": step}))
    row = rows.of_chain(records, LENS)
    assert (row.next, row.next_at, row.why) == (next_, at, "so")
    woken = incident(next_wake_at=NOW + 2 * MINUTE)
    stored = rows.of_incident(woken, records, LENS)
    assert (stored.next, stored.next_at, stored.why) == (next_, NOW + 2 * MINUTE, "so")


def test_an_ended_incident_has_no_next_step() -> None:
    row = rows.of_chain(chain(*ESCALATED), LENS)
    assert (row.next, row.next_at, row.doing, row.why) == ("", None, "", "so")
    assert row.steps == ("R17 restart it", "R18 replace it")
    assert row.owned_since == NOW + MINUTE
    held = incident(status=Status.RESOLVED, ended_at=NOW, next_wake_at=NOW + MINUTE)
    stored = rows.of_incident(held, (), LENS)
    assert (stored.next, stored.next_at, stored.doing, stored.steps) == ("", None, "", ())


def test_an_undo_is_shown_by_its_result() -> None:
    intent: Data = {"action": "cancel_refresh", "token": "t", "fence": 1, "targets": ["g"]}
    verdict: Data = {"action": "cancel_refresh", "token": "t", "helped": True}
    cancelled = chain(OPENING, (NOW, Kind.INTENT, intent), (NOW, Kind.VERIFICATION, verdict))
    assert rows.of_chain(cancelled, LENS).doing == "cancel_refresh on g: refresh cancelled"


def test_who_allowed_a_fix_is_named_without_an_account() -> None:
    """Not who denied one."""
    by = "arn:aws:sts::111122223333:assumed-role/oncall/anna"
    yes = Approval(plan=proposal().plan, granted=True, by=by, at=NOW, until=NOW + MINUTE)
    plans = (proposal(yes), proposal(copy.replace(yes, granted=False, by="x/bob")), proposal())
    assert rows.of_incident(incident(proposals=plans), (), LENS).approvers == ("anna",)
    given: tuple[Data, ...] = (
        {"granted": True, "by": by, "counts": True},
        {"granted": True, "by": by, "counts": True},
        {"granted": False, "by": "x/bob", "counts": True},
        {"granted": True, "by": "x/eve", "counts": False},
    )
    answers = [(NOW, Kind.APPROVAL, each) for each in given]
    assert rows.of_chain(chain(OPENING, *answers), LENS).approvers == ("anna",)


def test_a_board_knows_by_other_chains_that_an_alarm_is_ok() -> None:
    """A recovery after the escalation is a chain of its own; what is older than it counts less."""
    late = (NOW + 3 * MINUTE, Kind.SIGNAL, signal(AlarmState.OK, "recovery"))
    early = (
        NOW + 4 * MINUTE,
        Kind.SIGNAL,
        signal(AlarmState.ALARM, "ignored") | {"signalled_at": NOW.isoformat()},
    )
    other: Data = {
        "disposition": "context",
        "arn": "arn:aws:ec2:::instance/i-1",
        "state": "running",
    }
    records = [
        *chain(*ESCALATED),
        *chain(late, of=OTHER),
        *chain(early, of="inc-3"),
        *chain((NOW, Kind.SIGNAL, other), of="inc-4"),
    ]
    for after, escalated in ((2 * MINUTE, [ID]), (timedelta(hours=1), [])):
        view = board.board_at("f", records, NOW + after).view("")
        assert isinstance(view, Overview)
        assert [each.id for each in view.escalated] == escalated
        assert [each.id for each in view.ended] == ([] if escalated else [ID])
        assert [each.alarms for each in view.ended] == ([] if escalated else ["OK now"])


def test_a_board_counts_the_ended_that_it_does_not_show() -> None:
    records = [
        each
        for number in range(board.ENDED_MAX + 1)
        for each in chain(OPENING, (NOW, Kind.DECISION, decision("close")), of=f"inc-{number}")
    ]
    few = board.board_at("f", records[:-2], NOW).view("")
    many = board.board_at("f", records, NOW).view("")
    assert isinstance(few, Overview)
    assert isinstance(many, Overview)
    assert (len(few.ended), few.more_ended) == (board.ENDED_MAX, False)
    assert (len(many.ended), many.more_ended) == (board.ENDED_MAX, True)


def test_an_escalated_incident_is_as_old_as_it_is_open() -> None:
    row = rows.of_chain(chain(*ESCALATED), RowContext(now=NOW))
    hour = timedelta(hours=1)
    assert rows.age(row, NOW + hour) == MINUTE
    assert rows.age(copy.replace(row, escalated=True), NOW + hour) == hour
