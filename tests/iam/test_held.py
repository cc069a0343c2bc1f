"""A test that has a function ask AWS for something new fails, and says how to record it."""

import subprocess
import sys
from pathlib import Path

import pytest

from firstline.adapters import wiring
from firstline.config import fleet_file
from firstline.controller.sweep import sweep
from firstline.lab.twin.aws import TwinAws
from firstline.lab.twin.clock import WorldClock
from firstline.lab.twin.scenario import Scenario
from firstline.lab.twin.world import World
from tests.builders import PROFILE, PROFILE_FILE
from tests.controller.rig import START
from tests.iam.calls import COMMAND, Call, recording, unkept

ROOT = Path(__file__).parents[2]
PLANTED = """
import copy

from firstline.adapters import wiring
from firstline.config import fleet_file
from firstline.controller.ingest import ingest
from firstline.lab.twin.aws import TwinAws
from firstline.lab.twin.clock import WorldClock
from firstline.lab.twin.scenario import Scenario
from firstline.lab.twin.world import World
from tests.controller.rig import START, ZERO
from tests.builders import PROFILE, PROFILE_FILE


def run(secret):
    world = World(Scenario(name="planted"), START, PROFILE.fleet.group)
    with TwinAws(world, lambda _: None) as twin:
        settings = twin.settings(fleet_file.read(PROFILE_FILE), "dry-run", "http://127.0.0.1:1/")
        settings = copy.replace(settings, routing_key_secret=secret or settings.routing_key_secret)
        ingest(ZERO, wiring.system(settings, twin.session, WorldClock(world)))


def test_as_it_is():
    run("")


def test_another_secret():
    run("operator-key")
"""


def test_a_call_that_is_not_kept_fails_the_test_that_made_it(tmp_path: Path) -> None:
    """By a controller over the adapters; the test beside it asks for what is kept."""
    (tmp_path / "test_planted.py").write_text(PLANTED)
    how = ("-q", "-p", "tests.iam.held", "-o", "addopts=", "--rootdir", str(tmp_path))
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *how, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "1 failed, 1 passed" in ran.stdout
    result = "ingest secretsmanager:GetSecretValue secret/operator-key"
    assert f"not in docs/calls.jsonl: {result}. Record: {COMMAND}" in ran.stdout


def test_what_runs_outside_of_a_function_is_not_recorded() -> None:
    """Whoever drives the world asks by itself; a controller's calls are its function's."""
    world = World(Scenario(name="quiet"), START, PROFILE.fleet.group)
    with recording() as recorder, TwinAws(world, lambda _: None) as twin:
        settings = twin.settings(fleet_file.read(PROFILE_FILE), "dry-run", "https://pager.invalid/")
        system = wiring.system(settings, twin.session, WorldClock(world))
        system.ports.store.due(START)
        assert recorder.calls == set()
        sweep(system)
    assert {each.function for each in recorder.calls} == {"sweep"}
    assert {each.profile for each in recorder.calls} == {"runbook"}


@pytest.mark.parametrize(
    ("call", "new"),
    [
        (Call("runbook", "sweep", "sns:Publish", "topic/<team>"), False),
        (Call("runbook", "sweep", "sns:Publish", "topic/other"), True),
        (Call("", "sweep", "sns:Publish", "topic/other"), False),
        (Call("", "sweep", "ssm:SendCommand", "instance/<fleet>"), True),
    ],
)
def test_with_a_profile_that_nobody_ships_function_and_action_count(
    call: Call, *, new: bool
) -> None:
    """Its names are its own."""
    assert unkept({call}) == ([call] if new else [])
