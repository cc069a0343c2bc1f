"""An action that takes back a fix of ours mends nothing: it closes and licenses nothing."""

import copy

import pytest

from firstline.diagnosis.diagnose import Diagnosis
from firstline.incidents.incident import Attempt, Status
from firstline.lab.twin.scenario import HostPlan
from firstline.remediation.decide import decide
from firstline.remediation.escalation import escalation_details
from firstline.remediation.guards.alarm_state import alarm_still_fires
from tests.builders import OK, answered, evidence, incident
from tests.controller.rig import FLEET, opened
from tests.remediation.situations import plan, situation

RESTART = answered(20, helped=True)
CANCEL = answered(20, action="cancel_refresh", target="the group", helped=True)


@pytest.mark.parametrize(("attempt", "mended"), [(RESTART, True), (CANCEL, False)])
def test_only_a_fix_that_mended_makes_the_alarm_ok(attempt: Attempt, *, mended: bool) -> None:
    """I14: after any other no fix follows once the alarm is OK."""
    about = situation(incident=incident(attempts=(attempt,)), evidence=evidence(alarm=OK))
    assert attempt.repaired is mended
    assert (alarm_still_fires(plan(), about) is None) is mended


@pytest.mark.parametrize(
    ("attempt", "status"), [(RESTART, Status.RESOLVED), (CANCEL, Status.SELF_RECOVERED)]
)
def test_an_incident_is_mended_by_what_mended(attempt: Attempt, status: Status) -> None:
    rig = opened(*(HostPlan(id=each, enclave="up") for each in FLEET))
    held = rig.incident()
    rig.store(copy.replace(held, attempts=(attempt,)), version=held.version)
    assert rig.at_the_end().status is status


def test_a_person_is_given_what_it_came_to() -> None:
    """Not that it helped."""
    given = escalation_details(incident(attempts=(CANCEL,)), Diagnosis({}), decide(situation()))
    assert given["tried"] == "cancel_refresh on the group: refresh cancelled"
