import copy
import json
from typing import NamedTuple

import pytest

from firstline.config.profile import Profile, Rule
from firstline.notifications.origin import Origin
from firstline.signal import Component, Condition, Disposition, Severity, Signal
from firstline.signals import correlation, episodes
from firstline.signals.classify import Classification, classify, with_profile_name
from firstline.signals.rules import match
from firstline.signals.sources.envelope import parse
from tests.builders import ALARM_ARN, ALARM_NAME, BY, HOME, NOW, PROFILE
from tests.events import EVENTS, body, edited
from tests.notifications import wire as bodies

INCIDENT, RECOVERY, CONTEXT = Disposition.INCIDENT, Disposition.RECOVERY, Disposition.CONTEXT
IGNORED, REJECTED = Disposition.IGNORED, Disposition.REJECTED
P1, P2 = Severity.P1, Severity.P2
OUTAGE, DOWN, UNCLASSIFIED = (
    Condition.COMPLETE_OUTAGE,
    Condition.ENCLAVE_DOWN,
    Condition.UNCLASSIFIED,
)
UNLISTED = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:vettid-prod-httpapi-5xx"

ORIGIN = Origin(fleet="vettid", region="us-east-1", mode="enforce")


def classified(raw: bytes, profile: Profile = PROFILE) -> Classification:
    return classify(with_profile_name(parse(raw, HOME, NOW), profile, {}), profile, HOME)


class Case(NamedTuple):
    """A file of ``events/``, a few edits of it, and what it means."""

    file: str
    disposition: Disposition
    severity: Severity | None = None
    condition: Condition | None = None
    correlation_key: str = ""
    edits: tuple[tuple[str, object], ...] = ()


ZERO = "cloudwatch.healthy-hosts-zero"
SERVICE = "vettid#service"
NO_DATA = ("detail.state.value", "INSUFFICIENT_DATA")
CREATED = ("detail.previousState.reason", "Unchecked: Initial alarm creation")
RENAMED = (
    ("detail.alarmName", "healthy-hosts"),
    ("resources.0", "arn:aws:cloudwatch:us-east-1:111122223333:alarm:healthy-hosts"),
)
CASES = (
    Case(ZERO, INCIDENT, P1, OUTAGE, SERVICE),
    Case("cloudwatch.healthy-hosts-ok", RECOVERY, P1, OUTAGE, SERVICE),
    Case("cloudwatch.unhealthy-hosts", INCIDENT, P2, DOWN, SERVICE),
    Case("cloudwatch.unhealthy-hosts", CONTEXT, edits=(NO_DATA,)),
    Case("cloudwatch.insufficient-data", INCIDENT, P1, OUTAGE, SERVICE),
    Case("cloudwatch.first-evaluation-without-data", IGNORED),
    Case(ZERO, INCIDENT, P1, OUTAGE, SERVICE, (CREATED,)),
    Case("cloudwatch.muted", CONTEXT),
    Case("cloudwatch.muted", RECOVERY, edits=(("detail.state.value", "OK"),)),
    Case(
        "cloudwatch.unlisted-http-api-5xx",
        INCIDENT,
        P2,
        UNCLASSIFIED,
        correlation.correlation_key("vettid", UNCLASSIFIED, UNLISTED),
    ),
    Case("cloudwatch.unlisted-http-api-5xx", CONTEXT, edits=(NO_DATA,)),
    # an alarm that nobody listed is not known by a name that ours have
    Case(
        ZERO,
        INCIDENT,
        P2,
        UNCLASSIFIED,
        correlation.correlation_key("vettid", UNCLASSIFIED, RENAMED[1][1]),
        RENAMED,
    ),
    Case("cloudwatch.replayed-from-archive", CONTEXT),
    Case("cloudwatch.no-state-value", CONTEXT, edits=(("replay-name", "drill"),)),
    Case(
        "cloudwatch.no-state-value",
        INCIDENT,
        P2,
        UNCLASSIFIED,
        correlation.correlation_key("vettid", UNCLASSIFIED, "malformed"),
    ),
    Case(
        "malformed.empty-object",
        INCIDENT,
        P2,
        UNCLASSIFIED,
        correlation.correlation_key("vettid", UNCLASSIFIED, "malformed"),
    ),
    Case(
        ZERO,
        INCIDENT,
        P2,
        UNCLASSIFIED,
        correlation.correlation_key("vettid", UNCLASSIFIED, "aws.health"),
        (("source", "aws.health"),),
    ),
    Case("cloudwatch.foreign-account", REJECTED),
    Case("cloudwatch.foreign-account", REJECTED, edits=(("replay-name", "drill"),)),
    Case("cloudwatch.foreign-account", REJECTED, edits=(("detail", "x"),)),
    Case(ZERO, REJECTED, edits=(("region", "eu-west-1"),)),
    Case("custom.forged-source", REJECTED),
    # the names that our parsers give are nobody else's to send
    Case(
        ZERO,
        REJECTED,
        edits=(("source", "cloudwatch.alarm"), ("detail-type", "healthy-hosts")),
    ),
    Case(ZERO, REJECTED, edits=(("source", "malformed"),)),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.file}-{case.disposition}")
def test_the_classification_of_an_event(case: Case) -> None:
    """R01 to R04, I6, I28: only a foreign event is rejected quietly."""
    raw = edited((EVENTS / f"{case.file}.json").read_bytes(), dict(case.edits))
    found = classified(raw)
    assert found.disposition is case.disposition
    if case.severity is not None:
        assert (found.severity, found.condition) == (case.severity, case.condition)
        assert found.correlation_key == case.correlation_key
    assert found.why


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (body("healthy-hosts-zero"), "rule 'all vaults inaccessible' fits the alarm"),
        (body("unlisted-http-api-5xx"), f"no rule fits the alarm '{UNLISTED}'"),
        (body("no-state-value"), "an event of our own account that is unreadable"),
        (body("foreign-account"), "the account is 999988887777, not 111122223333"),
        (edited(body("muted"), {"region": "x"}), "the Region is x, not us-east-1"),
        (edited(body("muted"), {"source": "x"}), "firstline does not read the source 'x'"),
        (edited(body("muted"), {"source": "aws.x"}), "that is of a kind without a parser"),
    ],
)
def test_every_meaning_has_its_reason(raw: bytes, why: str) -> None:
    """The reason stands in the ledger, also of what opens nothing."""
    assert why in classified(raw).why


def test_an_alarm_of_the_stack_is_known_by_its_arn() -> None:
    """The stack's alarms are known by ARN; an external one by its exact name."""
    signal = parse(body("healthy-hosts-zero"), HOME, NOW)
    assert (
        with_profile_name(signal, PROFILE, {ALARM_ARN: "unhealthy-hosts"}).subject
        == "unhealthy-hosts"
    )
    assert with_profile_name(signal, PROFILE, {}).subject == "healthy-hosts"
    longer = copy.replace(signal, subject=ALARM_NAME + "-2", arn=ALARM_ARN + "-2")
    assert with_profile_name(longer, PROFILE, {}).subject == ALARM_ARN + "-2"
    nameless = copy.replace(signal, subject="an unreadable event", arn="")
    assert with_profile_name(nameless, PROFILE, {}) == nameless


def rule(name: str, **when: str | tuple[str, ...]) -> Rule:
    return Rule(
        name=name,
        source="cloudwatch.alarm",
        subject="healthy-hosts",
        when=when,
        condition=OUTAGE,
        severity=P1,
        component=Component.FLEET,
    )


SIGNAL: Signal = with_profile_name(parse(body("healthy-hosts-zero"), HOME, NOW), PROFILE, {})
GROUP = "targetgroup/vettid-enclave/73e2d6bc24d8a067"


@pytest.mark.parametrize(
    ("when", "miss"),
    [
        ({}, None),
        ({"metric": "HealthyHostCount"}, None),
        ({"TargetGroup": GROUP, "metric": ("x", "HealthyHostCount")}, None),
        ({"metric": "x"}, "metric is not 'x'"),
        ({"metric": ("x", "y")}, "metric is not 'x' or 'y'"),
        ({"TargetGroup": GROUP, "Zone": "a"}, "Zone is not 'a'"),
        ({"TargetGroup": GROUP.upper()}, f"TargetGroup is not '{GROUP.upper()}'"),
    ],
)
def test_a_rule_fits_when_all_of_it_holds(
    when: dict[str, str | tuple[str, ...]], miss: str | None
) -> None:
    """Values are compared whole, and the first mismatching field is reported."""
    tried = rule("tried", **when)
    found = match(SIGNAL, copy.replace(PROFILE, rules=(tried,)))
    assert (found.rule, found.misses) == ((None, (("tried", miss),)) if miss else (tried, ()))


def test_the_first_rule_that_fits_decides_and_the_others_are_reported() -> None:
    """Rules of other sources and subjects are not reported."""
    missed, fits, late = rule("missed", metric="x"), rule("fits"), rule("late")
    others = (copy.replace(late, source="user"), copy.replace(late, subject="unhealthy-hosts"))
    found = match(SIGNAL, copy.replace(PROFILE, rules=(*others, missed, fits, late)))
    assert found.rule == fits
    assert found.misses == (("missed", "metric is not 'x'"),)


@pytest.mark.parametrize("rules", [PROFILE.rules, (rule("r", TargetGroup="t", metric="m"),)])
def test_no_free_text_of_an_event_reaches_a_page_or_an_entry(rules: tuple[Rule, ...]) -> None:
    """I27: descriptions and reasons are dropped; names are redacted."""
    canary = "0f3c9a1e-5b7d-4c2a-9e10-aa0000000001"
    metric = {"name": canary, "dimensions": {"TargetGroup": canary, canary: "v"}}
    edits: dict[str, object] = {
        "detail.configuration.description": canary,
        "detail.configuration.metrics": [{"metricStat": {"metric": metric}}],
        "detail.state.reason": canary,
        "detail.state.reasonData": canary,
        "detail.previousState.reason": canary,
        "id": canary,
    }
    profile = copy.replace(PROFILE, rules=rules)
    raw = edited(body("healthy-hosts-zero"), edits)
    signal = with_profile_name(parse(raw, HOME, NOW), profile, {})
    opening = episodes.open_incident(signal, classify(signal, profile, HOME), profile, NOW, BY)
    (page,) = opening.incident.pages
    assert canary not in json.dumps(bodies.body(page, ORIGIN)) + opening.entry.body
