"""Again: the same inputs give the same decision, and the exact difference is told where not."""

import copy
from pathlib import Path
from typing import Any

import pytest

from firstline.ids import CommandId, Digest, InstanceId
from firstline.lab.redecide.compare import Difference, json_differences
from firstline.lab.redecide.incident_record import IncidentRecord, RecordedReconcile
from firstline.lab.redecide.ports import PastScaling
from firstline.lab.redecide.recorded_world import NEVER, RecordedWorld
from firstline.lab.redecide.redecision import redecide, sending_result
from firstline.lab.simulation import regressions
from firstline.lab.simulation.regressions import REGRESSIONS
from firstline.lab.twin.scenario import BEGINS
from firstline.ledger.entries import FixReported
from firstline.ledger.export import DecodedEntry
from firstline.notifications.delivery import Delivery
from firstline.notifications.notification import Notification
from firstline.remediation.decision_record import ObservedFacts
from firstline.remediation.departure import Departure
from firstline.remediation.execution import (
    FixOrder,
    LookOrder,
    Refused,
    Sending,
    Sent,
    Unsettled,
)
from tests.lab.redecide import records
from tools.regressions import read

TABLE = Path(__file__).parents[3] / "docs" / "regressions.jsonl"
HUNDRED = range(100)


@pytest.mark.parametrize("seed", HUNDRED)
def test_a_simulated_incident_is_decided_again_as_it_was(seed: int) -> None:
    """I26: whatever failed, died or was lost on the way, each decision follows from its record."""
    result, policies = records.of(seed)
    for each in result:
        compared = redecide(each, policies)
        assert (compared.differences, compared.why) == ((), "")
        assert compared.decisions == len(each.reconciles)


def test_what_a_worker_took_in_that_did_not_decide_is_taken_in_again() -> None:
    """It paged and died: its signals come at the instant of its commit, before the others."""
    name = "a decision does not follow from its record, where a worker paged and did not decide"
    (died,) = [each for each in REGRESSIONS if each.name == name]
    (line,) = [each for each in read(TABLE) if each.name == name]
    seed = regressions.world_seed(died)
    result, policies = records.of(seed, regressions.dense_choices(line.choices))
    assert any(len(turn.arrivals) > 1 for each in result for turn in each.reconciles)
    assert [redecide(each, policies).differences for each in result] == [()] * len(result)


def _fields(differences: tuple[Difference, ...]) -> set[tuple[str, str]]:
    return {(each.kind, each.field) for each in differences}


def _with(told: IncidentRecord, number: int, turn: RecordedReconcile) -> IncidentRecord:
    reconciles = (*told.reconciles[:number], turn, *told.reconciles[number + 1 :])
    return copy.replace(told, reconciles=reconciles)


def _decided(told: IncidentRecord, number: int, changed: DecodedEntry) -> IncidentRecord:
    return _with(told, number, copy.replace(told.reconciles[number], decision=changed))


def _fixing(told: IncidentRecord) -> int:
    return next(n for n, turn in enumerate(told.reconciles) if turn.decision.data["plan"])


def test_a_decision_that_was_changed_in_the_record_is_told() -> None:
    """The record says something that the code does not conclude from what it saw."""
    result, policies = records.outage()
    number = _fixing(result)

    def other_host(data: dict[str, Any]) -> None:
        data["plan"]["targets"] = ["i-0dead0000000000f0"]

    changed = records.edited(result.reconciles[number].decision, other_host)
    compared = redecide(_decided(result, number, changed), policies)
    assert _fields(compared.differences) == {("decision", "plan.targets[0]")}
    (difference,) = compared.differences
    assert difference.recorded == "i-0dead0000000000f0" != difference.redecided
    assert difference.sequence == changed.entry.sequence


def test_evidence_that_was_changed_in_the_record_is_told() -> None:
    """Facts that the decision names do not follow from it any more."""
    result, policies = records.outage()
    number = next(
        n
        for n, turn in enumerate(result.reconciles)
        if "look" in turn.decision.data["observed"] and turn.decision.data["step"]["type"] == "fix"
    )

    def all_well(data: dict[str, Any]) -> None:
        for answer in data["observed"]["look"].values():
            answer["report"] |= {"enclave_state": "RUNNING", "parent_healthy": True}

    changed = records.edited(result.reconciles[number].decision, all_well)
    compared = redecide(_decided(result, number, changed), policies)
    assert {("decision", "facts"), ("intent", "facts")} <= _fields(compared.differences)


def test_another_policy_under_the_same_digest_is_told() -> None:
    """The numbers of the policy decide; so does the mode."""
    result, policies = records.outage()
    (digest,) = policies
    policy = copy.replace(policies[digest].policy, poll_seconds=7)
    changed = {digest: copy.replace(policies[digest], policy=policy)}
    assert redecide(result, changed).differences
    assert redecide(result, policies).differences == ()


def test_a_signal_that_is_taken_for_something_else_is_told() -> None:
    """A rule that is gone, for the signal that opened it."""
    result, policies = records.outage()
    (digest,) = policies
    rules = policies[digest].rules
    others = tuple(each for each in rules if each.subject != "healthy-hosts")
    fewer = copy.replace(policies[digest], rules=others)
    assert ("signal", "rule") in _fields(redecide(result, {digest: fewer}).differences)


def test_what_cannot_be_decided_again_says_why() -> None:
    """A policy that is not there; entries from before they told what they rest on."""
    result, policies = records.outage()
    (digest,) = policies
    assert redecide(result, {}).why == f"the export lacks the policy {digest}"
    assert redecide(result, {Digest("f" * 64): policies[digest]}).why.startswith("the export lacks")
    bare = records.edited(result.reconciles[0].decision, lambda data: data.pop("observed"))
    compared = redecide(_decided(result, 0, bare), policies)
    assert compared.why == "it was recorded before decisions told what they rest on"
    assert (compared.decisions, compared.differences) == (0, ())


def test_an_entry_that_only_one_side_has_is_told() -> None:
    """A fix that the record does not hold, though its decision does."""
    result, policies = records.outage()
    number = next(n for n, turn in enumerate(result.reconciles) if len(turn.entries_after) == 2)
    compared = redecide(
        _with(result, number, copy.replace(result.reconciles[number], entries_after=())), policies
    )
    assert ("intent", "") in _fields(compared.differences)


def test_what_a_sending_came_to_is_read_from_its_entry() -> None:
    """Sent, refused, or nobody knows."""
    assert sending_result(FixReported(outcome="sent", command="c")) == Sent(CommandId("c"))
    assert sending_result(FixReported(outcome="unknown", detail="timed out")) == Unsettled(
        "timed out"
    )
    assert sending_result(FixReported(outcome="not-sent", detail="no")) == Refused("no")


PARTED = [
    ({"a": 1}, {"a": 1}, []),
    ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, [("a.b[1]", 2, 3)]),
    ({"a": [1]}, {"a": [1, 2]}, [("a", [1], [1, 2])]),
    ({"a": 1}, {"b": 1}, [("a", 1, None), ("b", None, 1)]),
    ({"a": 1}, {"a": "1"}, [("a", 1, "1")]),
]


@pytest.mark.parametrize(("then", "today", "expected"), PARTED)
def test_values_part_at_their_paths(then: object, today: object, expected: object) -> None:
    """Lists of one length are compared place by place, others as a whole."""
    assert list(json_differences(then, today)) == expected


class Nothing:
    """Deeds of a test in which nothing is sent."""

    def send(self, order: LookOrder | FixOrder) -> Sending:
        raise AssertionError(order)

    def deliver(self, notification: Notification) -> Delivery:
        raise AssertionError(notification)


def test_a_departure_is_what_the_record_saw() -> None:
    """Of whichever host is asked: one fix at a time waits for its verdict."""
    at, host = BEGINS, InstanceId("i-0a1b2c3d4e5f60711")
    gone = Departure("activity", unhealthy=True)
    then = RecordedWorld(now=at, later=at, observed=ObservedFacts(limits=NEVER, departure=gone))
    assert PastScaling(then, Nothing()).departure(host, at) == gone
