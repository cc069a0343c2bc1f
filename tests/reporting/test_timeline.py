"""A chain's entries in words."""

import copy
from datetime import timedelta
from typing import Any, get_args

import pytest

from firstline.ids import Digest, IncidentId
from firstline.ledger.chain import Chain, Data, Entry, Kind, Provenance, append
from firstline.ledger.entries import LedgerEvent
from firstline.ledger.export import decode_entry
from firstline.reporting.timeline import format_elapsed, moments
from tests.builders import ID, NOW

BY = Provenance(Digest("0" * 64), "code")
A, B = "i-0a1b2c3d4e5f60711", "i-0a1b2c3d4e5f60722"
UNTIL = "2026-03-01T03:15:00+00:00"
REPORT: dict[str, Any] = {
    "type": "report",
    "schema": 1,
    "enclave_state": "none",
    "enclave_unit": "active",
    "parent_unit": "active",
    "nats_reachable": True,
}
PLAN = {"action": "restart_enclave", "targets": [A]}


def entries(*said: tuple[Kind, Data]) -> list[Entry]:
    """A chain that says this."""
    chain, made = Chain(), list[Entry]()
    for kind, data in said:
        chain, entry = append(chain, IncidentId(ID), kind, NOW, BY, data)
        made.append(entry)
    return made


def decision(step: str, **fields: Any) -> tuple[Kind, Data]:  # noqa: ANN401 - any JSON
    known: Data = {"step": {"type": step}, "rule": "a rule", "why": "so", "guards": [], "facts": []}
    return Kind.DECISION, known | fields


SIGNAL: Data = {"subject": "healthy-hosts", "state": "ALARM", "why": "a rule fits"}
PAGE: Data = {
    "key": "k",
    "action": "trigger",
    "channel": "pager",
    "outcome": "accepted",
    "tries": 1,
    "why": "",
}
INTENT: Data = {"action": "restart_enclave", "targets": [A], "token": "0123456789abcdef"}
OUTCOME: Data = {"action": "restart_enclave", "target": A, "outcome": "done", "detail": "Success"}
RESPONSE: Data = {
    "severity": "P1",
    "seconds": 4,
    "target_seconds": 60,
    "responded": True,
    "met": True,
}
PROPOSAL: Data = {
    "action": "restart_enclave",
    "targets": [A],
    "plan": "f" * 64,
    "approvable": True,
    "until": UNTIL,
}
APPROVAL: Data = {"granted": True, "by": "someone", "why": "", "counts": True}
RISE = ("raises to P2: so",)
PAUSE: Data = {"change": "paused", "scope": "everything", "by": "someone"}
CASES: tuple[tuple[Kind, Data, tuple[str, ...]], ...] = (
    (Kind.SIGNAL, SIGNAL, ("receives healthy-hosts ALARM: a rule fits",)),
    (
        Kind.SIGNAL,
        {"joined": [SIGNAL, {**SIGNAL, "state": "OK", "why": "it is over"}]},
        ("receives healthy-hosts ALARM: a rule fits", "receives healthy-hosts OK: it is over"),
    ),
    (Kind.PAGE, PAGE, ("pages trigger k",)),
    (Kind.PAGE, PAGE | {"tries": 3}, ("pages trigger k (try 3)",)),
    (Kind.PAGE, PAGE | {"channel": "team"}, ("notifies trigger k",)),
    (Kind.PAGE, PAGE | {"channel": "change"}, ("notes trigger k",)),
    (Kind.PAGE, PAGE | {"channel": "note", "outcome": "accepted"}, ()),
    (
        Kind.PAGE,
        PAGE | {"outcome": "pending", "why": "503"},
        ("fails trigger k not sent, pending: 503",),
    ),
    (*decision("wait"), ("waits so",)),
    (*decision("wait", rule="FixUnderWay"), ()),
    (*decision("look"), ("inspects so",)),
    (*decision("look", rule="LookUnderWay"), ()),
    (
        *decision("fix", plan=PLAN, facts=["dead"], guards=[{}, {}]),
        (f"decides restart_enclave on {A}: dead; 2 guards passed",),
    ),
    (*decision("request-approval"), ()),
    (*decision("escalate"), ("escalates so",)),
    (*decision("close"), ("closes so",)),
    (Kind.DECISION, {"step": {"type": "raise-severity", "severity": "P2"}, "why": "so"}, RISE),
    (
        Kind.PROPOSAL,
        PROPOSAL,
        (f"proposes restart_enclave on {A} (plan ffffffffffff), until {UNTIL}",),
    ),
    (
        Kind.PROPOSAL,
        PROPOSAL | {"approvable": False},
        (f"recommends restart_enclave on {A} (plan ffffffffffff)",),
    ),
    (Kind.APPROVAL, APPROVAL, ("approved by someone",)),
    (
        Kind.APPROVAL,
        APPROVAL | {"granted": False, "why": "no", "counts": False},
        ("denied by someone: no; too late, it has no effect",),
    ),
    (Kind.INTENT, INTENT | {"fence": 1}, (f"executes restart_enclave on {A} (token 01234567)",)),
    (Kind.INTENT, INTENT, ()),
    (Kind.OUTCOME, {"outcome": "sent"}, ()),
    (Kind.OUTCOME, OUTCOME, (f"reports restart_enclave on {A}: done (Success)",)),
    (
        Kind.OUTCOME,
        {"action": "look_host", "targets": [A, B], "outcome": "unknown", "detail": "timed out"},
        (f"reports look_host on {A}, {B}: unknown (timed out)",),
    ),
    (
        Kind.OUTCOME,
        {
            "hosts": {
                A: REPORT,
                B: REPORT,
                "i-3": REPORT | {"enclave_state": "TERMINATING", "nats_reachable": None},
                "i-4": {"type": "unknown", "why": "silent"},
            }
        },
        (
            f"reads {A}, {B}: no enclave, unit active, parent active, NATS reachable",
            "reads i-3: enclave TERMINATING, unit active, parent active, NATS unknown",
            "reads i-4: unknown (silent)",
        ),
    ),
    (
        Kind.VERIFICATION,
        {"verified": [A], "doubted": [B], "readings_needed": 3},
        (f"verifies {A}: 3 good readings in a row", f"doubts {B} may be dead again"),
    ),
    (Kind.VERIFICATION, {**OUTCOME, "helped": True}, ()),
    (
        Kind.VERIFICATION,
        {**OUTCOME, "helped": False},
        (f"verifies restart_enclave on {A} did not help",),
    ),
    (Kind.RESPONSE, RESPONSE, ("responds P1 after 4 s, target 60 s",)),
    (
        Kind.RESPONSE,
        RESPONSE | {"met": False, "target_seconds": None},
        ("misses responded late: P1 after 4 s",),
    ),
    (
        Kind.RESPONSE,
        RESPONSE | {"met": False, "responded": False},
        ("misses no response yet: P1 after 4 s, target 60 s",),
    ),
    (
        Kind.ESCALATION,
        {"owner": "on-call", "next": "R17 restart"},
        ("escalates to on-call; next: R17 restart",),
    ),
    (Kind.PAUSE, PAUSE, ("paused fixes of everything by someone",)),
    (
        Kind.PAUSE,
        {"change": "ended", "scope": "everything"},
        ("ended fixes of everything",),
    ),
    (
        Kind.DEMOTION,
        {"action": "restart_enclave", "failed": 2},
        ("demotes restart_enclave: 2 fixes failed; it now requires an approval",),
    ),
    (Kind.PROMOTION, {"action": "restart_enclave"}, ("promotes restart_enclave",)),
    (
        Kind.PROMOTION,
        {"action": "restart_enclave", "by": "someone"},
        ("promotes restart_enclave by someone",),
    ),
    (
        Kind.DRILL,
        {"change": "announced", "marker": "w", "by": "someone", "until": UNTIL},
        (f"announced a drill, in dry-run until {UNTIL}, by someone",),
    ),
    (Kind.METRIC, {"alarm": "healthy-hosts", "values": ["0", None]}, ()),
    (Kind.PAGE, {"key": 3}, ("records page, in an unknown format",)),
)


@pytest.mark.parametrize(("kind", "data", "expected"), CASES, ids=lambda each: str(each)[:40])
def test_an_entry_has_its_words(kind: Kind, data: Data, expected: tuple[str, ...]) -> None:
    result = moments(entries((kind, data)))
    assert tuple(f"{each.word} {each.text}" for each in result) == expected


def test_each_event_has_a_case() -> None:
    result = {
        type(decode_entry(each).event) for kind, data, _ in CASES for each in entries((kind, data))
    }
    assert set(get_args(LedgerEvent.__value__)) <= result


def test_a_wait_is_shown_once_while_its_reason_stays() -> None:
    """And again when something came in between."""
    wait, other, closed = decision("wait"), decision("wait", why="else"), decision("close")
    result = moments(entries(wait, wait, other, wait, closed, wait))
    assert [each.text for each in result] == ["so", "else", "so", "so", "so"]


def test_a_kind_that_is_not_known_is_named() -> None:
    (entry,) = entries((Kind.PAUSE, PAUSE))
    newer = copy.replace(entry, body=entry.body.replace('"pause"', '"forecast"'))
    (result,) = moments([newer])
    assert (result.word, result.text) == ("records", "forecast, in an unknown format")


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, "0:00"), (65.4, "1:05"), (3600, "1:00:00"), (7325, "2:02:05")]
)
def test_a_clock_counts_minutes_and_hours(seconds: float, expected: str) -> None:
    assert format_elapsed(timedelta(seconds=seconds)) == expected
