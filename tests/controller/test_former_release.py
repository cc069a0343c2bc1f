"""An incident that the former release stored goes on, wherever an upgrade interrupts it.

``former_release.jsonl`` holds what the code of 2026-11-26 stored of a complete outage, once in each
stage, in schema 1: it lacks fields that came since.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from firstline.incidents.incident import Incident, Status
from tests.controller.rig import FLEET, Rig

BEFORE = [
    json.loads(line)
    for line in Path(__file__).with_name("former_release.jsonl").read_text().splitlines()
]
OWN = ("chain", "version", "wake_generation")
"""Fields that tie the item to its ledger, its writes and its wake in this run."""
STAGES: dict[str, Callable[[Incident], object]] = {
    "investigating": lambda held: held.look is not None,
    "remediating": lambda held: held.status == Status.REMEDIATING,
    "verifying": lambda held: held.status == Status.VERIFYING,
}


@pytest.mark.parametrize("before", BEFORE, ids=lambda each: each["stage"])
def test_it_is_brought_to_its_end(before: dict[str, object]) -> None:
    """No page is lost or sent twice, and no fix is done again."""
    rig = Rig()
    rig.hear()
    rig.until(STAGES[str(before["stage"])])
    today, id_ = json.loads(rig.tables.incidents[rig.id()]), rig.id()
    stored = before["incident"]
    assert isinstance(stored, dict)
    assert stored["schema"] == 1 < today["schema"]
    assert stored.keys() - {"cause"} < today.keys()
    assert stored["id"] == id_
    rig.tables.incidents[id_] = json.dumps(stored | {name: today[name] for name in OWN})
    held = rig.at_the_end()
    assert held.status == Status.RESOLVED
    assert rig.notified == {id_: 1}
    assert rig.posts == [("trigger", id_), ("resolve", id_)]
    assert rig.fixes == list(FLEET)
    assert [each.helped for each in held.attempts] == [True] * len(FLEET)


def test_each_stage_is_there() -> None:
    assert [each["stage"] for each in BEFORE] == list(STAGES)
