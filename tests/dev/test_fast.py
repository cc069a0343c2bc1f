"""``./dev test --fast``: what decides, chosen by rule, with the CPU that it took."""

import subprocess
import sys
from pathlib import Path

from hypothesis import HealthCheck

from firstline.cli.develop import FAST_SECONDS
from tests.fast import LEFT_OUT, TESTS
from tests.strategies import CALM

FIRSTLINE = Path(sys.executable).parent / "firstline"


def test_it_runs_every_folder_but_those_that_it_names() -> None:
    """Each exists; a new folder is run. One scenario of each kind is."""
    asked = ("test", "--fast", "--collect-only", "-q", "-n", "0")
    ran = subprocess.run(
        [FIRSTLINE, *asked], cwd=TESTS.parent, capture_output=True, text=True, check=True
    )
    collected = [line for line in ran.stdout.splitlines() if "::" in line]
    files = [line.partition("::")[0].split("/") for line in collected]
    chosen = {folder for _, folder, *inner in files if inner}
    there = {path.relative_to(TESTS).parts[0] for path in TESTS.glob("*/**/test_*.py")}
    assert there > LEFT_OUT
    assert chosen == there - LEFT_OUT
    shown = {line.partition("[")[2] for line in collected if "test_it_ends_as" in line}
    assert "security-finding]" in shown
    assert len(shown) < len(list((TESTS.parent / "events" / "scenarios").glob("*.toml"))) / 2
    last = ran.stdout.splitlines()[-1].split()
    assert (last[0], last[2:4]) == ("fast:", ["s", "of"])
    assert 0 < int(last[1]) < FAST_SECONDS


def test_no_property_depends_on_how_fast_examples_are_made() -> None:
    """On a busy machine Hypothesis would fail one for being slow."""
    assert HealthCheck.too_slow in CALM.suppress_health_check
