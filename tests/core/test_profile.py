import re
from pathlib import Path

import pytest

from firstline.actions.look_host import UNIT_PATTERN
from firstline.errors import Malformed
from firstline.ids import digest
from firstline.profile import fallback, load, parse
from firstline.signals import Condition
from tests.core.builders import PROFILE, PROFILE_FILE

TEXT = PROFILE_FILE.read_text()


def without(line: str) -> str:
    """The runbook's profile without *line*."""
    assert f"\n{line}\n" in TEXT
    return TEXT.replace(f"\n{line}\n", "\n")


def instead(old: str, new: str) -> str:
    """The runbook's profile with the first *old* as *new*."""
    assert old in TEXT
    return TEXT.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = ", "is not TOML: Invalid value (at end of document)"),
        (f'digest = "0"\n{TEXT}', "digest: is computed from the file; remove the key"),
        (f"colour = 1\n{TEXT}", "Object contains unknown field `colour`"),
        (without('name = "runbook"'), "Object missing required field `name`"),
        (
            without("cooldown_seconds = 60"),
            "Object missing required field `cooldown_seconds` - at `$.policy`",
        ),
        (
            instead("cooldown_seconds = 60", "cooldown_seconds = 0"),
            "Expected `int` >= 1 - at `$.policy.cooldown_seconds`",
        ),
        (
            instead("wakes_max = 400", "wakes_max = 10_001"),
            "Expected `int` <= 10000 - at `$.policy.wakes_max`",
        ),
        (
            instead("wakes_max = 400", 'wakes_max = "400"'),
            "Expected `int`, got `str` - at `$.policy.wakes_max`",
        ),
        (
            instead('enclave = "nitro-enclave"', 'enclave = "x; reboot"'),
            f"Expected `str` matching regex '{UNIT_PATTERN}' - at `$.fleet.units.enclave`",
        ),
        (
            instead('tags = { Application = "vettid-enclave" }', "tags = {}"),
            "Expected `object` of length >= 1 - at `$.fleet.tags`",
        ),
        (
            instead('severity = "P1"', 'severity = "P0"'),
            "Invalid enum value 'P0' - at `$.rules[0].severity`",
        ),
        (
            instead('condition = "complete-outage"', 'condition = "gloom"'),
            "Invalid enum value 'gloom' - at `$.rules[0].condition`",
        ),
        (
            instead('rungs = ["restart_enclave"]', "rungs = []"),
            "Expected `array` of length >= 1 - at `$.ladders[0].rungs`",
        ),
        (
            instead('autonomy = "auto"', 'autonomy = "always"'),
            "Invalid enum value 'always' - at `$.actions[0].autonomy`",
        ),
        (
            instead('rungs = ["restart_enclave"]', 'rungs = ["reboot"]'),
            "actions: 'reboot' is no fix; known are restart_enclave",
        ),
        (
            instead('name = "restart_enclave"', 'name = "look_host"'),
            "actions: 'look_host' is no fix; known are restart_enclave",
        ),
        (
            instead('subject = "healthy-hosts"', 'subject = "healthy-host"'),
            "rules: 'all vaults inaccessible' can never match: no alarm is called 'healthy-host'",
        ),
    ],
)
def test_a_profile_that_does_not_hold_together_is_refused(text: str, told: str) -> None:
    """S20: one line that names the file, the key and what is wrong."""
    with pytest.raises(Malformed, match=f"^{re.escape('fleet.toml: ' + told)}$") as refusal:
        parse(text.encode(), "fleet.toml")
    assert "\n" not in str(refusal.value)


def test_a_file_that_is_not_text_is_refused() -> None:
    """Bytes that are no UTF-8 are no TOML either."""
    with pytest.raises(Malformed, match=r"^fleet\.toml: is not TOML: 'utf-8' codec"):
        parse(b"\xff", "fleet.toml")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The message says how to mend it."""
    path = tmp_path / "fleet.toml"
    told = f"{path}: cannot be read (No such file or directory): name a profile that exists"
    with pytest.raises(Malformed, match=f"^{re.escape(told)}$"):
        load(path)


def test_a_profile_answers_by_its_names() -> None:
    """What it does not name has no ladder, no alias, and may only be observed."""
    assert PROFILE.digest == digest(PROFILE_FILE.read_bytes())
    assert PROFILE.rungs(Condition.COMPLETE_OUTAGE) == ("restart_enclave",)
    assert PROFILE.rungs(Condition.CAPACITY) == ()
    assert PROFILE.autonomy("restart_enclave") == "auto"
    assert PROFILE.autonomy("reboot") == "observe"
    assert PROFILE.external("vettid-prod-enclave-healthy-hosts") == "healthy-hosts"
    assert PROFILE.external("healthy-hosts") is None


def test_an_external_alarm_may_be_the_subject_of_a_rule() -> None:
    """Made and external alarms share one set of names."""
    renamed = instead('known_as = "healthy-hosts"', 'known_as = "all-hosts"')
    renamed = renamed.replace('subject = "healthy-hosts"', 'subject = "all-hosts"')
    assert parse(renamed.encode(), "fleet.toml").rules[0].subject == "all-hosts"


def test_the_fallback_pages_for_everything_and_fixes_nothing() -> None:
    """It stands in for a profile that cannot be loaded, and says why."""
    profile = fallback("no such file")
    assert profile.name == "fallback: no such file"
    assert profile.digest == digest(b"no such file")
    assert (profile.rules, profile.ladders, profile.actions) == ((), (), ())
    assert profile.autonomy("restart_enclave") == "observe"
