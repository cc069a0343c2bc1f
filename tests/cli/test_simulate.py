"""``firstline simulate``: many runs, one run step by step, planted bugs, and being stopped."""

import json
import sys
import time
from pathlib import Path

import pytest

from firstline import version
from firstline.cli.main import dispatch
from firstline.lab.simulation.faults import effects
from firstline.lab.simulation.known_failures import INITIAL_WORLDS
from tests.endings import Ending, by_each_ending, started

COMMAND = [sys.executable, "-c", "from firstline.cli.main import main; main()", "simulate"]


def test_runs_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """With their number, their work, and no violation."""
    assert dispatch(["simulate", "--no-directed", "--seeds", "3"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("0 directed and 3 random runs, ")
    assert "no violation" in out
    assert dispatch(["simulate", "--no-directed", "--seeds", "2", "--from", "5", "--json"]) == 0
    output = json.loads(capsys.readouterr().out)
    assert (output["seeds"], output["violations"]) == (2, [])
    assert 0 < output["faults_covered"] < output["faults_total"]
    assert len(output["missed"]) == output["faults_total"] - output["faults_covered"]
    assert output["incidents"] >= 2


def test_one_run_is_printed_step_by_step(capsys: pytest.CaptureFixture[str]) -> None:
    """With its faults and their times."""
    assert dispatch(["simulate", "--seed", "2"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"seed 2: {INITIAL_WORLDS[2].name}, ")
    assert "reconcile-" in out
    shown = out.splitlines()
    steps = (
        "receives unhealthy-hosts",
        "pages trigger",
        "executes restart_enclave",
        "did not help",
    )
    places = [next(n for n, line in enumerate(shown) if each in line) for each in steps]
    assert places == sorted(places)
    assert dispatch(["simulate", "--seed", "2", "--json"]) == 0
    output = json.loads(capsys.readouterr().out)
    assert (output["seed"], output["broken"]) == (2, [])
    assert output["timeline"] == [each[2:] for each in shown[1:]]


def test_faults_are_printed_by_effect(capsys: pytest.CaptureFixture[str]) -> None:
    """A row for each remote request that the ports have, and why some cells are dots."""
    assert dispatch(["simulate", "--no-directed", "--seeds", "2", "--coverage"]) == 0
    out = capsys.readouterr().out
    rows = {line.partition(" ")[0] for line in out.splitlines()}
    assert set(effects()) <= rows
    assert "no network delivers it twice" in out


def test_what_was_run_is_gone_on_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file holds all that came before; what is done already is not run again."""
    state = tmp_path / "state.json"
    again = ["simulate", "--no-directed", "--from", "7", "--state", str(state), "--seeds"]
    assert dispatch([*again, "2"]) == 0
    assert dispatch([*again, "5"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("0 directed and 2 random runs, ")
    assert second.startswith("0 directed and 5 random runs, ")
    assert json.loads(state.read_text())["next"] == 12
    assert dispatch([*again[:4], "--state", str(tmp_path / "nowhere" / "x"), "--seeds", "2"]) == 2
    assert "cannot be written" in capsys.readouterr().err
    output = json.loads(state.read_text())
    state.write_text(json.dumps(output | {"code": "other"}))
    assert dispatch([*again, "5"]) == 2
    assert "contains runs of other code" in capsys.readouterr().err
    state.write_text("no campaign")
    assert dispatch([*again, "5"]) == 2
    assert "holds no campaign" in capsys.readouterr().err


@by_each_ending
def test_a_campaign_that_is_stopped_says_how_to_go_on(tmp_path: Path, ending: Ending) -> None:
    """Its file is kept up to date, and its other processes end with it."""
    state = tmp_path / "state.json"
    words = ["simulate", "--no-directed", "--seeds", "100000", "--state", str(state)]
    with started(words, ending) as ran:
        while not state.exists() or not json.loads(state.read_text())["next"]:
            assert ran.poll() is None
            time.sleep(0.1)
        ran.send_signal(ending.signal)
        out, err = ran.communicate()
    output = json.loads(state.read_text())
    *progress, last = err.splitlines()
    assert ran.returncode == 130
    assert all(" of 100,000 runs, " in each for each in progress)
    assert last.startswith(f"stopped before seed {output['next']}: continue")
    assert out.startswith(f"0 directed and {output['next']:,} random runs, ")
    assert 0 < output["next"] < 100_000


def test_planted_bugs_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    """Each with its seed; a name that matches none is a mistake."""
    assert dispatch(["simulate", "--planted", "nobody pages"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("I1           seed ")
    assert "1 bugs planted, 0 survived" in out
    assert dispatch(["simulate", "--planted", "does not name its host", "--json"]) == 0
    output = json.loads(capsys.readouterr().out)
    assert (output["breaks"], output["seed"], output["code"]) == ("I13", 0, version.digest())
    assert dispatch(["simulate", "--planted", "nothing of this name"]) == 2
    assert "unknown planted bug" in capsys.readouterr().err


def test_no_runs_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    """One line."""
    assert dispatch(["simulate", "--seeds", "0"]) == 2
    assert "--seeds" in capsys.readouterr().err
