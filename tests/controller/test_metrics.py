"""The metrics of one committed change."""

import copy
from datetime import timedelta
from typing import Any

import pytest

from firstline.controller import metrics
from firstline.controller.ports.store import Change
from firstline.controller.sweep import SweepResult
from firstline.ids import CorrelationKey, Digest, IncidentId, Token
from firstline.incidents.incident import Incident, Page, Response, Status
from firstline.ledger.chain import Chain, Data, Entry, Kind, Provenance, append
from firstline.monitoring import costs
from firstline.monitoring.metric import Metric
from firstline.signal import Severity
from tests.builders import NOW, ago, attempt, incident
from tests.remediation.situations import proposal

BY = Provenance(Digest("0" * 64), "code")
SIGNALLED = NOW - timedelta(seconds=90)
TOKEN, LATER = Token("1" * 32), Token("2" * 32)
UNPAGED = copy.replace(incident(), signalled_at=SIGNALLED, attempts=())


def sent(key: str) -> Page:
    return Page(
        key=key,
        action="trigger",
        severity=Severity.P1,
        summary="",
        queued_at=NOW,
        due_at=NOW,
        sent_at=NOW,
    )


HELD = copy.replace(UNPAGED, pages=(sent(UNPAGED.id),))
RISEN = f"{HELD.id}:p1"
CAUSE = CorrelationKey("a cause")
PAGE: Data = {
    "key": HELD.id,
    "action": "trigger",
    "severity": "P1",
    "channel": "pager",
    "outcome": "accepted",
    "tries": 1,
    "why": "",
}


def entry(kind: Kind, data: Data, of: IncidentId = HELD.id) -> Entry:
    return append(Chain(), of, kind, NOW, BY, data)[1]


def counted(name: str, **by: str) -> Metric:
    return Metric(name, 1, "Count", tuple(by.items()))


def no(guard: str, why: str | None) -> dict[str, Any]:
    return {"guard": guard, "denial": {"why": why} if why else None}


SINCE = 90
TRIED = copy.replace(HELD, attempts=(attempt(token=TOKEN), attempt(token=LATER)))
ROSE = copy.replace(
    HELD,
    responses=(
        Response(severity=Severity.P3, since=ago(SINCE), due_at=None),
        Response(severity=Severity.P2, since=ago(4), due_at=None),
    ),
)
CASES: dict[str, tuple[Incident, Kind, Data, tuple[Metric, ...]]] = {
    "paged": (HELD, Kind.PAGE, PAGE, (Metric("TimeToPage", SINCE, "Seconds"),)),
    "paged by a rise": (
        copy.replace(UNPAGED, pages=(sent(RISEN),)),
        Kind.PAGE,
        PAGE | {"key": RISEN},
        (Metric("TimeToPage", SINCE, "Seconds"),),
    ),
    "a rise of what was paged": (
        copy.replace(UNPAGED, pages=(sent(UNPAGED.id), sent(RISEN))),
        Kind.PAGE,
        PAGE | {"key": RISEN},
        (),
    ),
    "paged since it rose": (
        copy.replace(ROSE, pages=(sent(RISEN),)),
        Kind.PAGE,
        PAGE | {"key": RISEN},
        (Metric("TimeToPage", 4, "Seconds"),),
    ),
    "a later page": (HELD, Kind.PAGE, PAGE | {"key": f"{HELD.id}:escalated"}, ()),
    "a resolve": (HELD, Kind.PAGE, PAGE | {"action": "resolve"}, ()),
    "a change event": (HELD, Kind.PAGE, PAGE | {"channel": "change", "outcome": "pending"}, ()),
    "a drill that passed": (
        HELD,
        Kind.PAGE,
        PAGE | {"channel": "change", "key": f"{HELD.id}:drill"},
        (counted("DrillsPassed"),),
    ),
    "a drill that PagerDuty did not take": (
        HELD,
        Kind.PAGE,
        PAGE | {"channel": "change", "key": f"{HELD.id}:drill", "outcome": "dropped"},
        (),
    ),
    "refused": (HELD, Kind.PAGE, PAGE | {"outcome": "pending"}, (counted("PagesFailed"),)),
    "a response met": (
        HELD,
        Kind.RESPONSE,
        {"responded": True, "met": True},
        (Metric("Responses", 1, "Count"), Metric("ResponsesMissed", 0, "Count")),
    ),
    "a response missed": (
        HELD,
        Kind.RESPONSE,
        {"responded": True, "met": False},
        (Metric("Responses", 1, "Count"), Metric("ResponsesMissed", 1, "Count")),
    ),
    "still waited for": (HELD, Kind.RESPONSE, {"responded": False, "met": False}, ()),
    "the first fix": (
        TRIED,
        Kind.INTENT,
        {"action": "restart_enclave", "token": TOKEN, "plan": "p", "fence": 1},
        (
            counted("Fixes", action="restart_enclave"),
            Metric("TimeToFirstFix", SINCE, "Seconds"),
        ),
    ),
    "a later fix": (
        TRIED,
        Kind.INTENT,
        {"action": "restart_parent", "token": LATER, "plan": "p", "fence": 1},
        (counted("Fixes", action="restart_parent"),),
    ),
    "a look": (HELD, Kind.INTENT, {"action": "look_host", "token": TOKEN}, ()),
    "a fix that failed": (
        HELD,
        Kind.VERIFICATION,
        {"action": "restart_enclave", "helped": False},
        (counted("FixesFailed", action="restart_enclave"),),
    ),
    "a fix that helped": (HELD, Kind.VERIFICATION, {"action": "a", "helped": True}, ()),
    "hosts verified": (HELD, Kind.VERIFICATION, {"verified": [], "doubted": []}, ()),
    "denied": (
        HELD,
        Kind.DECISION,
        {"guards": [no("cooldown", "too soon"), no("paused", None)]},
        (counted("Denials", guard="cooldown"),),
    ),
    "decided without guards": (HELD, Kind.DECISION, {"step": {"type": "wait"}}, ()),
    "a signal": (HELD, Kind.SIGNAL, {"joined": []}, ()),
}


@pytest.mark.parametrize(("held", "kind", "data", "expected"), CASES.values(), ids=CASES)
def test_an_entry_is_counted_once(
    held: Incident, kind: Kind, data: Data, expected: tuple[Metric, ...]
) -> None:
    assert metrics.change_metrics(Change(incident=held, entries=(entry(kind, data),))) == expected


ENDS: dict[Status, tuple[Metric, ...]] = {
    Status.RESOLVED: (
        counted("IncidentsEnded", outcome="resolved"),
        Metric("ResolvedAlone", 1, "Count"),
        Metric("TimeToRecover", SINCE, "Seconds"),
    ),
    Status.SELF_RECOVERED: (counted("IncidentsEnded", outcome="self-recovered"),),
    Status.ESCALATED: (
        counted("IncidentsEnded", outcome="escalated"),
        Metric("ResolvedAlone", 0, "Count"),
    ),
}


@pytest.mark.parametrize(("status", "expected"), ENDS.items(), ids=ENDS)
def test_an_end_is_counted_by_its_outcome(status: Status, expected: tuple[Metric, ...]) -> None:
    """The time to recover is that of a fix: what recovered by itself says nothing of us."""
    ended = copy.replace(HELD, status=status, ended_at=NOW)
    assert metrics.change_metrics(Change(incident=ended, closes=CAUSE)) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (1.0,)),
        ({"proposals": (proposal(),)}, (1.0,)),
        ({"proposals": (proposal(), proposal(used=True))}, (0.0,)),
        ({"drill": "0123456789abcdef"}, ()),
    ],
    ids=["by itself", "asked, and not needed", "a person allowed a fix", "a drill"],
)
def test_who_mended_it(changes: dict[str, Any], expected: tuple[float, ...]) -> None:
    """Alone is without a person: what one allowed is not."""
    ended = copy.replace(HELD, status=Status.RESOLVED, ended_at=NOW, **changes)
    found = metrics.change_metrics(Change(incident=ended, closes=CAUSE))
    assert tuple(each.value for each in found if each.name == "ResolvedAlone") == expected


def test_an_opening_is_counted_by_its_severity() -> None:
    opening = Change(incident=HELD, opens=CAUSE)
    assert metrics.change_metrics(opening) == (counted("IncidentsOpened", severity="P1"),)


def test_a_page_of_a_pause_belongs_to_no_incident() -> None:
    """A refused one is counted; its other entries are not."""
    entries = (
        entry(Kind.PAGE, PAGE | {"outcome": "pending"}),
        entry(Kind.PAGE, PAGE),
        entry(Kind.PAUSE, {"change": "paused"}),
    )
    assert metrics.change_metrics(Change(entries=entries)) == (counted("PagesFailed"),)


def test_a_clock_that_goes_before_makes_no_time_negative() -> None:
    early = copy.replace(HELD, signalled_at=NOW + timedelta(seconds=5))
    change = Change(incident=early, entries=(entry(Kind.PAGE, PAGE),))
    assert metrics.change_metrics(change) == (Metric("TimeToPage", 0, "Seconds"),)


def test_the_metrics_of_a_sweep() -> None:
    minute = timedelta(minutes=1)
    swept = SweepResult(
        oldest_page_age=minute, oldest_wake_age=2 * minute, unreadable=2, poll_failed=True
    )
    assert metrics.sweep_metrics(swept) == (
        Metric("Heartbeat", 1, "Count"),
        Metric("PagesPendingSeconds", 60, "Seconds"),
        Metric("WakesOverdueSeconds", 120, "Seconds"),
        Metric("IncidentsUnreadable", 2, "Count"),
        Metric("AlarmPollsFailed", 1, "Count"),
    )
    assert len(metrics.sweep_metrics(SweepResult())) == 4
    assert metrics.open_incidents_metric([HELD.id]) == Metric("IncidentsOpen", 1, "Count")


def test_the_oldest_page_counts_that_the_last_change_of_an_incident_left() -> None:
    owed = copy.replace(sent(HELD.id), sent_at=None)
    later = copy.replace(owed, queued_at=NOW + timedelta(seconds=30))
    other = copy.replace(HELD, id=IncidentId("inc-other"), pages=(later,))
    owes, paid = (Change(incident=copy.replace(HELD, pages=(each,))) for each in (owed, sent("k")))
    now = NOW + timedelta(seconds=60)
    assert metrics.pending_page_metrics((owes, paid), now) == ()
    assert metrics.pending_page_metrics((owes, paid, Change(incident=other)), now) == (
        Metric("PagesPendingSeconds", 30, "Seconds"),
    )
    assert metrics.pending_page_metrics((owes, Change(incident=other), Change()), now) == (
        Metric("PagesPendingSeconds", 60, "Seconds"),
    )


@pytest.mark.parametrize(
    ("service", "operation", "sent_bytes", "expected"),
    [
        ("dynamodb", "TransactWriteItems", 2049, 2 * 625 * 3),
        ("dynamodb", "PutItem", 1024, 625),
        ("dynamodb", "Query", 300, 250),
        ("sqs", "SendMessage", 200, 400),
        ("cloudwatch", "DescribeAlarms", 90, 10_000),
        ("s3", "PutObject", 900, 5_000),
        ("s3", "GetObject", 0, 400),
        ("kms", "DescribeKey", 0, 3_000),
        ("kms", "Sign", 0, 15_000),
        ("ssm", "SendCommand", 900, 0),
    ],
)
def test_a_call_costs_by_what_it_asks(
    service: str, operation: str, sent_bytes: int, expected: int
) -> None:
    assert costs.nanodollars(service, operation, sent_bytes) == expected
