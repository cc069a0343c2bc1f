"""Gather: every fact of the account that the checks ask for, read one after the other."""

import copy

from boto3.session import Session

from firstline.adapters.aws.errors import describe, unavailable
from firstline.config.profile import Profile
from firstline.config.settings import Home
from firstline.controller.ports.messaging import Clock
from firstline.doctor import alarms as checks
from firstline.doctor import names, watched
from firstline.doctor import probing as probed
from firstline.doctor.facts import Account, Alarm, Gone, Read, Subscriptions, Unread, known
from firstline.doctor.finding import Case
from firstline.doctor.readers.alarms import AlarmsReader
from firstline.doctor.readers.deployment import DeploymentReader
from firstline.doctor.readers.fleet import FleetReader
from firstline.doctor.readers.look import look
from firstline.doctor.readers.probing import ProbingReader
from firstline.doctor.readers.reading import client
from firstline.doctor.readers.records import looks, records, unread_incidents
from firstline.doctor.readers.standing import StandingReader
from firstline.doctor.readers.surroundings import SurroundingsReader
from firstline.doctor.readers.templates import TemplateReader

HISTORIES_MAX = 50
"""CloudWatch gives the histories of a few alarms in a second."""


def home(session: Session) -> Home:
    """The account of the caller and the session's Region; raises `DependencyUnavailable`."""
    with unavailable("AWS does not say who you are", describe):
        account = str(client(session, "sts").get_caller_identity()["Account"])
    return Home(account, str(session.region_name))


def gather(session: Session, profile: Profile, clock: Clock, *, asks: bool = False) -> Account:
    """Everything; what could not be read is `Unread`.

    Raises `DependencyUnavailable` without an identity.

    Where it *asks*, the hosts are looked at.
    """
    at = home(session)
    fleet = FleetReader(session, profile.fleet, at)
    around = SurroundingsReader(session, profile.fleet)
    probing = ProbingReader(session, profile)
    alarms = AlarmsReader(session)
    kept = records(session, profile.fleet.name)
    stack = watched.stack_name(profile)
    exports = kept if isinstance(kept, Unread) else kept.exports
    templates = TemplateReader(session, stack, at, exports)
    standing = DeploymentReader(session, stack, profile.fleet.name)
    deployed = standing.deployed(alarms, templates, clock.now())
    groups = fleet.groups()
    hosts = next((it.in_service for it in known(groups) if it.name == profile.fleet.group), ())
    account = Account(
        now=clock.now(),
        groups=groups,
        tagged=fleet.tagged(),
        agents=fleet.agents(hosts),
        target_groups=fleet.target_groups(),
        targets=fleet.targets(),
        balancers=fleet.balancers(),
        http_apis=fleet.http_apis(),
        rest_apis=fleet.rest_apis(),
        key=around.key(),
        log_group=around.log_group(),
        stack=around.stack(),
        parameters=around.parameters(_parameters(profile)),
        launch_template=around.launch_template(),
        deployment_group=around.deployment_group(),
        subnets=probing.subnets(),
        security_groups=probing.security_groups(),
        probed=probing.probed(alarms, clock.now()) if deployed else None,
        readers={},
        alarms=alarms.all(),
        measured={},
        deployed=deployed,
        remembered=looks(session, kept, clock),
        unreadable=unread_incidents(session, kept, clock),
        looked=look(session, profile, deployed, hosts, clock) if asks else None,
    )
    account = copy.replace(account, readers=_readers(session, profile, account))
    return _with_metrics(account, profile, alarms)


def _parameters(profile: Profile) -> tuple[str, ...]:
    """The names of all SSM parameters that the profile has."""
    return tuple(name for _, name in (*names.parameters(profile), *probed.parameters(profile)))


def _readers(
    session: Session, profile: Profile, account: Account
) -> dict[str, Read[Subscriptions | Gone]]:
    """Who reads the topics of others' alarms; one of another account may refuse to say."""
    standing = StandingReader(session)
    return {
        topic: _of_topic(topic, standing.readers(topic))
        for topic in dict.fromkeys(checks.topics(profile, account))
    }


def _of_topic(topic: str, readers: Read[Subscriptions | Gone]) -> Read[Subscriptions | Gone]:
    """No P1 of firstline's rests on it, so that a refusal names the topic as well."""
    if isinstance(readers, Unread):
        return copy.replace(readers, action=f"{readers.action} of {topic}")
    return readers


def _with_metrics(account: Account, profile: Profile, reader: AlarmsReader) -> Account:
    """And what the alarms' metrics had, and the histories of those that are stuck."""
    watching = (*watched.made(profile), *watched.others(profile, account))
    metrics = [metric for each in watching for metric in each.metrics]
    return copy.replace(
        account,
        measured=reader.measured(metrics, account.now),
        alarms=_with_histories(account, Case(profile, account), reader),
    )


def _with_histories(account: Account, case: Case, reader: AlarmsReader) -> Read[tuple[Alarm, ...]]:
    if isinstance(account.alarms, Unread):
        return account.alarms
    old = [each.name for each in account.alarms if checks.is_old(each, case)][:HISTORIES_MAX]
    return tuple(
        reader.with_history(each, account.now) if each.name in old else each
        for each in account.alarms
    )
