"""``findings/``: scripts that CI does not run."""

import os
import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "findings"
SCRIPTS = sorted(FOLDER.glob("*.sh"))


def test_each_finding_is_a_script_with_one_line_in_the_list() -> None:
    listed = re.findall(r"^- `(.+?)`: .+\.$", (FOLDER / "README.md").read_text(), re.MULTILINE)
    assert listed == [each.name for each in SCRIPTS]
    assert all(os.access(each, os.X_OK) for each in SCRIPTS)


def test_each_finding_begins_with_what_one_expects_and_what_happens() -> None:
    for each in SCRIPTS:
        _, expected, *rest = each.read_text().splitlines()
        assert expected.startswith("# Expected: "), each
        assert any(line.startswith("# Happens: ") for line in rest), each


def test_each_finding_is_sound_shell_and_pins_what_it_installs() -> None:
    shellcheck = Path(sys.executable).parent / "shellcheck"
    ran = subprocess.run([shellcheck, *SCRIPTS], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    for each in SCRIPTS:
        installed = re.findall(r"^\S+/pip\" install (.+)", each.read_text(), re.MULTILINE)
        words = [word for line in installed for word in line.split() if not word.startswith("-")]
        assert bool(words) == ('/pip"' in each.read_text()), each
        assert all("==" in word for word in words), each
