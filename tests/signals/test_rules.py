import copy

import pytest

from firstline.config.profile import Matcher, Prefix, Rule
from firstline.ids import SignalKey, digest
from firstline.signal import Component, Condition, Severity, Signal
from firstline.signals.rules import known_words, match
from tests.builders import NOW, PROFILE

SIGNAL = Signal(
    key=SignalKey("k"),
    source="cloudwatch.alarm",
    subject="healthy-hosts",
    state="ALARM",
    at=NOW,
    account="111122223333",
    region="us-east-1",
    metric="HealthyHostCount",
    dimensions={"Zone": "us-east-1a"},
)


def rule(name: str, when: dict[str, Matcher]) -> Rule:
    """A rule for the signal's source and subject."""
    return Rule(
        name=name,
        source=SIGNAL.source,
        subject=SIGNAL.subject,
        when=when,
        condition=Condition.COMPLETE_OUTAGE,
        severity=Severity.P1,
        component=Component.FLEET,
    )


@pytest.mark.parametrize(
    ("when", "miss"),
    [
        ({"Zone": "us-east-1a"}, None),
        ({"Zone": "us-east-1"}, "Zone is not 'us-east-1'"),
        ({"Zone": ("us-east-1b", "us-east-1a")}, None),
        ({"Zone": ("us-east-1b", "us-east-1c")}, "Zone is not 'us-east-1b' or 'us-east-1c'"),
        ({"Zone": Prefix(prefix="us-east-")}, None),
        ({"Zone": Prefix(prefix="eu-")}, "Zone does not begin with 'eu-'"),
        ({"metric": Prefix(prefix="Healthy"), "Zone": "x"}, "Zone is not 'x'"),
        ({"Absent": Prefix(prefix="x")}, "Absent does not begin with 'x'"),
    ],
)
def test_a_field_is_compared_with_a_value_a_list_or_a_prefix(
    when: dict[str, Matcher], miss: str | None
) -> None:
    """Whole values, unless a prefix is asked for; an absent dimension is empty."""
    tried = rule("tried", when)
    found = match(SIGNAL, copy.replace(PROFILE, rules=(tried,)))
    assert (found.rule, found.misses) == ((None, (("tried", miss),)) if miss else (tried, ()))


def test_of_a_signal_the_words_are_known_that_rules_ask_for() -> None:
    """A value, one of a list, the prefix alone; no other value of an event is stored."""
    wanted: tuple[dict[str, Matcher], ...] = (
        {"metric": "m"},
        {"Zone": ("a", "b")},
        {"Stage": Prefix(prefix="prod-")},
        {"state": "ALARM"},
    )
    asked = tuple(rule(str(n), when) for n, when in enumerate(wanted))
    profile = copy.replace(PROFILE, rules=asked)
    text = {"Zone": "b", "Stage": "prod-secret", "User": "somebody"}
    known = known_words(copy.replace(SIGNAL, metric="m", dimensions=text), profile)
    assert known == {"metric": "m", "Zone": "b", "Stage": "prod-", "state": "ALARM"}
    other = copy.replace(SIGNAL, metric="n", state="OK", dimensions={"Zone": "c", "Stage": "dev"})
    assert known_words(other, profile) == {}


SCOPES = {
    "i-0a1b2c3d4e5f60711": "i-0a1b2c3d4e5f60711",
    "0123456789abcdef": "0123456789abcdef",
    "jane@example.com": f"#{digest(b'jane@example.com')[:20]}",
}


@pytest.mark.parametrize("value", SCOPES)
def test_a_scope_is_a_digest_unless_it_names_no_person(value: str) -> None:
    """So that two stay two."""
    profile = copy.replace(PROFILE, rules=(copy.replace(rule("r", {}), scope="Host"),))
    text = copy.replace(SIGNAL, dimensions={"Host": value})
    assert known_words(text, profile) == {"Host": SCOPES[value]}
    assert known_words(copy.replace(SIGNAL, dimensions={}), profile) == {}
