"""Drills on the deployed system: the schedule's, and the one that a person rings."""

import json
from typing import Any

from firstline.ids import IncidentId
from firstline.lab.twin.scenario import Scenario
from firstline.signal import DRILL_ALARM
from tests.end_to_end import schedules
from tests.end_to_end.deployment import Deployment
from tests.end_to_end.test_incident import entries_of, status, triggers


def scheduled(deployment: Deployment, expression: str) -> dict[str, Any]:
    """The one deployed schedule of this *expression*."""
    found = schedules.deployed(deployment.cloud)
    (schedule,) = (each for each in found if each["ScheduleExpression"] == expression)
    return schedule


def test_the_schedules_drill_comes_the_whole_way(deployment: Deployment) -> None:
    """Its own order turns the alarm: rule, queue, ingest, entry, PagerDuty, metric; no page."""
    order = scheduled(deployment, "rate(6 days)")
    pages, changes = len(deployment.pages(0)), len(deployment.pager.alerts.changes)
    passed = len(deployment.metrics.all("firstline", "DrillsPassed"))
    with deployment.at_work(Scenario(name="drill"), (f"Detection{DRILL_ALARM}",)):
        schedules.run(order, deployment.cloud, deployment.lambdas)
        deployment.wait(
            "no drill passed",
            lambda: len(deployment.metrics.all("firstline", "DrillsPassed")) > passed,
        )
        (change,) = deployment.pager.alerts.changes[changes:]
        incident = IncidentId(str(details(change.body)["incident"]))
        deployment.wait("it does not end", lambda: status(deployment, incident).ended)
    assert [each.value for each in deployment.metrics.all("firstline", "DrillsPassed")] == [1.0]
    (signal,) = entries_of(deployment, incident, "signal")[:1]
    assert signal["data"]["condition"] == "drill"
    assert [each["data"]["channel"] for each in entries_of(deployment, incident, "page")] == [
        "change"
    ]
    assert entries_of(deployment, incident, "intent") == []
    assert triggers(deployment, pages) == []


def details(change: dict[str, object]) -> dict[str, object]:
    """The custom details of a change event."""
    payload = change["payload"]
    assert isinstance(payload, dict)
    return dict(payload["custom_details"])


def test_a_person_rings_an_alarm_and_follows_it(deployment: Deployment) -> None:
    """`firstline drill`, announced at the URL: one page, all of it observed, and its end."""
    before = len(deployment.pages(0))
    with deployment.at_work(Scenario(name="rung"), watched=()):
        text = deployment.cdk.run(
            *("drill", "kms-throttling", "--json"),
            *("--fleet", str(deployment.profile)),
        )
    line = json.loads(text)
    assert (line["mode"], line["dry_run"]) == ("enforce", True)
    assert (line["holds"], line["condition"], line["channel"]) == (True, "kms-throttling", "pager")
    assert line["outcome"] == "self-recovered"
    assert [each.key for each in triggers(deployment, before)][:1] == [line["incident"]]
    assert entries_of(deployment, IncidentId(line["incident"]), "intent") == []
