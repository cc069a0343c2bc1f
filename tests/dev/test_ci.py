"""``.ci/run`` in a folder of its own, with a shell script standing for ``./dev``."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

CI = Path(__file__).parents[2] / ".ci" / "run"
STEPS = ["browser", "machine", "test", "simulate", "check"]


def run(folder: Path, dev: str) -> tuple[int, list[str]]:
    """Its status, and the lines that are its own."""
    (folder / ".ci").mkdir()
    shutil.copy(CI, folder / ".ci" / "run")
    installed = ("apt-get", "chromium", "chromedriver", "systemctl", "systemd-nspawn")
    for name, text in (("dev", dev), *((each, "") for each in installed)):
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    env = {"PATH": os.pathsep.join((str(folder), "/usr/bin", "/bin"))}
    ran = subprocess.run(
        [folder / ".ci" / "run"], env=env, capture_output=True, text=True, check=False
    )
    return ran.returncode, [each for each in ran.stdout.splitlines() if each.startswith("ci: ")]


def test_each_step_tells_its_seconds_and_all_of_them_stand_at_the_end(tmp_path: Path) -> None:
    status, lines = run(tmp_path, "echo 3 passed in 1.00s")
    output = [re.fullmatch(r"ci: +\d+ s  ([\w ]+)", each) for each in lines[:-1]]
    assert [each and each[1] for each in output] == 2 * STEPS
    assert (status, lines[-1]) == (0, "ci: test, simulate and check pass")


@pytest.mark.parametrize(
    ("dev", "why"),
    [
        ('[ "$1" != check ]', ["check"]),
        ('[ "$1" != test ]', ["test"]),
        ("echo 3 passed, 1 skipped in 1.00s", ["test, for what it left out"]),
    ],
)
def test_what_failed_is_named_and_the_other_steps_run(
    dev: str, why: list[str], tmp_path: Path
) -> None:
    status, lines = run(tmp_path, dev)
    assert (status, lines[-len(why) :]) == (1, [f"ci: failed: {each}" for each in why])
    assert lines[len(STEPS) - 1].endswith(" check")
