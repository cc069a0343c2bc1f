"""Completion, as a shell asks for it: by the variables of Typer's scripts, in a real process."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from firstline.cli.main import COMMANDS
from firstline.signal import Condition

FIRSTLINE = Path(sys.executable).parent / "firstline"
BASH = str(shutil.which("bash"))
COMPLETE = {"_FIRSTLINE_COMPLETE": "complete_bash"}
NAMED_SHELL = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
IMPORTED = """
import json, sys
from firstline.cli.main import main
try:
    main()
except SystemExit:
    print(json.dumps(sorted(each for each in sys.modules if "." not in each)))
"""


def asked(line: str) -> dict[str, str]:
    """The environment in which bash asks for the last word of *line*."""
    words = line.split(" ")
    return {**os.environ, **COMPLETE, "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}


def completed(line: str, folder: Path) -> list[str]:
    """Return the candidates for the last word of *line*."""
    ran = subprocess.run(
        [FIRSTLINE], env=asked(line), cwd=folder, capture_output=True, text=True, check=True
    )
    assert ran.stderr == ""
    return ran.stdout.split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("firstline ", list(COMMANDS)),
        ("firstline po", ["policy"]),
        ("firstline --s", ["--show-completion"]),
        ("firstline policy ", ["check", "show", "explain"]),
        ("firstline policy explain --j", ["--json"]),
        ("firstline replay --ex", ["--export"]),
        ("firstline synth --f", ["--fleet"]),
        ("firstline drill ", list(map(str, Condition))),
        ("firstline pause e", ["everything", "enclave-down"]),
        ("firstline promote restart_", ["restart_parent", "restart_enclave"]),
        ("firstline generate healthy", ["healthy-hosts"]),
        # files, which the shell knows: it offers them where nothing is answered
        ("firstline classify ", []),
        ("firstline replay --fleet ", []),
        # and of a fleet file that is none, nothing
        ("firstline generate --fleet absent.toml ", []),
    ],
)
def test_what_may_stand_next(line: str, words: list[str], tmp_path: Path) -> None:
    assert completed(line, tmp_path) == words


@pytest.mark.parametrize("name", ["replay", "console", "backtest", "classify", "pause"])
def test_a_completion_waits_for_no_moto(name: str, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", IMPORTED],
        env=asked(f"firstline {name} --"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    *words, imported = ran.stdout.splitlines()
    assert "--json" in words or "--at" in words
    assert {"moto", "jsonschema", "pydantic"}.isdisjoint(json.loads(imported))


def test_bash_completes_by_the_script_that_is_shown(tmp_path: Path) -> None:
    """Sourced as a person's .bashrc does; a word for which nothing is known is a file's name."""
    script = subprocess.run(
        [FIRSTLINE, "--show-completion", "bash"],
        env={**os.environ, **NAMED_SHELL},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    typed = f"COMP_WORDS=({shlex.quote(str(FIRSTLINE))} audit l) COMP_CWORD=2"
    asks = f"_firstline_completion {shlex.quote(str(FIRSTLINE))}"
    says = 'printf "%s\\n" "${COMPREPLY[@]}"; complete -p firstline'
    ran = subprocess.run(
        [BASH, "--norc", "-c", f"{script}\n{typed}\n{asks}\n{says}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.splitlines() == [
        "list",
        "complete -o default -F _firstline_completion firstline",
    ]


def test_the_script_is_installed_for_the_shell(tmp_path: Path) -> None:
    ran = subprocess.run(
        [FIRSTLINE, "--install-completion", "bash"],
        env={**os.environ, **NAMED_SHELL, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    (script,) = tmp_path.rglob("firstline.sh")
    assert str(script) in ran.stdout
    assert str(script) in (tmp_path / ".bashrc").read_text()


def test_a_shell_that_is_not_known_is_one_line() -> None:
    ran = subprocess.run(
        [FIRSTLINE, "--show-completion", "ksh"],
        env={**os.environ, **NAMED_SHELL},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert ran.stderr.startswith("firstline: Invalid value for '--show-completion': 'ksh' is not")
