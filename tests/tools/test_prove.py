"""``firstline prove``: parts continue where they stopped, and start again for other code."""

import copy
from pathlib import Path

import msgspec
import pytest

from firstline import version
from firstline.cli.main import dispatch
from firstline.lab.simulation import campaign as campaigns
from firstline.lab.simulation.campaign import Campaign
from firstline.lab.simulation.mutants import seed_search
from firstline.lab.simulation.mutants.bugs import PLANTED_BUGS
from tools.prove import PARTS, hunt_bugs, is_current, load_hunts, run_campaign

BUGS = [
    each
    for each in PLANTED_BUGS
    if each.name in {"nobody pages", "an intent does not name its host"}
]


def test_each_part_is_listed_and_an_unknown_one_is_a_mistake(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert dispatch(["prove", "--list"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert [each.split()[:2] for each in rows] == [
        [name, f"docs/{part.table}"] for name, part in PARTS.items()
    ]
    assert dispatch(["prove", "gone"]) == 2
    assert "no part 'gone': there are campaign, planted" in capsys.readouterr().err


def test_a_campaign_goes_on_and_other_code_takes_seeds_that_never_ran(tmp_path: Path) -> None:
    table = tmp_path / "campaign.json"
    campaigns.save(Campaign(code="other", first=2, next=40, steps=7), table)
    assert not is_current(table, version.digest())
    assert run_campaign(table, seeds=2, directed=False) == 0
    begun = campaigns.load(table)
    assert (begun.code, begun.first, begun.next) == (version.digest(), 40, 42)
    assert run_campaign(table, seeds=3, directed=False) == 0
    lines = campaigns.load(table)
    assert (lines.first, lines.next) == (40, 43)
    assert lines.steps > begun.steps > 7
    assert is_current(table, version.digest())


def test_the_hunt_hunts_what_is_stale_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "planted.jsonl"
    assert not is_current(table, version.digest())
    assert hunt_bugs(table, BUGS[:1]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert hunt_bugs(table, BUGS) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith(BUGS[1].name)
    assert is_current(table, version.digest())
    lines = load_hunts(table)
    assert list(lines) == [each.name for each in BUGS]
    for changed in ({"code": "other"}, {"seed": None}):
        stale = [msgspec.json.encode(copy.replace(lines[BUGS[0].name], **changed))]
        table.write_bytes(b"\n".join([*stale, msgspec.json.encode(lines[BUGS[1].name])]))
        assert hunt_bugs(table, BUGS) == 0
        assert capsys.readouterr().out.splitlines()[0].endswith(BUGS[0].name)
        assert load_hunts(table) == lines


def test_a_known_seed_is_run_first_if_it_is_among_the_seeds() -> None:
    (bug,) = [each for each in BUGS if each.name == "nobody pages"]
    assert seed_search.find_seed(bug) == 0
    assert seed_search.find_seed(bug, known=3) == 3
    assert seed_search.find_seed(bug, seeds=3, known=3) == 0
