"""An account in which the runbook's profile fits and firstline is well, as values."""

import copy
from datetime import datetime, timedelta
from typing import Any

from firstline.config.profile import Profile
from firstline.doctor import alarm_inventory, nats_probe, stack_parts
from firstline.doctor.facts import (
    Account,
    Agent,
    Alarm,
    Api,
    EventSourceMapping,
    LogGroup,
    Metric,
    ProbeStatus,
    Resource,
    ScalingGroup,
    StackState,
    Subscriptions,
    TargetGroup,
)
from firstline.doctor.result import DoctorResult
from firstline.doctor.run import examine
from firstline.monitoring import alarms as detection
from tests.builders import FLEET, NOW, PROFILE, report

FLEET_FACTS = PROFILE.fleet
AGENT = "3.3.2746.0"
WEEK_AGO = NOW - timedelta(days=7)
MADE = detection.deployable_alarms(PROFILE)
STACK = alarm_inventory.stack_name(PROFILE)
HASH = "0A1B2C3D"
"""The CDK's suffix of a logical id."""
QUEUES = "https://sqs.us-east-1.amazonaws.com/111122223333/"
EMERGENCY, SECURITY, TEAM = (
    f"arn:aws:sns:us-east-1:111122223333:{each}" for each in ("emergency", "security", "team")
)
OWN = ("Backstophealthyhosts", "OversightHeartbeatMissing")
"""Of the alarms on firstline itself, and behind the profile's."""
PLACED = (
    *(
        Resource(
            kind, each + HASH, f"{QUEUES}{each}" if kind == stack_parts.QUEUE else f"the-{each}"
        )
        for kind, names in stack_parts.PARTS.items()
        for each in names
    ),
    *(Resource("AWS::CloudWatch::Alarm", each + HASH, f"{STACK}-{each}") for each in OWN),
    Resource("AWS::SNS::Topic", "BusSecurity" + HASH, SECURITY),
)
"""The stack's resources besides the profile's alarms."""
RESOURCES = (
    *(
        Resource(
            "AWS::CloudWatch::Alarm",
            "Detection" + each.name.replace("-", "") + HASH,
            f"{STACK}-{each.name}",
        )
        for each in MADE
    ),
    *PLACED,
)
CONTEXT = (
    '{"mode":"enforce","emergency_email":"on-call@vettid.example",'
    '"security_email":"security@vettid.example","team_email":"team@vettid.example",'
    '"archive_lock_days":"400"}'
)
"""The keys of its deployment, as the app stack tells them."""
DEPLOYED = StackState(
    status="UPDATE_COMPLETE",
    outputs={
        "Mode": "enforce",
        "Context": CONTEXT,
        "ProfileDigest": PROFILE.digest,
        "RoutingKeySecret": "arn:secret",
        "EmergencyTopic": EMERGENCY,
        "SecurityTopic": SECURITY,
        "TeamTopic": TEAM,
    },
    resources=RESOURCES,
    routing_key="set",
    topics=dict.fromkeys(("EmergencyTopic", "SecurityTopic", "TeamTopic"), Subscriptions(1, 0)),
    queues={f"{QUEUES}{each}": 0 for each in stack_parts.PARTS[stack_parts.QUEUE]},
    rules={f"the-{each}": True for each in stack_parts.RULES},
    targets={
        f"the-{name}": (f"arn:aws:sqs:us-east-1:111122223333:{heard.into}",)
        if heard.into == stack_parts.SIGNALS
        else (SECURITY,)
        for name, heard in stack_parts.RULES.items()
    },
    sources={
        f"the-{name}": EventSourceMapping("Enabled", f"the-{function}")
        for name, function in stack_parts.SOURCES.items()
    },
    functions={f"the-{each}": "Active" for each in stack_parts.PARTS[stack_parts.FUNCTION]},
    errors={"ingest": 0},
    heartbeat=NOW - timedelta(minutes=2),
    simulations={},
    drift={},
)


def alarm(name: str, *metrics: Metric, **changes: Any) -> Alarm:  # noqa: ANN401 - as `Alarm`
    """An alarm that was OK for a week, with an action."""
    found = Alarm(name=name, state="OK", since=WEEK_AGO, actions=("arn:topic",), metrics=metrics)
    return copy.replace(found, **changes)


def measured(profile: Profile, at: datetime | None = NOW) -> dict[Metric, datetime | None]:
    """Return the last value of each metric that the profile's alarms watch."""
    return {metric: at for each in alarm_inventory.fleet_alarms(profile) for metric in each.metrics}


AGENTS = tuple(Agent(each, "Online", AGENT) for each in FLEET)
REST = (Api("r1", FLEET_FACTS.rest_apis[0], "REST"),)
ALARMS = (
    *(alarm(f"{STACK}-{each.name}") for each in MADE),
    *(alarm(each.name) for each in PROFILE.alarms.external),
    *(alarm(f"{STACK}-{each}", actions=(EMERGENCY,)) for each in OWN),
)
assert PROFILE.probe.nats is not None
NETWORK = PROFILE.probe.nats.network
ACCOUNT = Account(
    now=NOW,
    groups=(ScalingGroup(name=FLEET_FACTS.group, desired=3, in_service=FLEET),),
    tagged_hosts=FLEET,
    agents=AGENTS,
    target_groups=(TargetGroup(FLEET_FACTS.target_group, (FLEET_FACTS.load_balancer,)),),
    targets=FLEET,
    balancers=(FLEET_FACTS.load_balancer,),
    http_apis=(),
    rest_apis=REST,
    key=None,
    log_group=LogGroup(FLEET_FACTS.parent_log_group, NOW),
    stack=None,
    parameters=tuple(name for _, name in nats_probe.parameters(PROFILE)),
    launch_template=None,
    deployment_group=None,
    subnets=dict.fromkeys(NETWORK.subnets, NETWORK.vpc),
    security_groups=dict.fromkeys(NETWORK.security_groups, NETWORK.vpc),
    probe_status=ProbeStatus(NOW - timedelta(minutes=2), NOW + timedelta(days=20)),
    subscriptions={},
    alarms=ALARMS,
    last_values=measured(PROFILE),
    deployed=DEPLOYED,
    past_host_reports={},
    host_reports={each: report() for each in FLEET},
)
WELL = copy.replace(PROFILE, fleet=copy.replace(PROFILE.fleet, concurrent_instances_safe=True))
"""The runbook's profile for a fleet of three hosts that may serve at once."""


def found(profile: Profile = WELL, /, **changes: Any) -> tuple[DoctorResult, ...]:  # noqa: ANN401 - as `Account`
    """Return the results for the account with *changes*, without omission notes."""
    return tuple(
        each
        for each in examine(profile, copy.replace(ACCOUNT, **changes))
        if each.check not in ("alarm-left-out", "alarm-memory")
    )


def summaries(profile: Profile = WELL, /, **changes: Any) -> list[tuple[str, str, str]]:  # noqa: ANN401
    """Return check, severity and subject of each result."""
    return [(each.check, each.severity, each.subject) for each in found(profile, **changes)]
