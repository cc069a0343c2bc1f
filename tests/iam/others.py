"""Others: the calls that no replay makes, recorded while the handlers run in small worlds.

Of functions that no scenario runs, and of reconcile where it meets a race that no scenario loses.
What a handler finds is put there first; each call is the handler's own.
"""

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from boto3.session import Session
from moto import mock_aws

from firstline.adapters import archive_wiring, wiring
from firstline.adapters.aws import dynamo_items as items
from firstline.config import fleet_file as profiles
from firstline.config.settings import Home, Settings
from firstline.controller.ports.store import Change, InboxSignal
from firstline.controller.system import System
from firstline.diagnosis.evidence import AlarmState
from firstline.ids import IncidentId, incident_id
from firstline.incidents.incident import Status
from firstline.lab.twin import aws, resources
from firstline.lab.twin.clock import WorldClock
from firstline.lab.twin.pager.pagerduty import PagerDutyServer
from firstline.lab.twin.scenario import DEFAULT_HOSTS, Scenario
from firstline.lab.twin.world import World, state_change_event
from firstline.ledger.archive import EntryAdded
from firstline.remediation.kill_switch import OFF
from firstline.signals.classify import with_profile_name
from firstline.signals.sources.envelope import parse
from functions import archive, audit, console, ingest, probe_nats, reconcile
from tests.adapters.account import Answering
from tests.builders import ALARM_ARN, PROFILE, PROFILE_FILE
from tests.controller.archive_rig import Records
from tests.controller.rig import START, ZERO
from tests.events import body
from tests.functions.test_archive import batch
from tests.functions.test_console import Called
from tests.functions.test_run_metrics import records
from tests.iam import names
from tests.iam.calls import Call, Recorder
from tests.reporting.chains import chain, outage

MOTO = Home("123456789012", "us-east-1")
"""moto's own account."""
CREDENTIALS = """-----BEGIN NATS USER JWT-----
eyJ0eXAiOiJKV1QiLCJhbGciOiJlZDI1NTE5LW5rZXkifQ.eyJleHAiOjE3NzUwMDAwMDB9.c2ln
------END NATS USER JWT------
-----BEGIN USER NKEY SEED-----
SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY
------END USER NKEY SEED------
"""


def others() -> set[Call]:
    """What archive, audit, console, the NATS probe and a late reconcile ask for."""
    recorder = Recorder()
    _archive(recorder)
    _console(recorder)
    _reconcile(recorder)
    _probe(recorder)
    return recorder.calls


def _archive(recorder: Recorder) -> None:
    """An incident that ended; a chain of which the stream brought the end alone; a removal."""
    written = Records()
    with mock_aws(), TemporaryDirectory() as folder:
        session = aws.session(MOTO.region)
        resources.make(session, MOTO, OFF)
        world = World(Scenario(name="archive"), START, PROFILE.fleet.group)
        settings = _archiving(session, world, Path(folder, "profile.toml"))
        recorder.listen(session, names.of_twin(settings, profiles.read(PROFILE_FILE), world))
        within = archive_wiring.archive_context(settings, session, written.within.clock)
        ended = [EntryAdded(each) for each in chain(*outage())]
        late = written.append(2, 2)
        _put(session, [*ended, *late])
        archive.handler(batch([*ended]), None, within)
        archive.handler(batch(late[1:]), None, within)
        archive.handler(batch(late[1:], "REMOVE"), None, within)
        audit.handler({}, None, within)


def _archiving(session: Session, world: World, path: Path) -> Settings:
    """The addresses of a bucket and a key that are there; the whole profile goes to *path*."""
    session.client("s3").create_bucket(Bucket="archive", ObjectLockEnabledForBucket=True)
    key = session.client("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")
    path.write_bytes(profiles.read(PROFILE_FILE))
    settings = aws.TwinAws(world, lambda _: None).settings(path.read_bytes(), "dry-run", "")
    return copy.replace(settings, profile_path=str(path), signing_key=key["KeyMetadata"]["Arn"])


def _put(session: Session, changes: list[Any]) -> None:
    table = session.client("dynamodb")
    for each in changes:
        assert isinstance(each, EntryAdded)
        table.put_item(TableName=resources.LEDGER, Item=items.entry_item(each.entry))


@contextmanager
def _system(recorder: Recorder) -> Iterator[tuple[System, aws.TwinAws]]:
    """The deployed system over a twin with one incident that is open."""
    scenario = Scenario(name="others", hosts=DEFAULT_HOSTS[:1])
    world = World(scenario, START, PROFILE.fleet.group)
    world.watch(ALARM_ARN, ZERO, "healthy")
    clock, pager = WorldClock(world), PagerDutyServer(lambda: world.now, lambda: None)
    with aws.TwinAws(world, clock.sleep) as twin, pager:
        settings = twin.settings(profiles.read(PROFILE_FILE), "enforce", pager.url)
        recorder.listen(twin.session, names.of_twin(settings, profiles.read(PROFILE_FILE), world))
        system = wiring.system(settings, twin.session, clock)
        ingest.handler(records(ZERO.decode()), None, system)
        yield system, twin


def _console(recorder: Recorder) -> None:
    """The overview, with an escalated incident too, and one incident."""
    with _system(recorder) as (system, _):
        console.handler({}, Called(), system)
        loaded = system.ports.store.load(_incident(system))
        assert loaded is not None
        escalated = copy.replace(loaded.incident, status=Status.ESCALATED, ended_at=START)
        system.ports.store.commit(Change(incident=escalated))
        console.handler({}, Called(), system)
        console.handler({"incident": _incident(system)}, Called(), system)


def _incident(system: System) -> IncidentId:
    return incident_id(parse(ZERO, system.settings.home, START).key)


def _reconcile(recorder: Recorder) -> None:
    """A P2 that was on its way into the inbox while the incident ended opens another."""
    with _system(recorder) as (system, twin):
        store, id_ = system.ports.store, _incident(system)
        _to_the_end(system, twin)
        raw = state_change_event(
            body("unhealthy-hosts"), AlarmState.ALARM, START + timedelta(hours=3)
        )
        signal = with_profile_name(parse(raw, system.settings.home, twin.world.now), PROFILE, {})
        store.commit(Change(inbox_signal=InboxSignal(id_, signal), processed=signal.key))
        reconcile.handler(records(json.dumps({"incident": id_})), None, system)
        (opened,) = store.open_now(2)
        assert opened != id_


def _to_the_end(system: System, twin: aws.TwinAws) -> None:
    """Deliver each wake when it is due, until there is none."""
    while taken := twin.take(system.settings.wakes_queue_url):
        for each in sorted(taken, key=lambda it: it.due_at):
            twin.world.advance(each.due_at)
            reconcile.handler(records(each.body), None, system)
    assert system.ports.store.open_now(1) == ()


def _probe(recorder: Recorder) -> None:
    """Its credentials are all that it asks of AWS, with each profile that names some."""
    for path in sorted(names.SHIPPED.glob("*.toml")):
        profile = profiles.load(path)
        settings = profile.probe.settings(profile.fleet.name)
        if settings.nats is None:
            continue
        answering = Answering({"ssm.GetParameter": {"Parameter": {"Value": CREDENTIALS}}})
        known = names.Names(path.stem, dict(names.of_profile(profile)), lambda _: False)
        session = recorder.listen(answering.session, known)
        nobody = copy.replace(settings.nats, host="127.0.0.1", port=1, limit_seconds=1.0)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(probe_nats, "Session", lambda made=session: made)
            probe_nats.handler({}, None, copy.replace(settings, nats=nobody))
