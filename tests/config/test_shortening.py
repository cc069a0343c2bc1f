"""A whole profile becomes a fleet file that decides the same, or says where it does not."""

import tomllib

import pytest
import tomli_w

from firstline.config import fleet_file, shortening
from firstline.errors import InvalidInput
from tests.builders import FLEET_TEXT, PROFILE, PROFILE_FILE
from tests.config.test_profile import TEXT as SMALL

WHOLE = fleet_file.read(PROFILE_FILE)


def test_a_whole_is_as_short_as_what_it_came_from() -> None:
    """It decides the same, with its own deployment section."""
    deployed = WHOLE + b'\n[deployment]\nmode = "enforce"\n'
    short = shortening.shorten(deployed, "old.toml")
    assert short.differences == ()
    assert tomllib.loads(short.text) == tomllib.loads(FLEET_TEXT) | {
        "deployment": {"mode": "enforce"}
    }


def test_the_policy_is_the_one_of_which_it_differs_least() -> None:
    vettid = fleet_file.read(PROFILE_FILE.with_name("vettid.toml"))
    short = shortening.shorten(vettid, "old.toml")
    assert 'extends = "probed"' in short.text.splitlines()
    assert short.differences == ()


def test_what_is_changed_is_stated() -> None:
    """A number, a key of an alarm, and a rule of its own."""
    table = tomllib.loads(WHOLE.decode())
    table["policy"]["cooldown_seconds"] = 90
    (alarm,) = [it for it in table["alarms"]["made"] if it["name"] == "healthy-hosts"]
    alarm["threshold"] = 2
    short = shortening.shorten(tomli_w.dumps(table).encode(), "old.toml")
    own = tomllib.loads(short.text)
    assert own["policy"] == {"cooldown_seconds": 90}
    assert {"name": "healthy-hosts", "threshold": 2} in own["alarms"]["made"]
    assert short.differences == ()


def test_what_a_fleet_file_cannot_take_away_is_a_difference() -> None:
    """The policy's alarms, rules and ladders that the whole does not have, and a key less."""
    short = shortening.shorten(SMALL.encode(), "old.toml")
    assert "rules: 'the REST API fails' is the policy's alone" in short.differences
    assert "alarms.made: 'response-time' is the policy's alone" in short.differences
    table = tomllib.loads(WHOLE.decode())
    (alarm,) = [it for it in table["alarms"]["made"] if it["name"] == "rest-api-errors"]
    del alarm["breaching_periods"]
    less = shortening.shorten(tomli_w.dumps(table).encode(), "old.toml")
    assert less.differences == ("alarms.made: 'rest-api-errors' is not as it was",)


def test_a_number_less_and_another_order_are_differences() -> None:
    """A number whose default is not the policy's; a rule that would decide before another."""
    table = tomllib.loads(WHOLE.decode())
    del table["policy"]["refresh_from_zero"]
    first = {"name": "first", "source": "aws.kms", "subject": "Decrypt", "when": {"state": "x"}}
    other = {"condition": "kms-throttling", "severity": "P4", "component": "kms"}
    (theirs,) = [it for it in table["rules"] if it["source"] == "aws.kms"]
    at = table["rules"].index(theirs)
    table["rules"].insert(at + 1, first | other)
    assert shortening.shorten(tomli_w.dumps(table).encode(), "old.toml").differences == (
        "policy: is not as it was",
        "rules: an earlier rule takes what a later one took",
    )


def test_what_extends_a_policy_is_short_already() -> None:
    with pytest.raises(InvalidInput, match=r"old.toml: extends a policy already"):
        shortening.shorten(PROFILE_FILE.read_bytes(), "old.toml")
    assert PROFILE.name == "runbook"
