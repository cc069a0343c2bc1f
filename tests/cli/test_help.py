"""Help is there at every level, by either word."""

import pytest

from firstline.cli.main import dispatch


@pytest.mark.parametrize("word", ["-h", "--help"])
@pytest.mark.parametrize("words", [["doctor"], ["audit"], ["audit", "show"], ["deploy"]])
def test_each_command_shows_its_usage(
    words: list[str], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dispatch([*words, word]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: firstline {' '.join(words)} ")
