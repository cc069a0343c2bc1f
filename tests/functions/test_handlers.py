"""The Lambda entry points: decode, call one function, encode."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from firstline.controller.system import System
from firstline.incidents.incident import Status
from firstline.lab.twin.memory import MemoryBackend
from firstline.lab.twin.scenario import FaultPlan, Scenario
from firstline.lab.twin.world import World
from functions import ingest, reconcile, sweep
from tests.builders import ALARM_ARN, PROFILE, SETTINGS

OUTAGE = Path(__file__).parents[2] / "events" / "cloudwatch.healthy-hosts-zero.json"
START = datetime(2026, 3, 11, 4, 18, 43, tzinfo=UTC)


def door_of(*faults: FaultPlan) -> MemoryBackend:
    world = World(Scenario(name="test", faults=faults), START, PROFILE.fleet.group)
    world.watch(ALARM_ARN, OUTAGE.read_bytes(), "healthy")
    return MemoryBackend(world)


def _records(*bodies: str) -> dict[str, Any]:
    """Lambda's event for messages of SQS."""
    records = [
        {"messageId": f"m{n}", "body": body, "eventSource": "aws:sqs", "attributes": {}}
        for n, body in enumerate(bodies)
    ]
    return {"Records": records}


def system_of(door: MemoryBackend) -> System:
    return System(door.ports, PROFILE, SETTINGS)


def test_ingest_takes_in_an_event_and_reports_no_failure() -> None:
    """The alarm opens an incident, pages, and queues a wake that reconcile understands."""
    door = door_of()
    assert ingest.handler(_records(OUTAGE.read_text()), None, system_of(door)) == {
        "batchItemFailures": []
    }
    assert [each.action for each in door.pager.alerts.received] == ["trigger"]
    ((_, wake),) = door.wakes.waiting
    body = json.dumps({"incident": wake.incident, "generation": wake.generation})
    assert reconcile.handler(_records(body), None, system_of(door)) == {"batchItemFailures": []}
    loaded = door.ports.store.load(wake.incident)
    assert loaded is not None
    assert loaded.incident.status is Status.INVESTIGATING
    assert loaded.incident.look is not None


def test_a_record_that_could_not_be_kept_is_delivered_again_and_paged_all_the_same(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With the store down the message is reported as failed, by its id, and nothing raises."""
    door = door_of(FaultPlan(dependency="store", until_seconds=60))
    answer = ingest.handler(_records(OUTAGE.read_text()), None, system_of(door))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert len(door.pager.alerts.received) == 1
    assert "to be delivered again" in caplog.text


def test_a_wake_that_cannot_be_read_is_logged_and_left_to_the_dead_letters(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One bad message fails alone; the other one is processed."""
    answer = reconcile.handler(
        _records("{", '{"incident": "inc-unknown"}'), None, system_of(door_of())
    )
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert "a record failed" in caplog.text


def test_a_sweep_emits_its_heartbeat_and_the_age_of_pages(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The metrics that the alarms of ``infra/oversight.py`` read, under their one dimension."""
    door = door_of(FaultPlan(dependency="pagerduty", until_seconds=600))
    ingest.handler(_records(OUTAGE.read_text()), None, system_of(door))
    capsys.readouterr()
    door.ports.clock.sleep(timedelta(seconds=120))
    sweep.handler({}, None, system_of(door))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    metrics = next(line for line in lines if "_aws" in line)
    assert (metrics["Heartbeat"], metrics["service"]) == ([1.0], "vettid")
    assert metrics["PagesPendingSeconds"] == [pytest.approx(120, abs=10)]
    (emf,) = metrics["_aws"]["CloudWatchMetrics"]
    assert (emf["Namespace"], emf["Dimensions"]) == ("firstline", [["service"]])


def test_a_sweep_that_cannot_read_what_is_due_does_not_beat() -> None:
    """The missing heartbeat notifies the emergency topic."""
    door = door_of(FaultPlan(dependency="store", until_seconds=60))
    with pytest.raises(Exception, match="due: error"):
        sweep.handler({}, None, system_of(door))


@pytest.mark.parametrize("module", ["asyncio", "firstline.lab.twin", "moto", "nats", "rich"])
def test_a_page_waits_for_no_import_that_it_does_not_need(module: str) -> None:
    """A page waits for ingest's imports in every new execution environment."""
    program = f"import functions.ingest, sys; sys.exit({module!r} in sys.modules)"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", program], cwd=root, check=False).returncode == 0
