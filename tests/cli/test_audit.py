"""The ledger of a replay, exported, verified, and tampered with."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from firstline import audit
from firstline.cli.main import dispatch

EVENT = Path(__file__).parents[2] / "events" / "scenarios" / "one-dead-host.toml"


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ledger of one replay."""
    path = tmp_path_factory.mktemp("audit") / "ledger.jsonl"
    assert dispatch(["replay", str(EVENT), "--export", str(path)]) == 0
    lines = path.read_bytes().splitlines(keepends=True)
    assert [b'"policy":"' in line[:11] for line in lines] == [False] * (len(lines) - 1) + [True]
    path.write_bytes(b"".join(lines[:-1]))
    return path


def _head(export: Path) -> str:
    return next(iter(audit.verify(export.read_bytes()).heads.values()))


def test_an_export_verifies_against_its_head(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 0, and the answer says whether a head was given."""
    assert dispatch(["audit", "verify", str(export), "--head", _head(export)]) == 0
    assert "end in the heads given" in capsys.readouterr().out
    assert dispatch(["audit", "verify", str(export)]) == 0
    assert "no head was given" in capsys.readouterr().out


type Lines = list[bytes]


def _without_sequence(line: bytes) -> bytes:
    return json.dumps(json.loads(line) | {"sequence": True}).encode()


TAMPERINGS: list[tuple[str, Callable[[Lines], Lines], int]] = [
    ("a byte is edited", lambda them: [*them[:3], them[3].replace(b"a", b"b", 1), *them[4:]], 5),
    ("an entry is dropped", lambda them: them[:4] + them[5:], 5),
    ("two are swapped", lambda them: [*them[:2], them[3], them[2], *them[4:]], 3),
    ("one is added", lambda them: [*them[:4], them[3], *them[4:]], 5),
    ("the beginning is cut off", lambda them: them[1:], 1),
    ("one is no entry", lambda them: [*them[:1], b"{}", *them[2:]], 2),
    ("one has no sequence", lambda them: [*them[:1], _without_sequence(them[1]), *them[2:]], 2),
    ("one is nonsense", lambda them: [*them[:1], b"\xff", *them[2:]], 2),
    (
        "the last is edited",
        lambda them: [*them[:-1], them[-1].replace(b"accepted", b"rejected")],
        0,
    ),
    ("the end is cut off", lambda them: them[:-2], 0),
]


@pytest.mark.parametrize(
    ("tamper", "line"), [t[1:] for t in TAMPERINGS], ids=[t[0] for t in TAMPERINGS]
)
def test_tampering_is_found_and_located(
    tamper: Callable[[Lines], Lines],
    line: int,
    export: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Status 1, and the first line that does not hold (0: the end)."""
    copy = tmp_path / "ledger.jsonl"
    copy.write_bytes(b"".join(each + b"\n" for each in tamper(export.read_bytes().splitlines())))
    arguments = ["audit", "verify", str(copy), "--head", _head(export), "--json"]
    assert dispatch(arguments) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["valid"], found["line"]) == (False, line)


def test_the_verifier_runs_alone(export: Path) -> None:
    """One file, the standard library, no site-packages: a stranger can run it."""
    command = [sys.executable, "-I", "-S", audit.__file__, str(export), _head(export)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    cut = subprocess.run([*command[:-1], "0" * 64], capture_output=True, text=True, check=False)
    assert cut.returncode == 1
    assert "no chain ends in" in cut.stdout


def test_its_own_command_line_has_the_same_statuses(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """0 it holds, 1 it does not, 2 it cannot be read."""
    assert audit.main([str(export)]) == 0
    assert audit.main([str(export), "0" * 64]) == 1
    assert audit.main([]) == 2
    assert audit.main(["--help"]) == 2
    assert audit.main([str(tmp_path / "gone")]) == 2
    assert "cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"{"], ids=["empty", "cut off"])
def test_an_export_that_holds_nothing_is_not_valid(content: bytes, tmp_path: Path) -> None:
    """An empty export proves nothing."""
    path = tmp_path / "export"
    path.write_bytes(content)
    assert dispatch(["audit", "verify", str(path)]) == 1


def test_a_missing_export_is_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line that names the file."""
    assert dispatch(["audit", "verify", str(tmp_path / "gone")]) == 2
    assert "cannot be read" in capsys.readouterr().err
