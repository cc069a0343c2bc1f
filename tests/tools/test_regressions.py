"""``./dev prove regressions``: choices that lead nowhere any more are hunted, and the rest kept."""

import copy
from pathlib import Path

import msgspec
import pytest

from firstline import version
from firstline.lab.simulation import regressions
from firstline.lab.simulation.regressions import REGRESSIONS, Regression
from tools.regressions import read, run

DOCS = Path(__file__).parents[2] / "docs"
NAME = "a page is told as owed for no longer than a wake that cannot be queued"
(EASY,) = [each for each in REGRESSIONS if each.name == NAME]
RARE = Regression(name="what no run meets", bug=EASY.bug, world=EASY.world)


def test_what_is_found_is_kept_for_this_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Choices of other code are tried first."""
    table = tmp_path / "regressions.jsonl"
    (known,) = [each for each in read(DOCS / "regressions.jsonl") if each.name == NAME]
    table.write_bytes(msgspec.json.encode(copy.replace(known, code="of other code")))
    assert run(table, [EASY]) == 0
    assert [(each.name, each.code) for each in read(table)] == [(NAME, version.digest())]
    assert capsys.readouterr().out == f"found  {NAME}\n"
    assert run(table, [EASY]) == 0
    assert capsys.readouterr().out == ""


def test_what_is_lost_is_said_and_its_line_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The others are hunted all the same."""
    table = tmp_path / "regressions.jsonl"
    monkeypatch.setattr(
        regressions, "find_choices", lambda each, known: dict(known) if each == EASY else None
    )
    assert run(table, [RARE, EASY]) == 1
    assert capsys.readouterr().out.splitlines() == ["LOST   what no run meets", f"found  {NAME}"]
    assert [each.name for each in read(table)] == [NAME]


def test_a_mistake_that_breaks_nothing_ends_the_hunt() -> None:
    assert regressions.find_breaking_run(EASY.world, "I1", str(regressions.TRIES_MAX - 2)) == ()


def test_what_is_known_is_tried_first_and_then_what_is_near_it() -> None:
    known = regressions.dense_choices({3: 2, 9: 1})
    assert regressions.shift_choices(known, 0) == known
    near = {tuple(regressions.shift_choices(known, number)) for number in range(2, 60, 2)}
    assert len(near) > 5
    assert all([each for each in choices if each] == [2, 1] for choices in near)
