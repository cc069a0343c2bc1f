"""Words of schema 1: files, stored items and commands that have them are read in today's."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from firstline import schema_1
from firstline.adapters.aws import dynamo_items
from firstline.config import fleet_file
from firstline.controller.operators.commands import PauseFixes, parse_command
from firstline.errors import InvalidInput
from firstline.ids import CorrelationKey
from firstline.incidents.incident import Status, decode, encode
from firstline.lab.twin import scenario
from firstline.remediation import kill_switch
from firstline.remediation.kill_switch import EVERYTHING, OFF, Pause
from firstline.remediation.rules.rule_name import RuleName
from firstline.signal import Condition
from firstline.signals.drill_marker import new_drill
from firstline.signals.storm import Openings
from tests.builders import BY, NOW, PROFILE_FILE, A, ago, incident
from tests.remediation.situations import proposal

UNTIL = ago(-60)
FILES = (schema_1.FLEET_FILE, schema_1.SCENARIO, schema_1.COMMAND_RESULT)


def renamed(value: Any, names: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
    """*value* with the keys of *names* renamed at every depth."""
    if isinstance(value, list):
        return [renamed(each, names) for each in value]
    if isinstance(value, dict):
        return {names.get(name, name): renamed(each, names) for name, each in value.items()}
    return value


def test_every_rule_has_one_word_in_each_schema() -> None:
    """A rule that came with schema 2 or later has none in schema 1."""
    assert set(schema_1.RULES.values()) == set(RuleName)
    assert len(set(schema_1.RULES.values())) == len(schema_1.RULES)


def test_the_changelog_lists_each_old_word_with_the_new_one() -> None:
    """In a row each, with nothing else to look up."""
    text = (Path(__file__).parents[1] / "CHANGELOG.md").read_text()
    section = text.split("\n## ")[1]
    rows = [set(re.findall(r"`([^`]+)`", row)) for row in section.split("\n") if row[:1] == "|"]
    tables = (*schema_1.ENTRIES.values(), schema_1.INCIDENT, schema_1.SWITCH, schema_1.OPENINGS)
    changes = [each for table in (*tables, *FILES) for each in table]
    words = {(each.old, each.new) for each in changes if isinstance(each, schema_1.Key)}
    values = [each.words for each in changes if isinstance(each, schema_1.Value)]
    words |= {pair for each in (*values, schema_1.KINDS) for pair in each.items()}
    missing = [(old, new) for old, new in words if not any({old, new} <= row for row in rows)]
    assert missing == []


@pytest.mark.parametrize(
    ("old", "status"),
    [("observed", Status.SELF_RECOVERED), ("handed-over", Status.ESCALATED)],
)
def test_a_stored_incident_is_read_and_written_in_schema_2(old: str, status: Status) -> None:
    """Its key, its status, its pages and the target of its proposal."""
    held = incident(status=status, proposals=(proposal(),))
    stored = json.loads(encode(held)) | {"schema": 1, "status": old}
    stored = renamed(stored, {"correlation_key": "cause", "queued_at": "owed_at"})
    (proposed,) = stored["proposals"]
    proposed["target"] = proposed.pop("targets")[0]
    assert decode(json.dumps(stored)) == held
    assert json.loads(encode(held))["schema"] == 2


def test_a_stored_switch_of_schema_1_still_pauses() -> None:
    """A switch that cannot be parsed would block every fix until a person mends its item."""
    pause = Pause(scope=EVERYTHING, why="so", by="me", at=NOW, until=UNTIL)
    paused = kill_switch.add_pause(OFF, pause, BY).switch
    drill = new_drill("arn:one", "me", NOW, UNTIL)
    switch = kill_switch.add_drill(paused, drill, BY).switch
    old = renamed(json.loads(body(switch)), {"queued_at": "owed_at", "marker": "word"})
    item = {**dynamo_items.switch_item(switch), "body": dynamo_items.text(json.dumps(old))}
    assert old["pages"][0]["owed_at"]
    assert dynamo_items.switch_of(item) == switch


def body(switch: kill_switch.KillSwitch) -> str:
    """The JSON text of *switch*."""
    return dynamo_items.attribute(dynamo_items.switch_item(switch), "body")


def test_stored_openings_of_schema_1_still_count() -> None:
    """Unreadable ones would be empty: a storm would open an incident for each trouble."""
    openings = Openings(3).with_opening(CorrelationKey("vettid#service"), NOW, 5)
    item = dynamo_items.openings_item("vettid", openings)
    old = renamed(json.loads(dynamo_items.attribute(item, "body")), {"correlation_key": "cause"})
    assert (
        dynamo_items.openings_of({**item, "body": dynamo_items.text(json.dumps(old))}) == openings
    )


def test_a_pause_of_an_older_command_line_is_a_pause() -> None:
    """A stop must stop, whatever version sends it."""
    document = {"scope": "everything", "why": "so", "until": "2026-03-11T05:00:00Z"}
    old, new = (
        parse_command(json.dumps({name: "pause", **document}).encode())
        for name in ("lever", "command")
    )
    assert old == new
    assert isinstance(new, PauseFixes)


def test_a_command_in_both_schemas_is_refused() -> None:
    """Which of the two a person meant is unknown."""
    raw = b'{"lever": "resume", "command": "resume", "scope": "everything", "why": "so"}'
    with pytest.raises(InvalidInput, match="not an operator command"):
        parse_command(raw)


@pytest.mark.parametrize("raw", [b"[]", b"3", b'{"lever": 3}', b'{"lever": "drop"}'])
def test_what_is_no_command_in_either_schema_is_refused(raw: bytes) -> None:
    """With the line that an older command line knows."""
    with pytest.raises(InvalidInput, match="not an operator command"):
        parse_command(raw)


def test_a_fleet_file_of_schema_1_is_read_and_its_words_are_named(tmp_path: Path) -> None:
    """Once for each word: two actions have the same."""
    text = PROFILE_FILE.read_text()
    text = text.replace("[deployment]\n", '[deployment]\nmode = "observe"\n')
    path = tmp_path / "mine.toml"
    path.write_text(
        f'{text}\n[[actions]]\nname = "restart_enclave"\nautonomy = "observe"\n'
        '[[actions]]\nname = "scale_out"\nautonomy = "observe"\n'
        '[actions.autonomy_by_condition]\ncapacity = "observe"\n'
    )
    with pytest.warns(schema_1.OldWord) as found:
        profile = fleet_file.load(path)
    with pytest.warns(schema_1.OldWord):
        assert fleet_file.deployment(path).mode == "dry-run"
    assert profile.autonomy("restart_enclave", Condition.COMPLETE_OUTAGE) == "record-only"
    assert profile.autonomy("scale_out", Condition.CAPACITY) == "record-only"
    named = {str(each.message) for each in found}
    assert named == {
        f'{path}: mode = "observe" is now mode = "dry-run"',
        f'{path}: autonomy = "observe" is now autonomy = "record-only"',
        f'{path}: capacity = "observe" is now capacity = "record-only"',
    }


def test_a_scenario_of_schema_1_is_read_and_its_words_are_named(tmp_path: Path) -> None:
    """Its commands, its mode and its ending."""
    path = tmp_path / "mine.toml"
    path.write_text(
        'name = "mine"\nmode = "observe"\nautonomy = {restart_enclave = "observe"}\n'
        '[expect]\noutcome = "handed-over"\ntold = ["so"]\n'
        '[[levers]]\nlever = "pause"\n'
        '[[faults]]\ndependency = "around"\nuntil_seconds = 9\n'
    )
    with pytest.warns(schema_1.OldWord) as found:
        result = scenario.load(path)
    assert (result.mode, result.autonomy) == ("dry-run", {"restart_enclave": "record-only"})
    assert [each.command for each in result.operator_commands] == ["pause"]
    assert [each.dependency for each in result.faults] == ["preflight"]
    assert result.expect == scenario.Expected(outcome="escalated", page_texts=("so",))
    named = [str(each.message).removeprefix(f"{path}: ") for each in found]
    assert named == [
        'mode = "observe" is now mode = "dry-run"',
        'restart_enclave = "observe" is now restart_enclave = "record-only"',
        'outcome = "handed-over" is now outcome = "escalated"',
        "told is now page_texts",
        'dependency = "around" is now dependency = "preflight"',
        "lever is now command",
        "levers is now operator_commands",
    ]


@pytest.mark.parametrize(
    "data",
    [
        {"step": 3, "plan": [], "guards": {"denial": 1}, "rule": ["bounded"]},
        {"step": {"type": 3}, "plan": {"target": 3}, "guards": [3, {}]},
        {"plan": None, "observed": None, "rule": "of a later version"},
    ],
)
def test_a_value_of_another_type_stays_as_it_is(data: dict[str, Any]) -> None:
    """The types of its reader refuse it."""
    before = json.loads(json.dumps(data))
    assert schema_1.upgrade_entry("decision", data) == ("decision", before)


def test_a_kind_without_new_words_stays_as_it_is() -> None:
    """As does a kind of a later version."""
    for kind in ("metric", "of-a-later-version"):
        assert schema_1.upgrade_entry(kind, {"target": A}) == (kind, {"target": A})
