"""What people and the hour do beside an incident: audits, and levers."""

import json
from functools import partial

from firstline.ids import IncidentId
from tests.end_to_end import schedules
from tests.end_to_end.deployment import Deployment
from tests.end_to_end.function_urls import CALLER
from tests.end_to_end.test_incident import entries_of
from tests.end_to_end.test_incident_drilled import scheduled


def test_the_hours_audit_finds_the_archive_whole(deployment: Deployment) -> None:
    """By its schedule's own order: what was archived of the incidents before holds."""
    schedules.run(scheduled(deployment, "rate(1 hour)"), deployment.cloud, deployment.lambdas)
    audits = partial(deployment.metrics.all, "firstline", "ArchiveAudits")
    deployment.wait("the audit's log, which a thread of its own reads", lambda: bool(audits()))
    result = {
        name: [each.value for each in deployment.metrics.all("firstline", name)]
        for name in ("ArchiveAudits", "ArchiveFaults", "LedgerAltered", "LedgerLost")
    }
    assert (result["ArchiveAudits"], result["ArchiveFaults"]) == ([1.0], [0.0])
    assert {*result["LedgerAltered"], *result["LedgerLost"]} <= {0.0}


def test_a_pause_and_its_end_are_in_the_ledger(deployment: Deployment) -> None:
    """By the commands, through the URL: with who said so and why; PagerDuty hears of it at once."""
    profile = ("--fleet", str(deployment.profile), "--json")
    result = deployment.cdk.run(
        "pause", "everything", "--for", "5m", "--why", "a new image", *profile
    )
    paused = json.loads(result)
    assert (paused["by"], paused["notified"]) == (CALLER, True)
    deployment.cdk.run("resume", "everything", "--why", "done", *profile)
    entries = [each["data"] for each in entries_of(deployment, IncidentId("control"), "pause")]
    text = [(each["change"], each["why"], each["by"]) for each in entries]
    assert text == [("paused", "a new image", CALLER), ("resumed", "done", CALLER)]
