"""S17: for every wake and in every mode, the same guards are checked."""

from typing import Any

import pytest

from firstline.config.settings import Mode
from firstline.controller.sweep import WAKE_GRACE, sweep
from firstline.errors import DependencyUnavailable
from firstline.incidents.incident import Status
from firstline.ledger.chain import Kind
from firstline.remediation.guards.order import ALL_GUARDS, guard_name
from tests.controller.rig import FLEET, TIMEOUT, Rig

GUARDS = [guard_name(each) for each in ALL_GUARDS]


def plans(rig: Rig) -> list[dict[str, Any]]:
    """Every decision that was about a plan."""
    return [each for each in rig.entries_of(Kind.DECISION) if each["plan"] is not None]


@pytest.mark.parametrize("mode", ["dry-run", "enforce"])
def test_every_guard_is_asked_in_both_modes(mode: Mode) -> None:
    """A dry run is one guard's no, and nothing else is left out for it."""
    rig = Rig(mode=mode)
    rig.hear()
    rig.at_the_end()
    text = plans(rig)
    assert text
    for decision in text:
        answers = decision["guards"]
        assert [each["guard"] for each in answers] == GUARDS
        denied = {each["guard"] for each in answers if each["denial"]}
        assert ("mode_enforces" in denied) == (mode == "dry-run")
    assert rig.fixes == (list(FLEET) if mode == "enforce" else [])


def test_the_sweep_wakes_to_the_same_decisions_as_an_event() -> None:
    """The wakes that events queue are all lost here: the sweep's own lead to the same fixes."""
    rig = Rig()
    rig.script.before("queue", TIMEOUT)
    with pytest.raises(DependencyUnavailable, match="timed out"):
        rig.hear()
    while not rig.incident().ended:
        rig.world.advance(rig.incident().next_wake_at or rig.world.now)
        rig.waiting.clear()
        rig.world.advance(rig.world.now + WAKE_GRACE)
        sweep(rig.system)
        rig.turn()
    assert (rig.incident().status, rig.fixes) == (Status.RESOLVED, list(FLEET))
    assert all([each["guard"] for each in result["guards"]] == GUARDS for result in plans(rig))
