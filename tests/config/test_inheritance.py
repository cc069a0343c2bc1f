"""A fleet file's table over a policy's, and which entries are whose."""

from typing import Any

import pytest

from firstline.config.inheritance import merge
from firstline.config.toml_document import Key

POLICY: dict[str, Any] = {
    "alarms": {"made": [{"name": "a", "threshold": 1, "steps": ["R01"]}, {"name": "b"}]},
    "rules": [{"name": "first", "when": {"x": "1", "y": "2"}}, {"name": "second"}],
    "policy": {"cooldown_seconds": 60, "settle_seconds": 20},
}


def test_tables_are_merged_key_by_key() -> None:
    """Other keys stay; the policy's table is not changed."""
    merged = merge(POLICY, {"name": "x", "policy": {"settle_seconds": 30, "poll_seconds": 5}})
    assert merged.table == POLICY | {
        "name": "x",
        "policy": {"cooldown_seconds": 60, "settle_seconds": 30, "poll_seconds": 5},
    }
    assert POLICY["policy"] == {"cooldown_seconds": 60, "settle_seconds": 20}


def test_an_entry_of_the_same_name_is_changed_in_its_place() -> None:
    """By the keys that it gives; a table or a list in it takes the place of the policy's."""
    own = {"alarms": {"made": [{"name": "a", "threshold": 5, "steps": []}]}}
    made = merge(POLICY, own).table["alarms"]["made"]
    assert made == [{"name": "a", "threshold": 5, "steps": []}, {"name": "b"}]
    rules = merge(POLICY, {"rules": [{"name": "first", "when": {"z": "3"}}]}).table["rules"]
    assert rules == [{"name": "first", "when": {"z": "3"}}, {"name": "second"}]


def test_an_entry_of_another_name_is_added() -> None:
    """Behind the policy's; a rule before them, so that it decides."""
    own = {"rules": [{"name": "second", "scope": "s"}, {"name": "mine"}]}
    assert [each["name"] for each in merge(POLICY, own).table["rules"]] == [
        "mine",
        "first",
        "second",
    ]
    external = [{"name": "x", "known_as": "a"}]
    added = merge(POLICY, {"alarms": {"external": external}}).table["alarms"]
    assert added == {"external": external, **POLICY["alarms"]}
    made = merge(POLICY, {"alarms": {"made": [{"name": "b", "x": 1}, {"name": "c"}]}})
    names = [each["name"] for each in made.table["alarms"]["made"]]
    assert names == ["a", "b", "c"]
    assert made.own_key(("alarms", "made", 2, "name")) == ("alarms", "made", 1, "name")


@pytest.mark.parametrize(
    ("key", "place"),
    [
        (("rules", 0, "when"), ("rules", 1, "when")),
        (("rules", 1), None),
        (("rules", 2, "when", "x"), ("rules", 0, "when", "x")),
        (("alarms", "made", 1, "name"), None),
        (("policy", "cooldown_seconds"), ("policy", "cooldown_seconds")),
        (("rules",), ("rules",)),
    ],
)
def test_a_value_of_the_whole_has_its_place_in_the_fleet_file(key: Key, place: Key | None) -> None:
    """None in an entry that is the policy's alone."""
    own = {"rules": [{"name": "second", "when": {"x": "1"}}, {"name": "mine"}]}
    assert merge(POLICY, own).own_key(key) == place


def test_a_name_that_is_there_twice_stays_there_twice() -> None:
    """The check of the whole refuses it: the second changes nothing unseen."""
    own = {"rules": [{"name": "first", "scope": "a"}, {"name": "first", "scope": "b"}]}
    names = [each["name"] for each in merge(POLICY, own).table["rules"]]
    assert names == ["first", "first", "second"]


@pytest.mark.parametrize("rules", ["x", 5, ["x"], [{"name": 5}], [{}], [[]]])
def test_what_is_no_list_of_entries_is_left_to_the_check_of_the_whole(rules: object) -> None:
    merged = merge(POLICY, {"rules": rules}).table["rules"]
    assert merged == ([*rules, *POLICY["rules"]] if isinstance(rules, list) else rules)
