"""``firstline replay EXPORT``: decisions repeated from the record, with the differences."""

import json
from pathlib import Path

import pytest

from firstline.cli.main import dispatch
from tests.cli import exports


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ledger of a complete outage."""
    return exports.outage(tmp_path_factory.mktemp("export"))


def test_a_recorded_incident_is_decided_again(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line for it, of the same shape as that of an event, and how many decisions were."""
    assert dispatch(["replay", str(export), "--json"]) == 0
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (line["severity"], line["condition"]) == ("P1", "complete-outage")
    assert (line["outcome"], line["disposition"]) == ("resolved", "incident")
    assert (line["differences"], line["why"]) == ([], None)
    assert line["decisions"] > 10
    assert [each["event_action"] for each in line["pages"]] == ["trigger", "resolve"]
    assert line["pages"][0]["body"]["payload"]["severity"] == "critical"
    fixes = [each for each in line["actions"] if each["kind"] == "fix"]
    assert [(each["action"], each["outcome"]) for each in fixes] == [
        ("restart_enclave", "done")
    ] * 3
    bodies = [each for each in export.read_text().splitlines() if "sequence" in json.loads(each)]
    assert line["entries"] == len(bodies)


def test_a_simulated_run_is_exported_and_decided_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the start gave an action another autonomy, the export holds the policy with it."""
    path = tmp_path / "run.jsonl"
    assert dispatch(["simulate", "--seed", "17", "--export", str(path)]) == 0
    capsys.readouterr()
    assert dispatch(["replay", str(path)]) == 0
    output = capsys.readouterr().out
    assert "each as recorded" in output


def test_a_scenario_that_changes_the_policy_exports_it_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The autonomy that was in force is in the text under the digest that entries name."""
    path = tmp_path / "run.jsonl"
    assert dispatch(["replay", "events/scenarios/approved.toml", "--export", str(path)]) == 0
    policies = [each for each in map(json.loads, path.read_text().splitlines()) if "text" in each]
    assert ['"restart_enclave"\nautonomy = "approve"' in each["text"] for each in policies] == [
        True
    ]
    capsys.readouterr()
    assert dispatch(["replay", str(path)]) == 0
    assert "each as recorded" in capsys.readouterr().out


def test_a_changed_record_is_reported_with_its_place(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The entry, the field, its recorded value and the repeated one."""
    changed = tmp_path / "changed.jsonl"
    changed.write_text(export.read_text().replace('"rule":"NextFix"', '"rule":"a whim"', 1))
    assert dispatch(["replay", str(changed)]) == 1
    output = capsys.readouterr().out
    assert 'rule: recorded "a whim", re-decided "NextFix"' in output
    assert "1 not as recorded" in output


BAD = [
    ('{"policy":"%s","text":"x"}\n' % ("0" * 64), "line 1: the text is not the policy 000"),
    ('{"sequence":1}\n', "line 1 is neither an entry, a policy nor a checkpoint"),
]


@pytest.mark.parametrize(("content", "why"), BAD)
def test_a_bad_export_is_one_line(
    content: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its file and line."""
    path = tmp_path / "bad.jsonl"
    path.write_text(content)
    assert dispatch(["replay", str(path)]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert f"{path}: {why}" in captured.err


def test_an_export_without_an_incident_says_so(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A policy alone decides nothing."""
    path = tmp_path / "empty.jsonl"
    lines = [each for each in export.read_text().splitlines() if "text" in json.loads(each)]
    path.write_text("\n".join(lines) + "\n")
    assert dispatch(["replay", str(path)]) == 2
    assert "contains no incident" in capsys.readouterr().err


def test_an_export_takes_no_other_world_or_policy(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """That would be a backtest."""
    assert dispatch(["replay", str(export), "--fleet", "x.toml"]) == 2
    assert "use backtest" in capsys.readouterr().err
    assert dispatch(["simulate", "--export", "x.jsonl"]) == 2
    assert "--export requires --seed" in capsys.readouterr().err
