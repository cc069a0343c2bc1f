"""Text is folded on a terminal, and whole in a pipe; equal lines are one."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from rich.cells import cell_len

from firstline.cli.main import dispatch
from firstline.cli.output.terminal import collapse_repeats
from tests.dev.documented import ROOT

EVENT = "events/cloudwatch.healthy-hosts-zero.json"
PROFILES = "layers/firstline/python/firstline/profiles"
STYLE = re.compile(r"\x1b\[[0-9;]*m")
LINES = (
    ["replay", EVENT],
    ["replay", "LEDGER"],
    ["classify", "events"],
    ["policy", "check", f"{PROFILES}/runbook.toml"],
    ["policy", "explain", EVENT],
    ["audit", "list", "LEDGER"],
    ["audit", "show", "INCIDENT", "LEDGER"],
    ["audit", "verify", "LEDGER"],
    ["report", "--since", "2026-01-01", "LEDGER"],
    ["backtest", "--policy", f"{PROFILES}/vettid.toml", EVENT],
    ["report", "LEDGER"],
)
RULE = "\N{BOX DRAWINGS LIGHT HORIZONTAL}"
"""What a report begins with, which is laid out in tables."""
PROGRAM = """
import json, sys
from firstline.cli.doctor import print_findings
from firstline.cli.main import dispatch
from tests.cli.doctor_account import account, examined

print_findings(tuple(examined(account())[1]), as_json=False)
for line in json.loads(sys.argv[1]):
    dispatch(line)
"""


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record of a complete outage."""
    path = tmp_path_factory.mktemp("ledger") / "ledger.jsonl"
    assert dispatch(["replay", str(ROOT / EVENT), "--export", str(path)]) == 0
    return path


@pytest.fixture(scope="module")
def whole(ledger: Path) -> str:
    """Return the output of the commands in a pipe."""
    pipe = subprocess.PIPE
    ran = subprocess.run(
        command(ledger), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=pipe, check=True
    )
    return ran.stdout.decode()


def command(ledger: Path) -> list[str]:
    incident = json.loads(ledger.read_text().splitlines()[0])["incident"]
    put = {"LEDGER": str(ledger), "INCIDENT": incident}
    lines = [[put.get(each, each) for each in line] for line in LINES]
    return [sys.executable, "-c", PROGRAM, json.dumps(lines)]


def on_a_terminal(words: list[str], columns: int) -> str:
    """Return the output of *words* on a pseudo terminal of so many columns, without its colours."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    with subprocess.Popen(
        words, cwd=ROOT, stdin=slave, stdout=slave, stderr=subprocess.PIPE, env=env
    ):
        os.close(slave)
        out = b"".join(iter(lambda: _read(master), b""))
    os.close(master)
    return STYLE.sub("", out.decode()).replace("\r\n", "\n")


def _read(master: int) -> bytes:
    try:
        return os.read(master, 65_536)
    except OSError:  # Linux's word for a pseudo terminal whose other side is closed
        return b""


@pytest.mark.parametrize("columns", [80, 60])
def test_no_line_is_wider_than_its_terminal(columns: int, ledger: Path, whole: str) -> None:
    """And nothing is lost: a pipe has the same words."""
    output = on_a_terminal(command(ledger), columns)
    assert [line for line in output.splitlines() if cell_len(line) > columns] == []
    assert re.search(r"^   \+0:05  decides   .*\n {20}[^ ]", output, re.MULTILINE)
    assert max(map(len, whole.splitlines())) > 200
    assert words(whole) == words(output)


def words(text: str) -> str:
    """All before the first report, but for its spaces."""
    return "".join(text.partition(RULE)[0].split())


def test_what_comes_again_at_once_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """With how often, and until when."""
    assert dispatch(["replay", str(ROOT / EVENT)]) == 0
    out = capsys.readouterr().out
    assert re.search(r"\+2:10  reads\s+.* NATS reachable \(3 times until \+2:30\)\n", out)


def test_equal_lines_are_counted_and_empty_ones_are_not() -> None:
    found = list(collapse_repeats(["a", "b", "b", "b", "", "", "a"]))
    assert found == [("a", ""), ("b", " (3 times)"), ("", ""), ("a", "")]


def test_a_pipe_needs_nothing_that_draws() -> None:
    """Importing rich takes longer than most commands."""
    code = "import sys; from firstline.cli.output import terminal; terminal.print_lines(['a', 'a'])"
    code += "; assert 'rich' not in sys.modules"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "a (2 times)\n"
