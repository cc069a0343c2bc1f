"""Exports as files: whatever ends a command that reads one, the file is closed."""

import contextlib
import gc
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from firstline.cli import backtest, incidents, replay_export
from firstline.cli.event_files import RUNBOOK
from firstline.errors import InvalidInput

POLICY = b'{"policy":"%s","text":"not of that digest"}\n' % (b"0" * 64)
ENTRY = (
    b'{"incident":"inc-0","sequence":1,"previous":"","at":"2026-03-11T04:18:43Z",'
    b'"kind":"signal","policy":"p","code":"c","schema":2,"data":{}}\n'
)


class Broken(io.StringIO):
    """Standard output whose reader has gone."""

    def write(self, text: str, /) -> int:
        del text
        raise BrokenPipeError


@pytest.mark.parametrize(
    ("read", "fault"),
    [
        (lambda path: replay_export.run(path, as_json=True), InvalidInput),
        (lambda path: incidents.show("inc-0", path, as_json=True), BrokenPipeError),
    ],
    ids=["replay", "audit show"],
)
def test_an_export_that_is_not_read_to_its_end_is_closed(
    read: Callable[[Path], object], fault: type[Exception], tmp_path: Path
) -> None:
    """At once, while the fault is still held: its garbage may be collected much later."""
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(ENTRY + POLICY + ENTRY)
    with contextlib.redirect_stdout(Broken()), pytest.raises(fault) as held:
        read(path)
    assert not [each for each in gc.get_objects() if is_open(each, path)]
    del held


def test_an_export_that_a_backtest_cannot_read_is_closed(tmp_path: Path) -> None:
    """It goes on with the next file."""
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(ENTRY + POLICY + ENTRY)
    assert backtest.run([path], RUNBOOK) == 2
    assert not [each for each in gc.get_objects() if is_open(each, path)]


def is_open(it: object, path: Path) -> bool:
    return isinstance(it, io.BufferedReader) and it.name == str(path) and not it.closed
