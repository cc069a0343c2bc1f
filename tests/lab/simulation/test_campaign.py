"""Campaigns: many runs, in parts and on all cores, and the matrix of effects and faults."""

import copy
from pathlib import Path

import pytest

from firstline.controller.ports import Ports
from firstline.errors import InvalidInput, InvariantViolation
from firstline.lab.simulation import campaign as campaigns
from firstline.lab.simulation import cells as directed
from firstline.lab.simulation import seed_run
from firstline.lab.simulation.campaign import Campaign
from firstline.lab.simulation.cells import Cell, cells
from firstline.lab.simulation.fault_injection import ForcedFault
from firstline.lab.simulation.faults import (
    APART,
    VENDORS,
    WRITES,
    Fault,
    effects,
    impossible,
    possible,
)

CHUNK_SIZE = 4
"""As many runs as a process is given at a time here."""


def test_the_matrix_is_of_the_ports() -> None:
    """Each method of each port but the clock is an effect; a cell is possible, or says why not."""
    ports = set(Ports.__annotations__) - APART | set(VENDORS)
    assert {each.partition(".")[0] for each in effects()} == ports
    assert {"store.commit", "hosts.fix", "investigation.metrics"} <= set(effects())
    assert set(effects()) >= WRITES
    for effect in effects():
        assert possible(effect)[0] is Fault.NONE
        for kind in Fault:
            assert (impossible(effect, kind) is None) == (kind in possible(effect))
    assert Fault.TIMEOUT_AFTER not in possible("store.load")
    assert Fault.DUPLICATE in possible("wakes.queue")
    assert Fault.DUPLICATE not in possible("hosts.fix")


def test_no_run_makes_a_request_that_the_matrix_does_not_know() -> None:
    """Else a cell could never be empty."""
    for seed in range(12):
        assert {effect for effect, _ in seed_run.simulate(seed).coverage} <= set(effects())


def _run(told: Campaign, last: int) -> Campaign:
    for job, outcome in campaigns.run(range(told.next, last)):
        told.add(job, outcome)
    return told


def test_a_campaign_in_parts_is_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written down, read again and gone on from; on one process or several."""
    monkeypatch.setattr(campaigns, "CHUNK_SIZE", CHUNK_SIZE)
    path = tmp_path / "state.json"
    assert campaigns.load(path) == Campaign()
    part = _run(campaigns.load(path), 9)
    campaigns.save(part, path)
    parted = _run(campaigns.load(path), 2 * CHUNK_SIZE + 3)
    alone = Campaign()
    for seed in range(2 * CHUNK_SIZE + 3):
        alone.add(seed, seed_run.simulate(seed))
    assert parted == alone
    assert (alone.seeds, alone.broken) == (2 * CHUNK_SIZE + 3, ())
    came = {f"{effect} {kind}" for effect, kind in cells() if alone.times(effect, kind)}
    assert "wakes.queue duplicate" in came
    assert came | set(alone.empty()) == {f"{effect} {kind}" for effect, kind in cells()}
    assert not came & set(alone.empty())


def test_what_is_no_campaign_is_a_mistake(tmp_path: Path) -> None:
    """One line, and the file is left as it is."""
    path = tmp_path / "state.json"
    path.write_text("[]")
    with pytest.raises(InvalidInput, match="holds no campaign"):
        campaigns.load(path)
    with pytest.raises(InvalidInput, match="cannot be read"):
        campaigns.load(tmp_path)
    with pytest.raises(InvalidInput, match="cannot be written"):
        campaigns.save(Campaign(), tmp_path / "nowhere" / "state.json")


def test_each_cell_has_a_run_that_meets_it() -> None:
    """The first and the last of each effect here; `simulate` runs them all, before its seeds."""
    known = cells()
    assert {each.effect for each in known} == set(effects())
    for effect in ("hosts.find", "scaling.departure", "store.commit"):
        mine = [each for each in known if each.effect == effect]
        for each in (mine[0], mine[-1]):
            assert directed.simulate(each).coverage[each.effect, each.fault]


def test_a_request_that_no_start_makes_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell is never taken for run: here its lead is not there."""
    monkeypatch.setattr(directed, "LEADS", {"hosts.find": ForcedFault("hosts.fix", Fault.NONE)})
    with pytest.raises(InvariantViolation, match=r"no request of hosts\.find"):
        directed.simulate(Cell("hosts.find", Fault.ERROR))


def test_directed_runs_stand_beside_the_seeds() -> None:
    """Each is counted for itself, and a violation names what ran."""
    result, cell = Campaign(), Cell("store.load", Fault.HANG)
    for job, outcome in campaigns.run((cell, 0)):
        result.add(job, copy.replace(outcome, violations=("I1: a rule",)))
    assert (result.directed, result.seeds, result.next) == (1, 1, 1)
    assert [each.job for each in result.broken] == [cell, 0]
    assert "store.load hang" not in result.empty()
