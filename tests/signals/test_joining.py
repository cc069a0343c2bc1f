"""The effect of a joining signal on an incident."""

import copy
import itertools
from typing import Any

import pytest

from firstline.incidents.incident import Incident, Status
from firstline.signal import Component, Condition, Disposition, Severity
from firstline.signals import correlation, episodes
from firstline.signals.classify import Classification
from firstline.signals.episodes import ALARMS_MAX, merge_signal
from tests.builders import ALARM_ARN, BY, HOME, NOW, PROFILE, A, incident, signal

P1, P2, P3, _ = Severity
OUTAGE, DOWN, SLOW = (
    Condition.COMPLETE_OUTAGE,
    Condition.ENCLAVE_DOWN,
    Condition.DEGRADED_LATENCY,
)


def found(condition: Condition, severity: Severity, **fields: object) -> Classification:
    values: dict[str, Any] = {
        "disposition": Disposition.INCIDENT,
        "why": "a rule fits",
        "rule": condition.value,
        "correlation_key": correlation.correlation_key("vettid", condition),
        "condition": condition,
        "severity": severity,
        "component": Component.API,
    }
    return Classification(**values | fields)


def arn(condition: Condition) -> str:
    return ALARM_ARN.replace("healthy-hosts", condition.value)


def begun(condition: Condition, severity: Severity, **fields: object) -> Incident:
    """An open episode of one signal."""
    result = signal(subject=condition.value, arn=arn(condition), key=f"{condition}|1")
    return episodes.open_incident(
        result, found(condition, severity, **fields), PROFILE, NOW, BY
    ).incident


def joined(held: Incident, condition: Condition, severity: Severity, **fields: object) -> Incident:
    result = signal(subject=condition.value, arn=arn(condition))
    return merge_signal(held, result, found(condition, severity, **fields), PROFILE, NOW)


def test_a_worse_side_takes_the_lead_and_pages_under_a_key_of_its_own() -> None:
    """I2: a trigger on an acknowledged alert notifies no one."""
    held = joined(begun(SLOW, P2), OUTAGE, P1)
    assert (held.condition, held.severity, held.joined) == (OUTAGE, P1, (SLOW,))
    assert (held.alarm, held.alarm_arn, held.rule) == (OUTAGE, arn(OUTAGE), OUTAGE)
    assert held.alarms == (arn(SLOW), arn(OUTAGE))
    assert [(each.key, each.severity) for each in held.pages] == [
        (held.id, P2),
        (f"{held.id}:p1", P1),
    ]
    assert [each.severity for each in held.responses] == [P2, P1]


def test_each_rise_pages_under_the_key_of_its_severity() -> None:
    """The key follows from id and severity alone: ingest uses it without reading the incident."""
    held = joined(begun(SLOW, P3), DOWN, P2)
    keys = [(each.channel, each.key) for each in joined(held, OUTAGE, P1).pages]
    assert keys == [("team", held.id), ("pager", f"{held.id}:p2"), ("pager", f"{held.id}:p1")]


def test_as_bad_and_nearer_to_a_fix_leads_without_a_page() -> None:
    """Latency has no ladder: the dead enclaves behind it have one."""
    held = joined(begun(SLOW, P2), DOWN, P2)
    assert (held.condition, held.severity, held.joined) == (DOWN, P2, (SLOW,))
    assert len(held.pages) == len(held.responses) == 1


@pytest.mark.parametrize(("condition", "severity"), [(SLOW, P2), (DOWN, P2), (OUTAGE, P3)])
def test_nothing_falls(condition: Condition, severity: Severity) -> None:
    """A less severe signal joins, is awaited, and changes neither lead nor severity."""
    held = joined(begun(OUTAGE, P1), condition, severity)
    assert (held.condition, held.severity, len(held.pages)) == (OUTAGE, P1, 1)
    assert held.alarms == tuple(dict.fromkeys((arn(OUTAGE), arn(condition))))
    assert held.joined == (() if condition is OUTAGE else (condition,))


def test_the_order_of_joining_changes_neither_lead_nor_alarms() -> None:
    """Any order of the same signals leads to the same severity, condition and alarms."""
    sides = ((OUTAGE, P1), (DOWN, P2), (SLOW, P2), (Condition.NATS_BACKLOG, P3))
    ends = set()
    for first, *rest in itertools.permutations(sides):
        held = begun(*first)
        for side in rest:
            held = joined(joined(held, *side), *side)
        assert held.signals == 7
        ends.add((held.condition, held.severity, frozenset(held.alarms), frozenset(held.joined)))
    (end,) = ends
    assert end[:2] == (OUTAGE, P1)
    assert end[3] == {DOWN, SLOW, Condition.NATS_BACKLOG}


@pytest.mark.parametrize("disposition", [Disposition.RECOVERY, Disposition.CONTEXT])
def test_a_signal_without_trouble_only_makes_it_look_again(disposition: Disposition) -> None:
    """An OK raises nothing, and its alarm need not be waited for."""
    held = begun(SLOW, P2)
    after = joined(held, OUTAGE, P1, disposition=disposition)
    assert after == copy.replace(held, signals=2)


def test_an_incident_that_ended_is_not_changed_but_counted() -> None:
    """Its record must still say what came."""
    over = incident(status=Status.RESOLVED, signals=4, severity=P2, condition=SLOW)
    after = joined(over, OUTAGE, P1)
    assert after == copy.replace(over, signals=5, joined_at=NOW)


def test_a_storm_leads_to_no_fix() -> None:
    """I21: its newcomers are of other causes, and are waited for without a ladder."""
    held = begun(Condition.UNCLASSIFIED, P2, correlation_key=correlation.storm_key("vettid"))
    assert held.storm
    after = joined(held, DOWN, P2)
    assert (after.condition, after.joined) == (Condition.UNCLASSIFIED, (DOWN,))
    assert PROFILE.rungs(after.condition) == ()
    assert not begun(DOWN, P2).storm


def test_more_alarms_than_one_request_shows_are_counted() -> None:
    """An incident that does not wait for all of them is not closed (see `apply_observation`)."""
    many = tuple(f"arn-{n}" for n in range(ALARMS_MAX))
    held = joined(incident(alarms=many), DOWN, P2)
    assert (held.alarms, held.alarms_beyond) == (many, 1)


@pytest.mark.parametrize(
    ("scope", "host"),
    [
        (A, A),
        ("i-0a1b2c3d", "i-0a1b2c3d"),
        ("", None),
        ("user-1", None),
        (f"{A} ", None),
        ("i-", None),
        ("i-0a1b2c3d4", None),
    ],
)
def test_a_host_in_scope_is_the_only_target(scope: str, host: str | None) -> None:
    """Any other scope only distinguishes incidents."""
    assert begun(DOWN, P2, scope=scope).scope == host


def test_an_episode_waits_for_the_alarm_that_opened_it() -> None:
    """A finding has none, and waits for none."""
    assert begun(SLOW, P2).alarms == (arn(SLOW),)
    result = signal(arn="", account=HOME.account)
    bare = episodes.open_incident(result, found(SLOW, P2), PROFILE, NOW, BY).incident
    assert bare.alarms == ()
    assert merge_signal(bare, result, found(SLOW, P2), PROFILE, NOW).alarms == ()
