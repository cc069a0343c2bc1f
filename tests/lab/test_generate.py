"""An event of any alarm and any rule of a profile is made, and means what its rule says."""

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firstline.cli.main import dispatch
from firstline.config import fleet_file
from firstline.config.profile import Prefix, Profile, Rule
from firstline.config.settings import Home
from firstline.errors import InvalidInput
from firstline.event_sources import SOURCES
from firstline.lab.generate import generate
from firstline.lab.twin import undeployed
from firstline.monitoring import alarms
from firstline.signal import Component, Condition, Disposition, Severity
from firstline.signals.classify import Classification, classify, with_profile_name
from firstline.signals.sources.envelope import parse
from firstline.signals.sources.user import with_pseudonym
from tests.builders import PROFILE, PROFILE_FILE

HOME = Home("111122223333", "us-east-1")
AT = datetime(2026, 3, 11, 4, 20, tzinfo=UTC)
SHIPPED = [fleet_file.load(path) for path in sorted(Path(PROFILE_FILE).parent.glob("*.toml"))]


def classified(body: bytes, profile: Profile) -> Classification:
    own = undeployed.alarms_by_arn(profile, HOME)
    signal = with_profile_name(with_pseudonym(parse(body, HOME, AT), "key"), profile, own)
    return classify(signal, profile, HOME)


def names(profile: Profile) -> Iterator[str]:
    """Of its alarms, made and others', and of the rules for what the fleet has."""
    has = {each.name for each in alarms.deployable_alarms(profile)}
    lacks = {each.name for each in profile.alarms.made} - has
    yield from has
    yield from (each.name for each in profile.alarms.external)
    yield from (each.known_as for each in profile.alarms.external)
    yield from (each.name for each in profile.rules if each.subject not in lacks)


@pytest.mark.parametrize(
    ("profile", "name"), [(each, name) for each in SHIPPED for name in sorted(set(names(each)))]
)
def test_an_event_of_each_alarm_and_rule_opens_an_incident(profile: Profile, name: str) -> None:
    """Of every shipped profile; a rule's event is decided by that rule."""
    found = classified(generate(name, profile, HOME, AT), profile)
    assert found.disposition is Disposition.INCIDENT
    if name in {each.name for each in profile.rules}:
        assert found.rule == name


def rule(source: str, subject: str, **when: object) -> Rule:
    return Rule(
        name="mine",
        source=source,
        subject=subject,
        when=when,  # type: ignore[arg-type]
        condition=Condition.CAPACITY,
        severity=Severity.P3,
        component=Component.AWS,
    )


OF_SOURCES = [
    rule("aws.ssm", "AWS-RunPatchBaseline", state="TimedOut"),
    rule("aws.ssm", "change calendar"),
    rule("aws.ec2", "i-0a1b2c3d4e5f60711", state=("stopped", "terminated")),
    rule("aws.health", "AWS_EC2_OPERATIONAL_ISSUE", Service="EC2"),
    rule("aws.kms", "Decrypt", state=Prefix(prefix="Throttling")),
    rule("aws.autoscaling", "EC2 Instance Terminate Unsuccessful"),
    rule("firstline.report", "user"),
    rule("cloudwatch.alarm", "service", metric="Errors", Stage="prod"),
]


@pytest.mark.parametrize("mine", OF_SOURCES, ids=lambda each: f"{each.source} {each.subject}")
def test_an_event_of_each_source_matches_its_rule(mine: Rule) -> None:
    """Whatever its `when` asks for: a text, one of several, or how it begins."""
    profile = copy.replace(PROFILE, rules=(mine, *PROFILE.rules))
    body = generate("mine", profile, HOME, AT)
    signal = with_profile_name(
        parse(body, HOME, AT), profile, undeployed.alarms_by_arn(profile, HOME)
    )
    assert (signal.source, signal.subject) == (mine.source, mine.subject)


def test_no_source_is_left_out() -> None:
    assert {each.source for each in OF_SOURCES} == SOURCES.keys()


def test_what_matches_no_rule_of_its_own_is_refused() -> None:
    """A rule that another hides, and a name that is none."""
    hidden = copy.replace(rule("aws.kms", "Decrypt"), name="hidden")
    profile = copy.replace(PROFILE, rules=(rule("aws.kms", "Decrypt"), hidden))
    with pytest.raises(InvalidInput, match="no event can be made of the rule 'hidden'"):
        generate("hidden", profile, HOME, AT)
    with pytest.raises(InvalidInput, match="did you mean healthy-hosts"):
        generate("healthy-host", PROFILE, HOME, AT)
    with pytest.raises(InvalidInput, match="alarms are healthy-hosts, "):
        generate("zzz", PROFILE, HOME, AT)


def test_what_is_made_is_classified_and_replayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the same file, from standard output or from a file."""
    monkeypatch.chdir(tmp_path)
    assert dispatch(["generate", "healthy-hosts", "-o", "event.json"]) == 0
    assert capsys.readouterr().err == "event.json: written; use it with classify and replay\n"
    assert dispatch(["classify", "event.json", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rule"] == "all vaults inaccessible"
    assert dispatch(["replay", "event.json"]) == 0
    capsys.readouterr()
    assert dispatch(["generate", "KMS throttles decryption"]) == 0
    assert json.loads(capsys.readouterr().out)["detail"]["eventName"] == "Decrypt"
