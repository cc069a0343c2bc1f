"""`firstline doctor` on a deployment with a broken part on a signal's path."""

import copy
from typing import Any

import pytest

from firstline.doctor import run as doctor
from firstline.doctor import stack_parts
from firstline.doctor.facts import EventSourceMapping, Resource, Subscriptions
from firstline.signal import Severity
from tests.doctor.accounts import (
    ACCOUNT,
    ALARMS,
    DEPLOYED,
    EMERGENCY,
    HASH,
    OWN,
    PLACED,
    QUEUES,
    RESOURCES,
    SECURITY,
    STACK,
    WELL,
    alarm,
    found,
    summaries,
)

Facts = dict[str, Any]
RULE, INGEST = "the-DetectionAlarmStates", "the-ResponseIngest"
SIGNALS, WAKES = f"{QUEUES}QueuesSignals", f"{QUEUES}QueuesWakes"
BACKSTOP, BEAT = (f"{STACK}-{each}" for each in OWN)
NOT_HERE = "not here"
ELSEWHERE = "arn:aws:sqs:us-east-1:444455556666:QueuesSignals"
"""A queue of the same name, in another account."""


def deployed(**changes: Any) -> Facts:  # noqa: ANN401 - as `Deployed`
    return {"deployed": copy.replace(DEPLOYED, **changes)}


def changed(field: str, **facts: Any) -> Facts:  # noqa: ANN401 - as `Deployed`
    """A deployment in which some of one kind are as *facts* say."""
    return deployed(**{field: getattr(DEPLOYED, field) | facts})


def lacking(field: str, name: str) -> Facts:
    """A deployment in which one of a kind is not there."""
    facts = getattr(DEPLOYED, field)
    assert name in facts
    return deployed(**{field: {key: it for key, it in facts.items() if key != name}})


def without(*parts: str) -> Facts:
    """A stack that never had these."""
    there = [each for each in RESOURCES if each.logical_id.removesuffix(HASH) not in parts]
    return deployed(resources=tuple(there))


def with_part(kind: str, name: str, **facts: Facts) -> Facts:
    """A stack that has one part more."""
    resource = Resource(kind, name + HASH, f"the-{name}")
    more = {field: getattr(DEPLOYED, field) | fact for field, fact in facts.items()}
    return deployed(resources=(*RESOURCES, resource), **more)


CASES: dict[str, tuple[Facts, tuple[str, str, str]]] = {
    "the rule of alarms was deleted": (
        lacking("rules", RULE),
        ("transport", "critical", RULE),
    ),
    "the rule of alarms is disabled": (
        changed("rules", **{RULE: False}),
        ("transport", "critical", RULE),
    ),
    "the rule of alarms has no target": (
        changed("targets", **{RULE: ()}),
        ("transport", "critical", RULE),
    ),
    "the targets of the rule of alarms were not told": (
        lacking("targets", RULE),
        ("transport", "critical", RULE),
    ),
    "the rule of alarms leads to another account": (
        changed("targets", **{RULE: (ELSEWHERE,)}),
        ("transport", "critical", RULE),
    ),
    "the stack has no rule of alarms": (
        without("DetectionAlarmStates"),
        ("transport", "critical", "DetectionAlarmStates"),
    ),
    "the rule of findings, of which one may be a P1": (
        lacking("rules", "the-BusGuardDuty"),
        ("transport", "critical", "the-BusGuardDuty"),
    ),
    "a rule that tells no P1": (
        lacking("rules", "the-BusCalendars"),
        ("transport", "warning", "the-BusCalendars"),
    ),
    "the security team's copy goes nowhere": (
        changed("targets", **{"the-BusSevereGuardDuty": ()}),
        ("transport", "warning", "the-BusSevereGuardDuty"),
    ),
    "the security team's copy goes to the queue": (
        changed("targets", **{"the-BusSevereSecurityHub": DEPLOYED.targets[RULE]}),
        ("transport", "warning", "the-BusSevereSecurityHub"),
    ),
    "a rule that nobody knows": (
        with_part(stack_parts.RULE, "BusOther", rules={"the-BusOther": True}),
        ("transport", "warning", "the-BusOther"),
    ),
    "what feeds ingest was deleted": (
        lacking("sources", "the-ResponseIngestSource"),
        ("transport", "critical", "ResponseIngestSource the-ResponseIngestSource"),
    ),
    "what feeds ingest is disabled": (
        changed("sources", **{"the-ResponseIngestSource": EventSourceMapping("Disabled", INGEST)}),
        ("transport", "critical", "ResponseIngestSource the-ResponseIngestSource"),
    ),
    "what feeds ingest is being switched off": (
        changed("sources", **{"the-ResponseIngestSource": EventSourceMapping("Disabling", INGEST)}),
        ("transport", "critical", "ResponseIngestSource the-ResponseIngestSource"),
    ),
    "what feeds ingest is in a state of no known word": (
        changed("sources", **{"the-ResponseIngestSource": EventSourceMapping("Asleep", INGEST)}),
        ("transport", "critical", "ResponseIngestSource the-ResponseIngestSource"),
    ),
    "what feeds ingest feeds another function": (
        changed("sources", **{"the-ResponseIngestSource": EventSourceMapping("Enabled", "theirs")}),
        ("transport", "critical", "ResponseIngestSource the-ResponseIngestSource"),
    ),
    "what feeds reconcile was deleted": (
        lacking("sources", "the-ResponseReconcileSource"),
        ("transport", "critical", "ResponseReconcileSource the-ResponseReconcileSource"),
    ),
    "the stack has no source of reconcile": (
        without("ResponseReconcileSource"),
        ("transport", "critical", "ResponseReconcileSource"),
    ),
    "what feeds the archive was deleted": (
        lacking("sources", "the-ArchiveStream"),
        ("transport", "warning", "ArchiveStream the-ArchiveStream"),
    ),
    "the queue of signals was deleted": (
        changed("queues", **{SIGNALS: NOT_HERE}),
        ("queue", "critical", SIGNALS),
    ),
    "the queue of signals was not told": (
        lacking("queues", SIGNALS),
        ("queue", "critical", SIGNALS),
    ),
    "the queue of wakes was deleted": (
        changed("queues", **{WAKES: NOT_HERE}),
        ("queue", "critical", WAKES),
    ),
    "the stack has no queue of wakes": (
        without("QueuesWakes"),
        ("queue", "critical", "QueuesWakes"),
    ),
    "the archive's queue was deleted": (
        changed("queues", **{f"{QUEUES}ArchiveLost": NOT_HERE}),
        ("queue", "warning", f"{QUEUES}ArchiveLost"),
    ),
    "a signal is a dead letter": (
        changed("queues", **{f"{QUEUES}QueuesSignalsDead": 2}),
        ("dead-letters", "critical", "QueuesSignalsDead"),
    ),
    "EventBridge could not deliver a signal": (
        changed("queues", **{f"{QUEUES}QueuesUndelivered": 1}),
        ("dead-letters", "critical", "QueuesUndelivered"),
    ),
    "a wake is a dead letter": (
        changed("queues", **{f"{QUEUES}QueuesWakesDead": 1}),
        ("dead-letters", "warning", "QueuesWakesDead"),
    ),
    "a part of the ledger's stream was given up": (
        changed("queues", **{f"{QUEUES}ArchiveLost": 1}),
        ("dead-letters", "warning", "ArchiveLost"),
    ),
    "ingest was deleted": (
        changed("functions", **{INGEST: NOT_HERE}),
        ("function", "critical", INGEST),
    ),
    "ingest was not told": (lacking("functions", INGEST), ("function", "critical", INGEST)),
    "ingest failed to be made": (
        changed("functions", **{INGEST: "Failed (InvalidRuntime)"}),
        ("function", "critical", INGEST),
    ),
    "the sweep is inactive": (
        changed("functions", **{"the-ResponseSweep": "Inactive"}),
        ("function", "critical", "the-ResponseSweep"),
    ),
    "the console failed to be made": (
        changed("functions", **{"the-Console": "Failed"}),
        ("function", "warning", "the-Console"),
    ),
    "the probe, which a P1 rests on, failed to be made": (
        with_part(
            stack_parts.FUNCTION, "ProbesProbeNats", functions={"the-ProbesProbeNats": "Failed"}
        ),
        ("function", "critical", "the-ProbesProbeNats"),
    ),
    "the stack has no sweep": (
        without("ResponseSweep"),
        ("function", "critical", "ResponseSweep"),
    ),
    "the emergency topic was deleted": (
        changed("topics", EmergencyTopic=NOT_HERE),
        ("topic", "critical", "EmergencyTopic"),
    ),
    "the emergency topic has no reader": (
        changed("topics", EmergencyTopic=Subscriptions(0, 1)),
        ("topic", "critical", "EmergencyTopic"),
    ),
    "the emergency topic was not told": (
        lacking("topics", "EmergencyTopic"),
        ("topic", "critical", "EmergencyTopic"),
    ),
    "the stack tells no emergency topic": (
        lacking("outputs", "EmergencyTopic"),
        ("topic", "critical", "EmergencyTopic"),
    ),
    "the security topic was deleted": (
        changed("topics", SecurityTopic=NOT_HERE),
        ("topic", "warning", "SecurityTopic"),
    ),
    "the security topic is not told": (
        lacking("outputs", "SecurityTopic"),
        ("topic", "warning", "SecurityTopic"),
    ),
    "the team's topic has no reader": (
        changed("topics", TeamTopic=Subscriptions(0, 0)),
        ("topic", "warning", "TeamTopic"),
    ),
    "the backstop of a P1 was deleted": (
        {"alarms": tuple(each for each in ALARMS if each.name != BACKSTOP)},
        ("backstop", "critical", BACKSTOP),
    ),
    "the actions of a P1's backstop are switched off": (
        {
            "alarms": (
                *(each for each in ALARMS if each.name != BACKSTOP),
                alarm(BACKSTOP, actions=()),
            )
        },
        ("backstop", "critical", BACKSTOP),
    ),
    "the alarm on the heartbeat speaks to somebody else": (
        {
            "alarms": (
                *(each for each in ALARMS if each.name != BEAT),
                alarm(BEAT, actions=("arn:aws:sns:us-east-1:111122223333:theirs",)),
            )
        },
        ("backstop", "warning", BEAT),
    ),
}


@pytest.mark.parametrize(("changes", "finding"), CASES.values(), ids=CASES)
def test_one_part_is_not_whole(changes: Facts, finding: tuple[str, str, str]) -> None:
    """It is found, and nothing else is; a P1 that passes through it makes it critical."""
    assert summaries(**changes) == [finding]
    assert doctor.has_critical(found(**changes)) == (finding[1] == "critical")


@pytest.mark.parametrize(
    ("field", "check", "count"),
    [
        ("rules", "transport", len(stack_parts.RULES)),
        ("targets", "transport", len(stack_parts.RULES)),
        ("sources", "transport", len(stack_parts.SOURCES)),
        ("queues", "queue", len(stack_parts.PARTS[stack_parts.QUEUE])),
        ("functions", "function", len(stack_parts.PARTS[stack_parts.FUNCTION])),
        ("topics", "topic", 3),
    ],
)
def test_what_reads_as_empty_is_not_well(field: str, check: str, count: int) -> None:
    """With all parts of a kind deleted, each part is reported."""
    findings = found(**deployed(**{field: {}}))
    assert [each.check for each in findings] == [check] * count
    assert doctor.has_critical(findings)


def test_a_stack_without_resources_is_not_well() -> None:
    """Each part of every deployment is reported."""
    findings = found(**deployed(resources=()))
    subjects = {each.subject for each in findings}
    assert subjects >= {name for names in stack_parts.PARTS.values() for name in names}
    assert doctor.has_critical(findings)


def test_a_rule_whose_signals_the_profile_calls_a_p1() -> None:
    """The profile decides the grade."""
    rules = tuple(
        copy.replace(each, severity=Severity.P1) if each.source == "firstline.report" else each
        for each in WELL.rules
    )
    graver = copy.replace(WELL, rules=rules)
    gone = lacking("rules", "the-BusReports")
    assert summaries(**gone) == [("transport", "warning", "the-BusReports")]
    assert summaries(graver, **gone) == [("transport", "critical", "the-BusReports")]


def test_an_alarm_on_firstline_where_the_emergency_topic_is_not_told() -> None:
    """Any action is then one; none is none."""
    silent = (*(each for each in ALARMS if each.name != BEAT), alarm(BEAT, actions=()))
    untold = lacking("outputs", "EmergencyTopic")
    assert ("backstop", "warning", BEAT) not in summaries(**untold)
    assert ("backstop", "warning", BEAT) in summaries(**untold, alarms=silent)


def test_a_composite_alarm_may_go_by_its_arn() -> None:
    """Its alarm goes by its name."""
    arn = f"arn:aws:cloudwatch:us-east-1:111122223333:alarm:{BACKSTOP}"
    composite = Resource(stack_parts.ALARMS[1], OWN[0] + HASH, arn)
    others = tuple(each for each in RESOURCES if each.name != BACKSTOP)
    assert summaries(**deployed(resources=(*others, composite))) == []


def test_an_account_in_which_all_is_well_has_every_part() -> None:
    """Or the cases above would find nothing amiss in what is not there."""
    assert isinstance(ACCOUNT.deployed, type(DEPLOYED))
    named = {each.logical_id.removesuffix(HASH) for each in PLACED}
    assert named >= {name for names in stack_parts.PARTS.values() for name in names}
    assert tuple(DEPLOYED.outputs[each] for each in ("EmergencyTopic", "SecurityTopic")) == (
        EMERGENCY,
        SECURITY,
    )
