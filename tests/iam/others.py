"""Others: the calls that no replay makes, recorded from small runs of their own.

Of functions that no scenario runs, and of a function whose turn in a scenario is not that far: what
one process read before (the routing key) is not read again, and a race is lost too rarely.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from boto3.session import Session
from moto import mock_aws

from firstline.adapters import archive_wiring, clients, items, nats_credentials, wiring
from firstline.archiving import Added
from firstline.controller.ingest import ingest
from firstline.controller.system import System
from firstline.ids import GroupName, Token
from firstline.pauses import OFF
from firstline.ports import FixOrder
from firstline.settings import Home, Settings
from firstline.twin import aws, resources
from firstline.twin.clock import WorldClock
from firstline.twin.scenario import Scenario
from firstline.twin.world import World
from functions import archive, audit, console
from tests.adapters.account import Answering
from tests.adapters.doors import PROFILE_PATH, T0
from tests.controller.archiving_rig import Records
from tests.controller.rig import START, ZERO
from tests.core.builders import PROFILE, A
from tests.core.chains import chain, outage
from tests.functions.test_archive import batch
from tests.functions.test_console import Called
from tests.iam.calls import Call, Recorder

HOME = Home("123456789012", "us-east-1")
"""moto's own account."""
CREDENTIALS = """-----BEGIN NATS USER JWT-----
eyJ0eXAiOiJKV1QiLCJhbGciOiJlZDI1NTE5LW5rZXkifQ.eyJleHAiOjE3NzUwMDAwMDB9.c2ln
------END NATS USER JWT------
-----BEGIN USER NKEY SEED-----
SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY
------END USER NKEY SEED------
"""


def others(profile: str) -> Iterator[Call]:
    """What archive, audit, console and the NATS probe ask for."""
    recorder = Recorder(profile)
    _archive(recorder)
    _console(recorder)
    _probe(recorder)
    _sweep(recorder)
    _reconcile(recorder)
    yield from recorder.calls


def _archive(recorder: Recorder) -> None:
    """An incident that ended; a chain of which the stream brought the end alone; a removal."""
    records = Records()
    with mock_aws():
        session = recorder.listen(aws.session(HOME.region))
        resources.make(session, HOME, OFF)
        within = archive_wiring.archiving(_archiving(session), session, records.within.clock)
        ended = [Added(each) for each in chain(*outage())]
        late = records.append(2, 2)
        _put(session, [*ended, *late])
        with recorder.within("archive"):
            archive.handler(batch([*ended]), None, within)
            archive.handler(batch(late[1:]), None, within)
            archive.handler(batch(late[1:], "REMOVE"), None, within)
        with recorder.within("audit"):
            audit.handler({}, None, within)


def _archiving(session: Session) -> Settings:
    """The addresses of a bucket and a key that are there."""
    session.client("s3").create_bucket(Bucket="archive", ObjectLockEnabledForBucket=True)
    key = session.client("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")
    world = World(Scenario(name="archive"), T0, PROFILE.fleet.group)
    settings = aws.TwinAws(world, lambda _: None).settings(
        PROFILE_PATH, "observe", "https://pager.invalid/"
    )
    return copy.replace(settings, archive_bucket="archive", signing_key=key["KeyMetadata"]["KeyId"])


def _put(session: Session, changes: list[Any]) -> None:
    table = session.client("dynamodb")
    for each in changes:
        assert isinstance(each, Added)
        table.put_item(TableName=resources.LEDGER, Item=items.entry_item(each.entry))


@contextmanager
def _system(recorder: Recorder) -> Iterator[System]:
    """The deployed system over the twin, with one incident that is open; nobody is paged."""
    world = World(Scenario(name="others"), START, PROFILE.fleet.group)
    with aws.TwinAws(world, lambda _: None) as twin:
        recorder.listen(twin.session)
        settings = twin.settings(PROFILE_PATH, "observe", "http://127.0.0.1:1/")
        system = wiring.system(settings, twin.session, WorldClock(world))
        ingest(ZERO, system)
        yield wiring.system(settings, twin.session, WorldClock(world))


def _console(recorder: Recorder) -> None:
    """The overview, and one incident."""
    with _system(recorder) as system, recorder.within("console"):
        (held,) = system.ports.store.open_now(1)
        console.handler({}, Called(), system)
        console.handler({"incident": held}, Called(), system)


def _sweep(recorder: Recorder) -> None:
    """A pause that ends is told to PagerDuty, in a process that did not page before."""
    with _system(recorder) as system, recorder.within("sweep"):
        system.ports.pager.routing_key()


def _reconcile(recorder: Recorder) -> None:
    """What it looks for after a fix whose answer was lost, and after a race that it lost."""
    order = FixOrder(
        token=Token("a" * 32),
        action="scale_out",
        target=GroupName(PROFILE.fleet.group),
        not_after=START,
        parameters={"DesiredCapacity": "4"},
    )
    with _system(recorder) as system, recorder.within("reconcile"):
        ports = system.ports
        replacing = copy.replace(order, action="replace_instance", target=A, parameters={})
        ports.hosts.find(order.token, START)
        ports.scaling.fix(order)
        ports.scaling.find(replacing, START)
        ports.store.openings(PROFILE.fleet.name)


def _probe(recorder: Recorder) -> None:
    """Its credentials are all that it asks of AWS."""
    answering = Answering({"ssm.GetParameter": {"Parameter": {"Value": CREDENTIALS}}})
    probe = PROFILE.probe.nats
    assert probe is not None
    with recorder.within("probe_nats"):
        client = clients.answers(recorder.listen(answering.session))
        nats_credentials.fetch(client, probe.credentials_parameter or "")
