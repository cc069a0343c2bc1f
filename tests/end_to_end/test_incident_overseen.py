"""What people and the hour do beside an incident: audits, and levers."""

import json
from datetime import timedelta
from typing import Any

from firstline.ids import IncidentId
from tests.end_to_end import pace, schedules
from tests.end_to_end.deployment import Deployment
from tests.end_to_end.test_incident import told as entries_of
from tests.end_to_end.test_incident_drilled import scheduled

CALLER = "arn:aws:sts::123456789012:assumed-role/on-call/alice"


def test_the_hours_audit_finds_the_archive_whole(deployment: Deployment) -> None:
    """By its schedule's own order: what was archived of the incidents before holds."""
    schedules.run(scheduled(deployment, "rate(1 hour)"), deployment.cloud, deployment.lambdas)
    told = {
        name: [each.value for each in deployment.metrics.all("firstline", name)]
        for name in ("ArchiveAudits", "ArchiveFaults", "LedgerAltered", "LedgerLost")
    }
    assert (told["ArchiveAudits"], told["ArchiveFaults"]) == ([1.0], [0.0])
    assert {*told["LedgerAltered"], *told["LedgerLost"]} <= {0.0}


def pull(deployment: Deployment, order: dict[str, str]) -> dict[str, Any]:
    """What the operators' URL answers: Lambda calls its function so, once IAM knows the caller."""
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/",
        "rawQueryString": "",
        "headers": {"content-type": "application/json"},
        "requestContext": {
            "accountId": "123456789012",
            "authentication": None,
            "authorizer": {"iam": {"accountId": "123456789012", "userArn": CALLER}},
            "http": {"method": "POST", "path": "/", "protocol": "HTTP/1.1"},
            "stage": "$default",
        },
        "body": json.dumps(order),
        "isBase64Encoded": False,
    }
    result = deployment.lambdas.invoke(deployment.function("operator"), event)
    assert not result.failed, result.payload
    assert result.payload["statusCode"] == 200, result.payload
    return dict(json.loads(result.payload["body"]))


def test_a_pause_and_its_end_are_in_the_ledger(deployment: Deployment) -> None:
    """With who said so and why; PagerDuty hears of it at once."""
    until = (pace.now() + timedelta(minutes=5)).isoformat()
    order = {"lever": "pause", "scope": "everything", "why": "a new image", "until": until}
    paused = pull(deployment, order)
    assert (paused["by"], paused["told"]) == (CALLER, True)
    pull(deployment, {"lever": "resume", "scope": "everything", "why": "done"})
    entries = [each["data"] for each in entries_of(deployment, IncidentId("control"), "pause")]
    said = [(each["change"], each["why"], each["by"]) for each in entries]
    assert said == [("paused", "a new image", CALLER), ("resumed", "done", CALLER)]
