"""Help is there at every level, by either word; an end by a signal is one line."""

import os
import time
from pathlib import Path

import pytest

from firstline.cli.main import STOPPED_STATUS, dispatch
from tests.endings import Ending, by_each_ending, started


@pytest.mark.parametrize("word", ["-h", "--help"])
@pytest.mark.parametrize("words", [["doctor"], ["audit"], ["audit", "show"], ["deploy"]])
def test_each_command_shows_its_usage(
    words: list[str], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dispatch([*words, word]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: firstline {' '.join(words)} ")


@pytest.mark.parametrize("group", ["audit", "policy"])
def test_a_group_alone_shows_its_commands(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As the command line alone shows all."""
    assert dispatch([group, "--help"]) == 0
    helped = capsys.readouterr()
    assert dispatch([group]) == 0
    assert capsys.readouterr() == helped
    assert "\nCommands:\n" in helped.out


@by_each_ending
def test_an_interrupt_is_one_line(ending: Ending, tmp_path: Path) -> None:
    """In the midst of a command: no traceback, and the status of a signal."""
    event = tmp_path / "event.json"
    os.mkfifo(event)
    with started(["classify", str(event)], ending) as ran:
        with event.open("wb"):  # the command has opened it, and waits for its content
            time.sleep(0.5)
            ran.send_signal(ending.signal)
            assert ran.communicate(timeout=60) == ("", "firstline: stopped\n")
        assert ran.returncode == STOPPED_STATUS
