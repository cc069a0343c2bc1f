"""``firstline simulate``: many runs in a line, one run step by step."""

import json

import pytest

from firstline.cli.main import dispatch


def test_runs_are_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """How many, what they did, and that nothing was broken."""
    assert dispatch(["simulate", "--seeds", "3"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("3 runs, ")
    assert "no violation" in out
    assert dispatch(["simulate", "--seeds", "2", "--from", "5", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["seeds"], told["violations"]) == (2, [])
    assert 0 < told["faults_covered"] < told["faults_total"]
    assert told["incidents"] >= 2


def test_one_run_is_told_step_by_step(capsys: pytest.CaptureFixture[str]) -> None:
    """What went wrong in it, and when."""
    assert dispatch(["simulate", "--seed", "2"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("seed 2: restarts do not help, ")
    assert "reconcile-" in out
    assert dispatch(["simulate", "--seed", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["seed"], told["broken"]) == (2, [])


def test_no_runs_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    """One line."""
    assert dispatch(["simulate", "--seeds", "0"]) == 2
    assert "--seeds" in capsys.readouterr().err
