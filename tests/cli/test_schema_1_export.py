"""An export that version 0.1 wrote is verified, listed, re-decided and reported on."""

import json
from pathlib import Path

import pytest

from firstline.cli.main import dispatch
from firstline.schema_1 import OldWord

EXPORT = Path(__file__).with_name("approved_schema_1.jsonl")
"""The scenario ``approved``, replayed and exported by 0.1."""
ID = "inc-b988b9ac6f51fea79557"


def test_its_hashes_hold(capsys: pytest.CaptureFixture[str]) -> None:
    """No byte of it was translated."""
    assert dispatch(["audit", "verify", str(EXPORT), "--json"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["valid"], line["entries"], *line["policies"].values()) == (True, 53, True)


def test_it_is_listed_in_the_words_of_today(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.warns(OldWord, match="has entries of versions before 0.2"):
        assert dispatch(["audit", "list", str(EXPORT), "--json"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["incident"], line["outcome"], len(line["fixes"])) == (ID, "resolved", 1)
    with pytest.warns(OldWord):
        assert dispatch(["audit", "show", ID, str(EXPORT), "--json"]) == 0
    entries = [json.loads(each) for each in capsys.readouterr().out.splitlines()]
    assert {each["schema"] for each in entries} == {1}
    decided = [each["data"] for each in entries if each["kind"] == "decision"]
    assert decided[-1]["rule"] == "Recovered"
    assert {"observed", "mode"} <= decided[-1].keys()


def test_it_is_decided_again_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    """Fields that it lacks are no differences."""
    with pytest.warns(OldWord):
        assert dispatch(["replay", str(EXPORT), "--json"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["decisions"], line["differences"], line["why"]) == (17, [], None)


def test_a_change_in_it_is_still_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also of a word that schema 2 renamed."""
    other = tmp_path / "other.jsonl"
    text = EXPORT.read_text()
    other.write_text(text.replace('"rule":"next fix"', '"rule":"watch"', 1))
    with pytest.warns(OldWord):
        assert dispatch(["replay", str(other), "--json"]) == 1
    (difference,) = json.loads(capsys.readouterr().out)["differences"]
    assert (difference["field"], difference["recorded"]) == ("rule", "Watch")


def test_its_incident_is_reported_on(capsys: pytest.CaptureFixture[str]) -> None:
    """With the plan that a person approved."""
    with pytest.warns(OldWord):
        assert dispatch(["report", str(EXPORT), "--incident", ID, "--json"]) == 0
    assert "restart_enclave" in capsys.readouterr().out
