"""A whole incident through the handlers, and what its metrics add up to."""

import json
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from firstline.controller.ports.store import Change
from firstline.ids import Digest, IncidentId
from firstline.ledger.chain import Entry
from functions import ingest, reconcile, sweep
from functions.run_metrics import RunMetrics
from tests.builders import PROFILE
from tests.controller.rig import Rig

OUTAGE = Path(__file__).parents[2] / "events" / "cloudwatch.healthy-hosts-zero.json"

type Counts = dict[tuple[str, tuple[str, ...]], list[float]]


def records(body: str) -> dict[str, Any]:
    return {"Records": [{"messageId": "m", "body": body}]}


def go(rig: Rig) -> None:
    """An outage from its alarm to its last wake, through the handlers."""
    ingest.handler(records(OUTAGE.read_text()), None, rig.system)
    while rig.waiting:
        at, wake = min(rig.waiting, key=lambda each: each[0])
        rig.waiting.remove((at, wake))
        for raw in rig.world.advance(at):
            ingest.handler(records(raw.decode()), None, rig.system)
        body = json.dumps({"incident": wake.incident, "generation": wake.generation})
        assert reconcile.handler(records(body), None, rig.system) == {"batchItemFailures": []}


def emitted(out: str) -> tuple[Counts, set[str]]:
    """The values by metric and dimensions' values, and the incidents that the lines name."""
    counts, named = defaultdict[tuple[str, tuple[str, ...]], list[float]](list), set[str]()
    for line in map(json.loads, out.splitlines()):
        if "_aws" not in line:
            continue
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == "firstline"
        assert line["service"] == PROFILE.fleet.name
        assert len(directive["Dimensions"][0]) <= 2
        named |= {line["incident"]} if "incident" in line else set()
        by = tuple(line[name] for name in directive["Dimensions"][0] if name != "service")
        for metric in directive["Metrics"]:
            counts[metric["Name"], by].extend(line[metric["Name"]])
    return counts, named


def test_an_outage_is_counted_from_its_page_to_its_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Three hosts restarted one after the other: each count is there once, under closed sets."""
    rig = Rig()
    go(rig)
    counts, named = emitted(capsys.readouterr().out)
    held = rig.incident()
    assert named == {held.id}
    assert held.ended_at is not None
    assert sum(counts["IncidentsOpened", ("P1",)]) == 1
    assert sum(counts["IncidentsEnded", ("resolved",)]) == 1
    assert sum(counts["Fixes", ("restart_enclave",)]) == len(held.attempts) == 3
    assert counts["TimeToFirstFix", ()] == [
        (held.attempts[0].intended_at - held.signalled_at).total_seconds()
    ]
    assert counts["TimeToRecover", ()] == [(held.ended_at - held.signalled_at).total_seconds()]
    assert counts["TimeToPage", ()] == [pytest.approx(0, abs=1)]
    assert (sum(counts["Responses", ()]), sum(counts["ResponsesMissed", ()])) == (1, 0)
    assert not {"PagesFailed", "FixesFailed"} & {name for name, _ in counts}


def test_ingest_counts_a_refused_page(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It notifies the emergency topic without waiting for a sweep."""
    rig = Rig()
    rig.script.failing = {"post"}
    ingest.handler(records(OUTAGE.read_text()), None, rig.system)
    counts, _ = emitted(capsys.readouterr().out)
    assert counts["PagesFailed", ()] == [1]


def test_a_sweep_counts_what_is_open(capsys: pytest.CaptureFixture[str]) -> None:
    """One where one is open, none when it has ended."""
    rig = Rig()
    ingest.handler(records(OUTAGE.read_text()), None, rig.system)
    sweep.handler({}, None, rig.system)
    go(rig)
    sweep.handler({}, None, rig.system)
    counts, _ = emitted(capsys.readouterr().out)
    assert counts["IncidentsOpen", ()] == [1, 0]


def test_a_sweep_beats_though_what_is_open_cannot_be_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Unknown is not none: no metric is emitted."""
    rig = Rig()
    rig.script.failing = {"open_now"}
    sweep.handler({}, None, rig.system)
    counts, _ = emitted(capsys.readouterr().out)
    assert counts["Heartbeat", ()] == [1]
    assert ("IncidentsOpen", ()) not in counts


def test_a_fault_in_measuring_undoes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and the handler ends as if it had measured."""
    measuring = RunMetrics(Rig().system)
    unread = Entry(IncidentId("inc"), 1, "{}", Digest("0" * 64))
    measuring.system.ports.store.commit(Change(entries=(unread,)))
    measuring.emit()
    assert "not measured" in caplog.text


def test_a_run_with_a_pending_page_emits_its_age(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """I7: a sweep that is cut short sees nothing of an incident whose wakes come in time."""
    rig = Rig()
    rig.script.failing = {"post"}
    ingest.handler(records(OUTAGE.read_text()), None, rig.system)
    rig.world.now += timedelta(seconds=200)
    _, wake = rig.waiting[0]
    body = json.dumps({"incident": wake.incident, "generation": wake.generation})
    capsys.readouterr()
    reconcile.handler(records(body), None, rig.system)
    counts, _ = emitted(capsys.readouterr().out)
    assert counts["PagesPendingSeconds", ()] == [pytest.approx(200, abs=10)]


def test_a_sent_page_is_not_pending(capsys: pytest.CaptureFixture[str]) -> None:
    """No metric without a pending page: the sweep emits zero."""
    ingest.handler(records(OUTAGE.read_text()), None, Rig().system)
    counts, _ = emitted(capsys.readouterr().out)
    assert ("PagesPendingSeconds", ()) not in counts
