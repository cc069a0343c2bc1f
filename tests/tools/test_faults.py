"""Each call to AWS may fail in seven ways: a sample of the cells, and what the table must hold."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from bench.narrow import narrowed
from firstline.cli.replay import read
from firstline.incidents.incident import Incident, Status
from firstline.lab.http_fault import HttpFault
from firstline.lab.twin.replay import replay
from firstline.lab.twin.replay_result import ReplayResult
from tools import faults
from tools.faults import HOME, ROWS, Row, cells, judge, load, run, sample

ROOT = Path(__file__).parents[2]
SERVICES = {
    "auto-scaling": "autoscaling",
    "elastic-load-balancing-v2": "elasticloadbalancing",
    "secrets-manager": "secretsmanager",
}
"""Services whose permissions begin otherwise than botocore's events."""
ACTIONS = {
    "dynamodb": {
        "TransactWriteItems": {"PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"}
    },
}
"""Calls whose permissions are those of their parts."""

CHANGES = {
    *("CancelInstanceRefresh", "SetDesiredCapacity", "StartInstanceRefresh"),
    *("Publish", "SendCommand", "SendMessage"),
    *("TerminateInstanceInAutoScalingGroup", "TransactWriteItems"),
}


@pytest.mark.parametrize(
    ("row", "fault"), sample(), ids=[f"{row.call} {fault}" for row, fault in sample()]
)
def test_a_call_that_fails_loses_no_page_and_does_nothing_twice(row: Row, fault: HttpFault) -> None:
    cell = run(row, fault)
    assert cell.wrong == ()
    assert cell.came > 0


def test_the_sample_has_every_change_and_every_fault() -> None:
    chosen = sample()
    assert {row.call.partition(".")[2] for row, _ in chosen} == CHANGES
    assert {fault for _, fault in chosen} == set(HttpFault)
    assert len(chosen) < len(ROWS) < len(list(cells()))


def test_every_call_of_the_three_functions_has_its_row() -> None:
    """Whatever the scenarios ask of AWS (docs/calls.jsonl), by the permission that it needs."""
    kept = map(json.loads, (ROOT / "docs" / "calls.jsonl").read_text().splitlines())
    needed = {
        (each["function"], each["action"])
        for each in kept
        if each["function"] in {"ingest", "reconcile", "sweep"}
    }
    had = {(row.function, action) for row in ROWS for action in permissions(row.call)}
    lacking = {action for function, action in needed - had if action.partition(":")[0] != "logs"}
    assert lacking | {"codedeploy:ListDeployments"} == set(faults.UNUSED_ACTIONS)


def permissions(call: str) -> set[str]:
    service, _, name = call.partition(".")
    parts = ACTIONS.get(service, {}).get(name, {name})
    return {f"{SERVICES.get(service, service)}:{part}" for part in parts}


@pytest.fixture(scope="module")
def outage() -> ReplayResult:
    """A run that is well: a P1, one fix."""
    scenario, events, profile = read(ROOT / "events/scenarios/a-complete-outage.toml", HOME)
    with narrowed():
        return replay(scenario, events, profile, HOME, lambda _: None)


def test_a_run_that_is_well_has_nothing_wrong(outage: ReplayResult) -> None:
    assert list(judge(outage)) == []
    assert any(each.startswith("ssm.SendCommand") for each in outage.changes)


def test_each_thing_that_may_go_wrong_is_found(outage: ReplayResult) -> None:
    """By what it leaves behind."""
    (chapter,) = outage.ledgers
    incident = chapter.incident
    assert isinstance(incident, Incident)

    def of(**changes: Any) -> ReplayResult:  # noqa: ANN401 - of any field
        held = copy.replace(incident, **changes)
        return copy.replace(outage, ledgers=(copy.replace(chapter, incident=held),))

    unsent = tuple(copy.replace(each, sent_at=None) for each in incident.pages)
    wrong = {
        "1 messages are dead letters": copy.replace(outage, dead=1),
        f"the page {incident.id} is lost": copy.replace(outage, pages=()),
        f"the P1 {incident.id} is not paged": of(pages=()),
        f"{incident.id} owes a page": of(pages=unsent),
        f"{incident.id} does not end": of(ended_at=None, status=Status.INVESTIGATING),
        f"{outage.changes[0]} was sent twice": copy.replace(outage, changes=outage.changes * 2),
        "1 changes of the group for 0 intents": copy.replace(
            outage, changes=(*outage.changes, "auto-scaling.SetDesiredCapacity the group")
        ),
        "does not follow": copy.replace(
            outage, ledgers=(copy.replace(chapter, entries=chapter.entries[1:]),)
        ),
    }
    for why, bad in wrong.items():
        result = list(judge(bad))
        assert any(why in each or "entry 1 was expected" in each for each in result), why


def test_an_error_that_leaves_a_handler_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raised, logged by the batch, or where the call is never made."""

    def lost(_error: Exception, _describe: object = None) -> None:
        return None

    monkeypatch.setattr("firstline.adapters.aws.errors.failure_reason", lost)
    cell = run(Row("reconcile", "dynamodb.Query", "same-event-twice"), HttpFault.GARBLED)
    assert "UnicodeDecodeError: a record failed" in cell.wrong
    never = run(Row("sweep", "kms.DescribeKey", "same-event-twice"), HttpFault.GARBLED)
    assert never.wrong == ("the call was never made",)


def test_the_table_is_complete_and_nothing_in_it_is_wrong() -> None:
    result = load(ROOT / "docs" / "faults.jsonl")
    assert [(it.function, it.call, it.fault) for it in result] == [
        (row.function, row.call, fault) for row, fault in cells()
    ]
    assert [each for each in result if each.wrong] == []
