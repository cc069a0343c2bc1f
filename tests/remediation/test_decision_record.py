"""Basis: what an entry says of a decision's grounds is what it rested on."""

import copy
import json

from firstline.diagnosis.evidence import NOT_NEEDED, Evidence, HostHistory, Unknown
from firstline.incidents.incident import Page
from firstline.ledger.chain import Data, Kind
from firstline.ledger.entries import DecisionMade, decode
from firstline.remediation.decision_record import (
    DecisionInputs,
    ObservedFacts,
    decision_inputs,
    observed_fleet,
    read_inputs,
)
from firstline.remediation.update import FleetObservation
from firstline.signal import Severity
from tests.builders import ALARM_ARN, A, ago, evidence, impaired, incident, target
from tests.controller.rig import START, opened
from tests.remediation.situations import limits, situation

NOTHING = Evidence(
    at=START, alarm=NOT_NEEDED, alarms={}, group=NOT_NEEDED, target_health=NOT_NEEDED, hosts={}
)
PAGE = Page(
    key="pause-1",
    action="trigger",
    severity=Severity.P3,
    summary="paused",
    queued_at=START,
    due_at=START,
)


def decoded(data: Data) -> DecisionMade:
    """The event of a decision's entry."""
    event = decode(Kind.DECISION, data)
    assert isinstance(event, DecisionMade)
    return event


def grounds() -> list[DecisionInputs]:
    """The inputs of the decisions of a complete outage."""
    rig = opened()
    rig.at_the_end()
    entries = [json.loads(each.body) for each in rig.tables.entries[rig.id()]]
    found = [read_inputs(decoded(each["data"])) for each in entries if each["kind"] == "decision"]
    return [each for each in found if each is not None]


def test_each_decision_of_an_incident_has_its_inputs() -> None:
    """Every one; what was read around the fleet wherever a fix was decided on."""
    result = grounds()
    arn = ALARM_ARN.replace(":111122223333:", ":[account]:")
    assert all(set(each.observed.alarms) == {arn} for each in result)
    assert any(each.preflight for each in result)
    assert any(each.observed.look for each in result)
    assert {each.mode for each in result} == {"enforce"}


def test_an_older_entry_has_no_inputs() -> None:
    """Nothing is guessed."""
    assert read_inputs(DecisionMade(step={"type": "wait"})) is None


def test_unreadable_limits_stay_unknown() -> None:
    """Unknown is stored as such, and read back as such."""
    result = grounds()[0]
    unknown = copy.replace(
        result, observed=copy.replace(result.observed, limits=Unknown("throttled"))
    )
    entry = json.loads(json.dumps(unknown.add_to(DecisionMade(step={})).to_ledger()))
    assert read_inputs(decoded(entry)) == unknown
    seen = FleetObservation(evidence=NOTHING, limits=Unknown("throttled"))
    unread = situation(evidence=NOTHING, incident=incident(targets=(), hosts={}))
    assert decision_inputs(seen, unread).observed == ObservedFacts(limits=Unknown("throttled"))


def test_the_known_hosts_of_the_incident_are_inputs() -> None:
    """Since when each is silent, and what EC2 says of it: read back as it was."""
    silent = target(A, history=HostHistory(silent_at=ago(300), in_service_at=ago(900)))
    known = evidence(instance_statuses=impaired(A))
    about = situation(evidence=known, incident=incident(targets=(silent,)))
    result = decision_inputs(FleetObservation(evidence=known, limits=limits()), about)
    assert result.observed.histories == {A: silent.history}
    assert result.observed.instance_statuses == impaired(A)
    entry = json.loads(json.dumps(result.add_to(DecisionMade(step={})).to_ledger()))
    assert read_inputs(decoded(entry)) == result
    fleet = observed_fleet(decoded(entry))
    assert fleet is not None
    assert (fleet.histories, fleet.instance_statuses) == (result.observed.histories, impaired(A))


def test_the_pages_of_a_pause_are_no_input() -> None:
    """Its words may be a person's; that it stands is what counts."""
    held = limits(paused=True)
    paged = copy.replace(held, switch=copy.replace(held.switch, pages=(PAGE,)))
    seen = FleetObservation(evidence=NOTHING, limits=paged)
    assert decision_inputs(seen, situation()).observed.limits == held
