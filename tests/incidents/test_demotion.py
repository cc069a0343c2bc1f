from datetime import timedelta

import pytest

from firstline.ids import IncidentId
from firstline.incidents import demotion
from firstline.incidents.demotion import ActionTrackRecord, Demotion, TrackRecords
from tests.builders import ID, NOW, OTHER

BY = Demotion(NOW, 0, ID)
DOWN = Demotion(NOW, 3, ID)


def after(verdicts: str, begin: TrackRecords = (), by: Demotion = BY) -> TrackRecords:
    """The trusts after restarts that helped (+) or not (-); three in a row demote."""
    trusts = begin
    for each in verdicts:
        helped = each == "+"
        trusts = demotion.after_verdict(trusts, "restart_enclave", helped=helped, by=by, most=3)
    return trusts


@pytest.mark.parametrize(
    ("verdicts", "failed", "down"),
    [
        ("", 0, None),
        ("+", 0, None),
        ("--", 2, None),
        ("--+", 0, None),
        ("--+--", 2, None),
        ("---", 3, DOWN),
        ("----", 4, DOWN),
        ("---+", 0, DOWN),
    ],
)
def test_so_many_failures_in_a_row_demote(
    verdicts: str, failed: int, down: Demotion | None
) -> None:
    """One that helped ends the row; it does not end a demotion."""
    found = demotion.track_record(after(verdicts), "restart_enclave")
    assert found == ActionTrackRecord(action="restart_enclave", failed=failed, demoted=down)


def test_a_demotion_stays_as_it_was() -> None:
    """Later failures do not change its start."""
    later = Demotion(NOW + timedelta(hours=1), 0, OTHER)
    found = demotion.track_record(after("-", after("---"), later), "restart_enclave")
    assert (found.failed, found.demoted) == (4, DOWN)


def test_actions_stand_each_by_itself() -> None:
    others = after("---")
    assert demotion.after_verdict(others, "restart_parent", helped=False, by=BY, most=3) == (
        *others,
        ActionTrackRecord(action="restart_parent", failed=1),
    )
    assert demotion.after_verdict(others, "restart_parent", helped=True, by=BY, most=3) == others


def test_a_person_promotes_it_and_the_row_is_reset() -> None:
    down = after("---")
    assert demotion.reinstate(down, "restart_enclave") == ()
    assert demotion.reinstate(down, "restart_parent") == down


@pytest.mark.parametrize(
    ("incident", "opened", "held"),
    [(OTHER, 1, True), (OTHER, 0, False), (OTHER, -60, False), (ID, 1, False)],
)
def test_it_holds_in_incidents_that_open_later(
    incident: IncidentId, opened: float, *, held: bool
) -> None:
    """The ladder of the incident in which it failed, and of incidents open then, goes on."""
    at = NOW + timedelta(seconds=opened)
    found = demotion.active_demotion(after("---"), "restart_enclave", incident, at)
    assert found == (DOWN if held else None)
    assert demotion.active_demotion((), "restart_enclave", OTHER, at) is None
