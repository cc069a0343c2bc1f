"""Mutation testing on a small package of its own: what is killed, what survives, what goes on."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from firstline.cli.main import STOPPED_STATUS
from firstline.errors import InvalidInput
from tools.docs.mutants_section import mutants_section
from tools.mutants import mutants
from tools.mutants.campaign import Campaign
from tools.mutants.mutants import TARGETS, Key, Mutant, Targets, TrialResult, choose, load
from tools.mutants.trial import OUT_OF_TIME, Copy

ROOT = Path(__file__).parents[2]
SAMPLE: Targets = {"sample.py": ("test_sample.py",)}
SOURCE = """def clamp(value: int) -> int:
    if value < 0:
        return 0
    return value
"""
TEST = """from sample import clamp

def test_it():
    assert (clamp(5), clamp(1), clamp(0), clamp(-5)) == (5, 1, 0, 0)
"""
EQUIVALENT = {"if value <= 0:", "if value < 1:"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "root"
    made.mkdir()
    (made / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (made / "sample.py").write_text(SOURCE)
    (made / "test_sample.py").write_text(TEST)
    return made


def test_what_a_test_sees_is_killed_and_what_is_equivalent_survives(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "mutants.jsonl"
    assert Campaign(root, table, "one", SAMPLE).run(seed=1, count=100) == 1
    trials = load(table)
    killers = {each.after: each.killer for each in trials}
    assert {after for after, killer in killers.items() if killer is None} == EQUIVALENT
    assert killers["if (not (value < 0)):"] == "test_sample.py::test_it"
    assert "SURVIVES sample.py:2 off by one" in capsys.readouterr().out
    assert (root / "sample.py").read_text() == SOURCE
    page = "\n".join(mutants_section(tmp_path))
    assert f"{len(trials)} of 400 have run, {len(trials) - 2} were killed" in page
    assert "| `` if value < 0: `` | `` if value <= 0: `` | no reason yet |" in page


class Judged(Campaign):
    """One in which what is equivalent survives, without a test; ``stop`` ends it after so many."""

    stop = 100

    def _trials(
        self,
        left: Sequence[Mutant],
        killers: Mapping[Key, str | None],  # noqa: ARG002 - as its own
    ) -> Iterator[tuple[Mutant | None, str | None]]:
        for each in left[: self.stop]:
            yield each, None if each.after in EQUIVALENT else "test_sample.py::test_it"
        if len(left) > self.stop:
            yield None, None


def test_it_goes_on_where_it_stopped(root: Path, tmp_path: Path) -> None:
    table = tmp_path / "mutants.jsonl"
    begun, ended = (Judged(root, table, "one", SAMPLE) for _ in range(2))
    begun.stop = 3
    assert begun.run(1, 6) == STOPPED_STATUS
    first = load(table)
    assert [each.key for each in first] == [each.key for each in choose(root, 1, SAMPLE)[:3]]
    ended.run(1, 6)
    assert [each.key for each in load(table)] == [each.key for each in choose(root, 1, SAMPLE)[:6]]
    assert set(first) < set(load(table))


def test_a_survivor_is_tried_again_unless_a_reason_accepts_it(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """OtherRefresh seed and other code begin from zero; a shorter choice forgets nothing."""
    table = tmp_path / "mutants.jsonl"

    def tries(seed: int = 1, count: int = 100, code: str = "one") -> int:
        Judged(root, table, code, SAMPLE).run(seed, count)
        return capsys.readouterr().out.count(" tried, ")

    total = tries()
    survivors = [each for each in load(table) if each.killer is None]
    assert (tries(), len(survivors)) == (2, 2)
    assert tries(count=1) <= 1
    assert len(load(table)) == total
    (tmp_path / "survivors.toml").write_text("".join(map(accepted, survivors)))
    assert tries() == 0
    assert tries(code="other") == tries(seed=2, code="other") == total
    assert {each.seed for each in load(table)} == {2}
    assert "| `` if value < 1: `` | none |" in "\n".join(mutants_section(tmp_path))


def accepted(survivor: TrialResult) -> str:
    names = ("file", "within", "operator", "before", "after")
    lines = (f'{name} = "{getattr(survivor, name)}"\n' for name in names)
    return f'[[survivor]]\n{"".join(lines)}reason = "none"\n'


def test_tests_that_fail_by_themselves_or_import_something_else_prove_nothing(
    root: Path, tmp_path: Path
) -> None:
    campaign = Campaign(root, tmp_path / "mutants.jsonl", "one", SAMPLE)
    (root / "test_sample.py").write_text("def test_it():\n    assert True\n")
    with pytest.raises(InvalidInput, match=r"the tests do not run sample\.py of the copy"):
        campaign.run(1, 1)
    (root / "test_sample.py").write_text("def test_it():\n    assert False\n")
    with pytest.raises(InvalidInput, match=r"fails without a mutant: test_sample\.py::test_it"):
        campaign.run(1, 1)


def test_what_does_not_end_is_killed(root: Path, tmp_path: Path) -> None:
    copy = Copy(root, tmp_path / "copies")
    loops = SOURCE.replace("if", "while").replace("return 0", "pass").encode()
    assert copy.try_source("sample.py", loops, ["test_sample.py"], 3).killer() == OUT_OF_TIME


def test_a_copy_compiles_each_source_again(root: Path, tmp_path: Path) -> None:
    """Two sources of one length, written in one second."""
    copy = Copy(root, tmp_path / "copies")
    source = SOURCE.encode()
    other = source.replace(b"< 0", b"> 0")
    tests = ["test_sample.py"]
    killers = [copy.try_source("sample.py", it, tests, 60).killer() for it in (source, other)]
    assert killers == [None, "test_sample.py::test_it"]


def test_a_seed_gives_one_order_wherever_the_lines_are(root: Path) -> None:
    chosen = [each.key for each in choose(root, 1, SAMPLE)]
    assert sorted(each.key for each in choose(root, 2, SAMPLE)) == sorted(chosen)
    assert [each.key for each in choose(root, 2, SAMPLE)] != chosen
    (root / "sample.py").write_text(f"import sys\n\n\n{SOURCE}")
    assert [each.key for each in choose(root, 1, SAMPLE)] == chosen


def test_those_that_read_alike_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "sample.py").write_text("def f(a: int) -> None:\n    send(a)\n    send(a)\n")
    found = mutants.mutants_of(tmp_path, "sample.py")
    assert [(each.line, each.nth, each.after) for each in found] == [(2, 0, "pass"), (3, 1, "pass")]


def test_each_file_of_the_safety_core_has_its_tests_the_nearest_first() -> None:
    found = mutants.files(ROOT, TARGETS)
    assert len(found) == 20
    assert all(found.values())
    limits = found[f"{mutants.CORE}/remediation/limits.py"]
    assert limits[0] == "tests/remediation/test_limits.py"
    assert limits.count(limits[0]) == 1
    assert "tests/controller/test_reconcile.py" in limits
    assert all((ROOT / test).is_file() for tests in found.values() for test in tests)


def test_each_reason_is_of_a_survivor() -> None:
    survivors = {it.key for it in load(ROOT / "docs" / "mutants.jsonl") if it.killer is None}
    assert set(mutants.reasons(ROOT / "docs" / "survivors.toml")) <= survivors
