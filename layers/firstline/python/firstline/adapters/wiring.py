"""Wiring: the one place that connects ports with their adapters."""

import functools
import os
from pathlib import Path

from boto3.session import Session

from firstline.adapters import profile_loader
from firstline.adapters.aws import clients
from firstline.adapters.aws.call_counter import CallCounter
from firstline.adapters.aws.fleet import AwsFleet
from firstline.adapters.aws.hosts import SsmHosts
from firstline.adapters.aws.investigation import AwsInvestigation
from firstline.adapters.aws.preflight import AwsPreflight
from firstline.adapters.aws.scaling import AsgScaling
from firstline.adapters.aws.store import DynamoStore
from firstline.adapters.aws.wakes import SqsWakes
from firstline.adapters.clock import SystemClock
from firstline.adapters.notifiers.context import Context, notifiers
from firstline.adapters.pagerduty.http_line import PATIENCE, Patience
from firstline.config.settings import Settings
from firstline.controller.ports import Ports
from firstline.controller.ports.messaging import Clock
from firstline.controller.system import System


@functools.cache
def from_environment() -> System:
    """The system of this process, made once; raises `InvalidInput` without settings."""
    settings = Settings.read(os.environ)
    session = Session(region_name=settings.home.region)
    calls().watch(session)
    return system(settings, session, SystemClock())


@functools.cache
def calls() -> CallCounter:
    """The call counter of this process."""
    return CallCounter()


def system(
    settings: Settings, session: Session, clock: Clock, patience: Patience = PATIENCE
) -> System:
    """The system over AWS by *settings*, with clients of *session*.

    *patience* bounds each request of a notifier to its vendor.
    """
    profile = profile_loader.load(Path(settings.profile_path))
    ports = Ports(
        store=DynamoStore(
            clients.store(session), settings.incidents_table, settings.ledger_table, clock
        ),
        fleet=AwsFleet(session, profile, settings.home, clock),
        hosts=SsmHosts(
            clients.sending(session), clients.answers(session), settings.documents, profile
        ),
        scaling=AsgScaling(clients.scaling(session), clients.groups(session), profile.fleet.group),
        preflight=AwsPreflight(session, profile.fleet),
        investigation=AwsInvestigation(session, profile, settings.home.region),
        notifiers=notifiers(profile.routes, Context(settings, session, clock, patience)),
        wakes=SqsWakes(clients.wakes(session), settings.wakes_queue_url),
        clock=clock,
    )
    return System(ports=ports, profile=profile, settings=settings)
