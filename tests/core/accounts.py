"""An account in which the runbook's profile fits and firstline is well, as values."""

import copy
from datetime import datetime, timedelta
from typing import Any

from firstline import detection
from firstline.checkup import watched
from firstline.checkup.facts import (
    Account,
    Agent,
    Alarm,
    Api,
    Deployed,
    LogGroup,
    Metric,
    Resource,
    ScalingGroup,
    Subscriptions,
    TargetGroup,
)
from firstline.checkup.finding import Finding
from firstline.doctor import examine
from firstline.profile import Profile
from tests.core.builders import FLEET, NOW, PROFILE

FLEET_FACTS = PROFILE.fleet
AGENT = "3.3.2746.0"
WEEK_AGO = NOW - timedelta(days=7)
MADE = detection.made(PROFILE)
STACK = watched.stack_name(PROFILE)
RESOURCES = tuple(
    Resource(
        "AWS::CloudWatch::Alarm",
        "Detection" + each.name.replace("-", "") + "0A1B2C3D",
        f"{STACK}-{each.name}",
    )
    for each in MADE
)
DEPLOYED = Deployed(
    status="UPDATE_COMPLETE",
    outputs={
        "Mode": "enforce",
        "ProfileDigest": PROFILE.digest,
        "RoutingKeySecret": "arn:secret",
        "EmergencyTopic": "arn:emergency",
        "TeamTopic": "arn:team",
    },
    resources=RESOURCES,
    routing_key="set",
    topics={"EmergencyTopic": Subscriptions(1, 0), "TeamTopic": Subscriptions(1, 0)},
    dead_letters={"QueuesSignalsDead0A1B": 0, "QueuesWakesDead0A1B": 0},
    rules={"one": True},
    sources={"ingest": True},
    errors={"ingest": 0},
    heartbeat=NOW - timedelta(minutes=2),
)


def alarm(name: str, *metrics: Metric, **changes: Any) -> Alarm:  # noqa: ANN401 - as `Alarm`
    """An alarm that was OK for a week, with an action."""
    found = Alarm(name=name, state="OK", since=WEEK_AGO, actions=("arn:topic",), metrics=metrics)
    return copy.replace(found, **changes)


def measured(profile: Profile, at: datetime | None = NOW) -> dict[Metric, datetime | None]:
    """What each alarm of the profile watches had a value at *at*."""
    return {metric: at for each in watched.made(profile) for metric in each.metrics}


AGENTS = tuple(Agent(each, "Online", AGENT) for each in FLEET)
REST = (Api("r1", FLEET_FACTS.rest_api, "REST"),)
ALARMS = (
    *(alarm(f"{STACK}-{each.name}") for each in MADE),
    *(alarm(each.name) for each in PROFILE.alarms.external),
)
ACCOUNT = Account(
    now=NOW,
    groups=(ScalingGroup(name=FLEET_FACTS.group, desired=3, in_service=FLEET),),
    tagged=FLEET,
    agents=AGENTS,
    target_groups=(TargetGroup(FLEET_FACTS.target_group, (FLEET_FACTS.load_balancer,)),),
    targets=FLEET,
    balancers=(FLEET_FACTS.load_balancer,),
    http_apis=(),
    rest_apis=REST,
    key=None,
    log_group=LogGroup(FLEET_FACTS.parent_log_group, NOW),
    stack=None,
    parameters=None,
    launch_template=None,
    deployment_group=None,
    alarms=ALARMS,
    measured=measured(PROFILE),
    deployed=DEPLOYED,
    looked={},
)
WELL = copy.replace(PROFILE, fleet=copy.replace(PROFILE.fleet, concurrent_instances_safe=True))
"""The runbook's profile for a fleet of three hosts that may serve at once."""


def found(profile: Profile = WELL, /, **changes: Any) -> tuple[Finding, ...]:  # noqa: ANN401 - as `Account`
    """What the checks find where the account differs by *changes*; not what is left out."""
    return tuple(
        each
        for each in examine(profile, copy.replace(ACCOUNT, **changes))
        if each.check not in ("alarm-left-out", "alarm-memory")
    )


def told(profile: Profile = WELL, /, **changes: Any) -> list[tuple[str, str, str]]:  # noqa: ANN401
    """Check, severity and subject of each."""
    return [(each.check, each.severity, each.subject) for each in found(profile, **changes)]
