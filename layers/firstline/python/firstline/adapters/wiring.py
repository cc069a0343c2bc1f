"""Wiring: the one place where ports meet their adapters."""

import functools
import os
from pathlib import Path

from aws_lambda_powertools import Logger
from boto3.session import Session

from firstline import profile as profiles
from firstline import settings as addresses
from firstline.adapters import clients
from firstline.adapters.around import AroundClients, AwsAround
from firstline.adapters.background import AwsBackground, BackgroundClients
from firstline.adapters.bucket import S3Archive
from firstline.adapters.calls import Calls
from firstline.adapters.clock import SystemClock
from firstline.adapters.fleet import AwsFleet, FleetClients
from firstline.adapters.hosts import SsmHosts
from firstline.adapters.ledger import DynamoLedger
from firstline.adapters.pagerduty import PagerDutyPager
from firstline.adapters.scaling import AsgScaling
from firstline.adapters.signing import KmsSigner
from firstline.adapters.store import DynamoStore
from firstline.adapters.team import SnsTeam
from firstline.adapters.wakes import SqsWakes
from firstline.controller.archive import Archiving
from firstline.controller.system import System
from firstline.fallback import fallback
from firstline.ports import Clock, Ports
from firstline.profile import Profile
from firstline.settings import Settings


@functools.cache
def from_environment() -> System:
    """The system of this process, made once; raises `Malformed` when it has no settings."""
    settings = addresses.read(os.environ)
    session = Session(region_name=settings.home.region)
    calls().watch(session)
    return system(settings, session, SystemClock())


@functools.cache
def calls() -> Calls:
    """The counter of this process's calls."""
    return Calls()


def system(settings: Settings, session: Session, clock: Clock) -> System:
    """The system over AWS that *settings* describe, with clients of *session*."""
    profile = _profile(Path(settings.profile_path))
    ports = Ports(
        store=DynamoStore(
            clients.store(session), settings.incidents_table, settings.ledger_table, clock
        ),
        fleet=AwsFleet(
            FleetClients(
                clients.groups(session), clients.targets(session), clients.alarms(session)
            ),
            profile,
            settings.home,
            clock,
        ),
        hosts=SsmHosts(
            clients.sending(session), clients.answers(session), settings.documents, profile
        ),
        scaling=AsgScaling(clients.scaling(session), clients.groups(session), profile.fleet.group),
        around=AwsAround(
            AroundClients(
                clients.keys(session),
                clients.stacks(session),
                clients.parameters(session),
                clients.network(session),
            ),
            profile.fleet,
        ),
        background=AwsBackground(
            BackgroundClients(
                clients.metrics(session),
                clients.network(session),
                clients.releases(session),
                clients.health(session),
            ),
            profile,
            settings.home.region,
        ),
        pager=PagerDutyPager(
            settings.pager_url, settings.routing_key_secret, clients.secrets(session), clock
        ),
        team=SnsTeam(clients.team(session), settings.team_topic),
        wakes=SqsWakes(clients.wakes(session), settings.wakes_queue_url),
        clock=clock,
    )
    return System(ports=ports, profile=profile, settings=settings)


@functools.cache
def archiving_from_environment() -> Archiving:
    """What archiving needs, made once; raises `Malformed` when the process has no settings."""
    settings = addresses.read(os.environ)
    return archiving(settings, Session(region_name=settings.home.region), SystemClock())


def archiving(settings: Settings, session: Session, clock: Clock) -> Archiving:
    """Archiving over AWS; the policy is the text of the profile that was deployed."""
    path = Path(settings.profile_path)
    return Archiving(
        archive=S3Archive(clients.archive(session), settings.archive_bucket),
        signer=KmsSigner(clients.signing(session), settings.signing_key),
        ledger=DynamoLedger(clients.ledger(session), settings.ledger_table),
        clock=clock,
        policy=path.read_bytes(),
        fleet=_profile(path).fleet.name,
    )


def _profile(path: Path) -> Profile:
    """The profile; one that cannot be loaded must not keep an alarm from paging."""
    try:
        return profiles.load(path)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, alarms page
        Logger(service="firstline").error("the profile cannot be loaded: %s", error)
        return fallback(str(error))
