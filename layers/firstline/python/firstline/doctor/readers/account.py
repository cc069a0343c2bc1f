"""Reads all facts of an account for the checks, one request after another."""

import copy

from boto3.session import Session

from firstline.adapters.aws.errors import describe, unavailable
from firstline.config.profile import Profile
from firstline.config.settings import Home
from firstline.controller.ports.messaging import Clock
from firstline.doctor import alarm_inventory, fleet_names
from firstline.doctor import alarms as checks
from firstline.doctor import nats_probe as probed
from firstline.doctor.facts import (
    Account,
    Alarm,
    Fact,
    Missing,
    ReadFailure,
    Subscriptions,
    or_empty,
)
from firstline.doctor.readers.alarms import AlarmsReader
from firstline.doctor.readers.deployment import DeploymentReader
from firstline.doctor.readers.fleet import FleetReader
from firstline.doctor.readers.fleet_resources import FleetResourcesReader
from firstline.doctor.readers.look import inspect_hosts
from firstline.doctor.readers.nats_probe import NatsProbeReader
from firstline.doctor.readers.records import (
    read_past_reports,
    read_records_stack,
    read_unreadable_incidents,
)
from firstline.doctor.readers.requests import client
from firstline.doctor.readers.stack_resources import StackResourcesReader
from firstline.doctor.readers.templates import TemplateReader
from firstline.doctor.result import DoctorContext

HISTORIES_MAX = 50
"""The limit of histories read; CloudWatch throttles them after a few in a second."""


def caller_home(session: Session) -> Home:
    """Return the caller's account and the session's Region.

    Raises `DependencyUnavailable`.
    """
    with unavailable("AWS did not return your identity", describe):
        account = str(client(session, "sts").get_caller_identity()["Account"])
    return Home(account, str(session.region_name))


def read_account(
    session: Session, profile: Profile, clock: Clock, *, inspect: bool = False
) -> Account:
    """Return all facts; a failed read is a `ReadFailure`. With *inspect* the hosts are inspected.

    Raises `DependencyUnavailable` without an identity.
    """
    home = caller_home(session)
    fleet = FleetReader(session, profile.fleet, home)
    named = FleetResourcesReader(session, profile.fleet)
    nats = NatsProbeReader(session, profile)
    alarms = AlarmsReader(session)
    records_stack = read_records_stack(session, profile.fleet.name)
    stack = alarm_inventory.stack_name(profile)
    exports = records_stack if isinstance(records_stack, ReadFailure) else records_stack.exports
    templates = TemplateReader(session, stack, home, exports)
    stacks = DeploymentReader(session, stack, profile.fleet.name)
    deployed = stacks.stack_state(alarms, templates, clock.now())
    groups = fleet.groups()
    hosts = next((it.in_service for it in or_empty(groups) if it.name == profile.fleet.group), ())
    account = Account(
        now=clock.now(),
        groups=groups,
        tagged_hosts=fleet.tagged(),
        agents=fleet.agents(hosts),
        target_groups=fleet.target_groups(),
        targets=fleet.targets(),
        balancers=fleet.balancers(),
        http_apis=fleet.http_apis(),
        rest_apis=fleet.rest_apis(),
        key=named.key(),
        log_group=named.log_group(),
        stack=named.stack(),
        parameters=named.parameters(_parameters(profile)),
        launch_template=named.launch_template(),
        deployment_group=named.deployment_group(),
        subnets=nats.subnets(),
        security_groups=nats.security_groups(),
        probe_status=nats.status(alarms, clock.now()) if deployed else None,
        subscriptions={},
        alarms=alarms.all(),
        last_values={},
        deployed=deployed,
        past_host_reports=read_past_reports(session, records_stack, clock),
        unreadable_incidents=read_unreadable_incidents(session, records_stack, clock),
        host_reports=inspect_hosts(session, profile, deployed, hosts, clock) if inspect else None,
    )
    account = copy.replace(account, subscriptions=_subscriptions(session, profile, account))
    return _with_metrics(account, profile, alarms)


def _parameters(profile: Profile) -> tuple[str, ...]:
    """Return the names of all SSM parameters in the profile."""
    return tuple(
        name for _, name in (*fleet_names.parameters(profile), *probed.parameters(profile))
    )


def _subscriptions(
    session: Session, profile: Profile, account: Account
) -> dict[str, Fact[Subscriptions | Missing]]:
    """Return the subscriptions of foreign alarms' topics; another account may refuse the read."""
    stacks = StackResourcesReader(session)
    return {
        topic: _of_topic(topic, stacks.subscriptions(topic))
        for topic in dict.fromkeys(checks.topics(profile, account))
    }


def _of_topic(topic: str, readers: Fact[Subscriptions | Missing]) -> Fact[Subscriptions | Missing]:
    """Add the topic to a refused read: no P1 of firstline depends on it."""
    if isinstance(readers, ReadFailure):
        return copy.replace(readers, action=f"{readers.action} of {topic}")
    return readers


def _with_metrics(account: Account, profile: Profile, reader: AlarmsReader) -> Account:
    """Return *account* with its alarms' last datapoints and the histories of old alarms."""
    watching = (
        *alarm_inventory.fleet_alarms(profile),
        *alarm_inventory.account_alarms(profile, account),
    )
    metrics = [metric for each in watching for metric in each.metrics]
    return copy.replace(
        account,
        last_values=reader.last_values(metrics, account.now),
        alarms=_with_histories(account, DoctorContext(profile, account), reader),
    )


def _with_histories(
    account: Account, case: DoctorContext, reader: AlarmsReader
) -> Fact[tuple[Alarm, ...]]:
    if isinstance(account.alarms, ReadFailure):
        return account.alarms
    old = [each.name for each in account.alarms if checks.is_old(each, case)][:HISTORIES_MAX]
    return tuple(
        reader.with_history(each, account.now) if each.name in old else each
        for each in account.alarms
    )
