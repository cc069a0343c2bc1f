"""I27: what is personal or secret reaches no entry, page, notice or log, wherever it came in.

One line with a sample of each kind stands in every text of every event in turn, and is what every
failing call of AWS answers.
"""

import json
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from firstline.adapters import wiring
from firstline.cli.event_files import RUNBOOK
from firstline.config import fleet_file
from firstline.ids import incident_id
from firstline.lab.twin.aws import TwinAws
from firstline.lab.twin.clock import WorldClock
from firstline.lab.twin.pager.pagerduty import PagerDutyServer
from firstline.lab.twin.scenario import DEFAULT_HOSTS, Scenario
from firstline.lab.twin.wire import DEPENDENCIES, MOTO_SERVICES
from firstline.lab.twin.world import World
from firstline.signals.sources.envelope import parse
from functions import ingest, reconcile
from tests.builders import ALARM_ARN, PROFILE
from tests.controller.rig import START, ZERO, Rig
from tests.events import EVENTS
from tests.replay.test_injection import injected, texts

pytestmark = pytest.mark.slow

SAMPLES = {
    "guid": "0f3c9a1e-5b7d-4c2a-9e10-aa0000000001",
    "mail": "dana@vettid.dev",
    "password": "hunter2",
    "token": "eyJhbGciOiJFZERTQSJ9",
    "access key": "AKIAIOSFODNN7EXAMPLE",
    "account": "555566667777",
}
CANARY = (
    "user {guid} {mail} password={password} {token}.eyJzdWIiOiJ4In0.c2ln {access key}"
    " arn:aws:iam::{account}:user/dana"
).format_map(SAMPLES)
TURNS = 3
"""Ingest pages; the first turns of reconcile record what was heard, seen and decided."""
LOOKS = 6


def leaked(sinks: dict[str, str]) -> set[tuple[str, str]]:
    """Which sample is in which sink."""
    return {
        (sink, kind) for sink, text in sinks.items() for kind in SAMPLES if SAMPLES[kind] in text
    }


def heard(raw: bytes) -> dict[str, object]:
    return {"Records": [{"messageId": "m", "body": raw.decode()}]}


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """All that was logged since the last call, with every field and every exception."""
    text = "\n".join(str(vars(record)) for record in caplog.records)
    caplog.clear()
    return text


def sinks(rig: Rig, logs: str) -> dict[str, str]:
    """Everything that a run leaves, but for what only the account's own store holds."""
    return {
        "entries": "\n".join(
            entry.body for chain in rig.tables.entries.values() for entry in chain
        ),
        "pages": json.dumps([each.body for each in rig.door.pager.alerts.received]),
        "notices": json.dumps([each[1:] for each in rig.world.notices]),
        "logs": logs,
    }


FILES = {
    path.name: path.read_bytes()
    for path in sorted(EVENTS.glob("*.json"))
    if list(texts(json.loads(path.read_bytes())))
}


@pytest.mark.parametrize("name", FILES)
def test_no_text_of_an_event_tells_what_is_personal_or_secret(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Each text of the event by itself: names, ids, descriptions, parameters alike."""
    result = 0
    for place in texts(json.loads(FILES[name])):
        rig = Rig()
        ingest.handler(heard(injected(FILES[name], place, CANARY)), None, rig.system)
        for _ in range(TURNS):
            if rig.waiting:
                rig.turn()
        found = sinks(rig, logged(caplog))
        assert leaked(found) == set(), place
        assert found["logs"]
        result += bool(rig.tables.entries)
    assert result


def failing(aws: TwinAws) -> None:
    """From now on every call of AWS but those that record and deliver is refused, with a canary."""
    events: Any = aws.session.events
    for service in set(DEPENDENCIES) - MOTO_SERVICES:
        events.register_first(f"before-call.{service}", refused)


def refused(**_: object) -> tuple[AWSResponse, dict[str, Any]]:
    answer = AWSResponse("", 400, HTTPHeaders(), None)
    return answer, {"Error": {"Code": CANARY, "Message": CANARY}}


def test_no_error_of_aws_tells_what_is_personal_or_secret(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Codes and messages of failing readers become reasons in entries, pages and logs."""
    world = World(Scenario(name="canaries", hosts=DEFAULT_HOSTS[:1]), START, PROFILE.fleet.group)
    world.watch(ALARM_ARN, ZERO, "healthy")
    clock = WorldClock(world)
    pagerduty = PagerDutyServer(lambda: world.now, lambda: None)
    with TwinAws(world, clock.sleep) as aws, pagerduty:
        settings = aws.settings(fleet_file.read(RUNBOOK), "enforce", pagerduty.url)
        system = wiring.system(settings, aws.session, clock)
        failing(aws)
        ingest.handler(heard(ZERO), None, system)
        for _ in range(LOOKS):
            for each in aws.take(settings.wakes_queue_url):
                world.advance(each.due_at)
                record = {"messageId": "m", "body": each.body}
                reconcile.handler({"Records": [record]}, None, system)
        incident = incident_id(parse(ZERO, settings.home, START).key)
        entries = [each.body for each in system.ports.store.entries(incident)]
        posted = [each.body for each in pagerduty.alerts.received]
    found = {
        "entries": "\n".join(entries),
        "pages": json.dumps(posted),
        "notices": json.dumps([each[1:] for each in world.notices]),
        "logs": logged(caplog),
    }
    assert "[guid]" in found["entries"]
    assert posted
    assert leaked(found) == set()
