import copy

import pytest

from firstline.ids import SignalKey
from firstline.profile import Prefix, Rule, Wanted
from firstline.rules import match
from firstline.signals import Component, Condition, Severity, Signal
from tests.core.builders import NOW, PROFILE

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


def rule(name: str, when: dict[str, Wanted]) -> Rule:
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
    when: dict[str, Wanted], miss: str | None
) -> None:
    """Whole values, unless a prefix is asked for; an absent dimension is empty."""
    tried = rule("tried", when)
    found = match(SIGNAL, copy.replace(PROFILE, rules=(tried,)))
    assert (found.rule, found.misses) == ((None, (("tried", miss),)) if miss else (tried, ()))
