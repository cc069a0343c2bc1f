"""What holds of both scripts as text."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.documents import content

FOLDER = Path(content.__file__).parent
UNITS = ("vettid-enclave",)
DOCUMENTS: dict[str, dict[str, Any]] = {
    "look_host": content.look_host(enclave_units=UNITS, parent_units=UNITS),
    "restart_unit": content.restart_enclave(units=UNITS, parents=UNITS),
}
PATTERNS = {
    "look_host": (content.UNIT, content.HOST, content.PORT, content.FILE),
    "restart_unit": (
        *(content.UNIT, content.TOKEN, content.NOT_AFTER),
        *(content.INCIDENT, content.ACTION, content.ALLOWANCE),
    ),
}


def shellcheck(path: Path) -> str:
    """Give shellcheck's findings in a file; none is the empty string."""
    tool = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run([tool, path], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", DOCUMENTS)
def test_shellcheck_finds_nothing(name: str, tmp_path: Path) -> None:
    """The script is clean by itself, and as the document carries it."""
    carried = tmp_path / "carried.sh"
    carried.write_text(
        "\n".join(DOCUMENTS[name]["mainSteps"][0]["inputs"]["runCommand"]), encoding="utf-8"
    )
    assert shellcheck(FOLDER / f"{name}.sh") == ""
    assert shellcheck(carried) == ""


@pytest.mark.parametrize("name", PATTERNS)
def test_a_script_matches_what_its_document_matches(name: str) -> None:
    """Each pattern of the document stands word for word in its script."""
    text = (FOLDER / f"{name}.sh").read_text(encoding="utf-8")
    for pattern in PATTERNS[name]:
        assert f"_pattern='{pattern}'\n" in text
    assert text.count("_pattern='") == len(PATTERNS[name])


def test_the_look_changes_nothing() -> None:
    """The look asks systemd, nitro-cli, the parent and NATS, and names no tool that changes."""
    text = (FOLDER / "look_host.sh").read_text(encoding="utf-8")
    assert "systemctl show" in text
    for word in ("systemctl restart", "systemctl start", "systemctl stop", "mkdir", "rm ", "sudo"):
        assert not re.search(rf"\b{word}", text)
