"""A fleet file extends a shipped policy, and the whole is a profile like any other."""

import tomllib
from pathlib import Path

import pytest

from firstline.config import fleet_file, provenance
from firstline.config.fleet_file import POLICIES
from firstline.errors import InvalidInput
from firstline.ids import digest
from tests.builders import PROFILE, PROFILE_FILE
from tests.config.test_profile import SMALL

USUAL = """extends = "runbook"

[fleet]
name = "vaults"
group = "vaults-group"
target_group = "targetgroup/vaults/0123456789abcdef"
load_balancer = "app/vaults/0123456789abcdef"
http_api = "a1b2c3d4e5"
parent_log_group = "/vaults/parent"
tags = { Application = "vaults" }

[fleet.units]
enclave = "enclave"
parent = "parent"

[fleet.nats]
host = "nats.example.com"

[probe.nats]
host = "nats.example.com"
credentials_parameter = "/firstline/probe-nats-creds"
inbox_prefix = "_PROBE.firstline"

[probe.nats.network]
vpc = "vpc-0a1b2c3d4e5f60718"
subnets = ["subnet-0a1b2c3d4e5f60711"]
security_groups = ["sg-0a1b2c3d4e5f60718"]

[policy]
cooldown_seconds = 90
"""
VERSIONS = {
    "probed": (2, "9bd5b16e9433a63e555866fbd5eea2405cf078af6b7deb0f53c6f3dfbb31ae6d"),
    "runbook": (2, "410efbb3021522e063fb52981816369326452b9e7c054f45c27f3ed1c5ff6951"),
}
"""Each shipped policy: its version, and the digest of what it says. A change raises the version."""


def refused(text: str) -> str:
    with pytest.raises(InvalidInput) as raised:
        fleet_file.expand(text.encode(), "my-fleet.toml")
    return str(raised.value)


def test_a_usual_fleet_needs_forty_lines() -> None:
    """And has the policy's alarms, rules and ladders, with its own number among the policy's."""
    assert len(USUAL.splitlines()) <= 40
    profile = fleet_file.parse(USUAL.encode(), "my-fleet.toml")
    assert (profile.name, profile.fleet.name) == ("runbook", "vaults")
    assert profile.policy.cooldown_seconds == 90
    assert profile.policy.settle_seconds == PROFILE.policy.settle_seconds
    assert (profile.ladders, profile.actions) == (PROFILE.ladders, PROFILE.actions)


def test_the_whole_is_a_profile_by_itself() -> None:
    """It says what it was made of, and its digest is of it all."""
    whole = fleet_file.expand(USUAL.encode(), "my-fleet.toml")
    assert whole.startswith(b"# extends runbook, version 2\n")
    assert fleet_file.expand(whole, "whole.toml") == whole
    profile = fleet_file.parse(whole, "whole.toml")
    assert profile == fleet_file.parse(USUAL.encode(), "my-fleet.toml")
    assert profile.digest == digest(whole)


def test_a_file_that_extends_nothing_is_whole() -> None:
    assert fleet_file.read(SMALL) == SMALL.read_bytes()
    assert fleet_file.parse_extension(SMALL.read_bytes(), "small.toml") is None


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            ('"runbook"', '"runbok"'),
            "my-fleet.toml:1: extends: is 'runbok': use one of probed, runbook",
        ),
        (('"runbook"', "5"), "my-fleet.toml:1: extends: is 5: use one of probed, runbook"),
        (
            ("cooldown_seconds = 90", 'cooldown_seconds = "90"'),
            "my-fleet.toml:30: policy.cooldown_seconds: is '90': give a whole number",
        ),
        (('group = "vaults-group"\n', ""), "my-fleet.toml:3: fleet.group: is missing: add it"),
        (
            ("[policy]\n", '[[rules]]\nname = "mine"\n\n[policy]\n'),
            'my-fleet.toml:29: rules["mine"].source: is missing: add it',
        ),
        (
            ("[policy]\n", '[[ladders]]\ncondition = "capacity"\nrungs = ["pray"]\n\n[policy]\n'),
            "my-fleet.toml:31: ladders[\"capacity\"].rungs[0]: 'pray' is not a fix: use one of",
        ),
        (
            ("[policy]\n", '[[alarms.made]]\nname = "mine"\n\n[policy]\n'),
            'my-fleet.toml:29: alarms.made["mine"].namespace: is missing: add it',
        ),
        (
            ("[policy]\n", 2 * '[[alarms.made]]\nname = "host-memory"\n' + "[policy]\n"),
            "my-fleet.toml:32: alarms.made[\"host-memory\"].name: 'host-memory' is defined twice",
        ),
        (("extends", "digest = 5\nextends"), "my-fleet.toml:1: digest: is computed from the file"),
    ],
)
def test_a_fault_is_located_in_the_fleet_file(change: tuple[str, str], line: str) -> None:
    """By its own lines, also where the whole has the entry in another place."""
    assert line in refused(USUAL.replace(*change, 1))


def test_a_fault_of_an_entry_of_the_policys_is_named() -> None:
    """Such as a rule that a wider one of the fleet's own takes everything from."""
    wide = """
[[rules]]
name = "wide"
source = "cloudwatch.alarm"
subject = "unhealthy-hosts"
condition = "enclave-down"
severity = "P3"
component = "enclave"
"""
    assert refused(USUAL + wide) == (
        'my-fleet.toml:1: extends: rules["some hosts do not answer"], of the policy runbook:'
        " never matches: 'wide' above matches everything it does; put this one first"
    )


def test_each_line_of_the_whole_shows_where_it_comes_from() -> None:
    """The lines are the whole again, as TOML."""
    found = fleet_file.parse_extension(USUAL.encode(), "a/my-fleet.toml")
    assert found is not None
    lines = list(provenance.annotate(found))
    assert tomllib.loads("\n".join(lines)) == found.merged.table
    assert lines[0] == "# extends runbook, version 2"
    for line in (
        'name = "vaults"  # my-fleet.toml:4',
        'Application = "vaults"  # my-fleet.toml:10',
        "cooldown_seconds = 90  # my-fleet.toml:30",
        "settle_seconds = 20  # policy runbook",
        "[[rules]]  # policy runbook",
        'TargetGroup = "$target_group"  # policy runbook',
    ):
        assert line in lines


def test_names_that_are_not_bare_are_quoted() -> None:
    """Tags and dimensions may have any."""
    odd = """
[[rules]]
name = "odd"
source = "cloudwatch.alarm"
subject = "healthy-hosts"
when = { "log.stream a" = { prefix = "x # y" }, b = ["p", "q"] }
condition = "capacity"
severity = "P3"
component = "fleet"
"""
    text = USUAL.replace("{ Application =", '{ "aws:a/b" =') + odd
    found = fleet_file.parse_extension(text.encode(), "my-fleet.toml")
    assert found is not None
    assert tomllib.loads("\n".join(provenance.annotate(found))) == found.merged.table


@pytest.mark.parametrize("path", sorted(POLICIES.glob("*.toml")), ids=lambda path: path.stem)
def test_a_policy_that_changes_has_another_version(path: Path) -> None:
    """It names no fleet, and no host, alarm or network of one."""
    table = tomllib.loads(path.read_text())
    version, text = VERSIONS[path.stem]
    assert (table.pop("name"), table.pop("version")) == (path.stem, version)
    assert not {"fleet", "probe", "links"} & table.keys()
    assert "external" not in table["alarms"]
    assert digest(repr(table).encode()) == text


def test_the_shipped_example_extends_the_runbook() -> None:
    assert PROFILE_FILE.read_text().count('\nextends = "runbook"\n') == 1
