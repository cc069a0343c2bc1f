"""The events of the corpus that the bus's rules pass."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from moto.events.models import EventPattern

from infra.bus import SEVERE, event_rules
from tests.builders import PROFILE
from tests.infra.made import Made

EVENTS = Path(__file__).parents[2] / "events"
SECURITY = {
    "guardduty.high",
    "guardduty.critical",
    "guardduty.archived",
    "guardduty.attack-sequence",
    "securityhub.high",
    "securityhub.two-findings",
    "securityhub.v2-high",
}
"""Severe ones; an archived one of GuardDuty still has its severity."""
UNHEARD = {
    "cloudwatch.contributor",
    "cloudwatch.contributor-missing",
    "cloudwatch.foreign-account",
    "custom.forged-source",
    "custom.forged-report",
    "events.tick",
    "malformed.empty-object",
}
"""Foreign, forged, or nothing that a bus carries."""


def passing(made: Made, event: Any, *, to: str) -> list[str]:  # noqa: ANN401 - JSON
    """The rules that would send *event* to the queue or topic whose id begins so."""
    # EventBridge looks into each object of a list; its stand-in takes the object alone
    if isinstance(findings := event["detail"].get("findings"), list):
        event = event | {"detail": event["detail"] | {"findings": findings[0]}}
    kind = "AWS::SNS::Topic" if to == "Security" else "AWS::SQS::Queue"
    target = made.arn(made.one(kind, to))
    return [
        rule.logical_id
        for rule in made.of("AWS::Events::Rule")
        if rule.properties["Targets"][0]["Arn"] == target
        and EventPattern.load(json.dumps(rule.properties["EventPattern"])).matches_event(event)
    ]


def on_the_bus() -> list[Path]:
    """The files that are EventBridge's: not those of queues, topics and direct calls."""
    others = ("sqs.", "sns.", "lambda.")
    return [each for each in sorted(EVENTS.glob("*.json")) if not each.name.startswith(others)]


def test_a_document_that_a_rule_is_for_is_delivered() -> None:
    """Beside our own; a calendar's changes come by a rule of theirs."""
    first = PROFILE.rules[0]
    ruled = tuple(
        copy.replace(first, name=name, source="aws.ssm", subject=name)
        for name in ("AWS-RunPatchBaseline", "change calendar")
    )
    rules = event_rules(copy.replace(PROFILE, rules=(*PROFILE.rules, *ruled)), ["our-own"])
    assert rules["Commands"].detail == {"document-name": ["our-own", "AWS-RunPatchBaseline"]}
    assert event_rules(PROFILE, ["our-own"])["Commands"].detail == {"document-name": ["our-own"]}


def test_what_is_ours_is_heard_once_and_nothing_else_is(made: Made) -> None:
    """Each file passes one rule into the signals queue, or is known not to."""
    for path in on_the_bus():
        event = of_our_document(made, json.loads(path.read_text()))
        rules = passing(made, event, to="QueuesSignals") if event else []
        assert len(rules) == (0 if unheard(path, event) else 1), (path.stem, rules)


def of_our_document(made: Made, event: dict[str, Any]) -> dict[str, Any]:
    """The event; one of a command is of a document that the stack made."""
    if "document-name" not in event.get("detail", {}):
        return event
    ours = made.one("AWS::SSM::Document", "RestartEnclaveDocument").name
    assert passing(made, event, to="QueuesSignals") == []
    return event | {"detail": event["detail"] | {"document-name": ours}}


def unheard(path: Path, event: dict[str, Any]) -> bool:
    """Return True if the file must not pass: foreign, or an unlisted alarm."""
    if path.stem in UNHEARD:
        return True
    listed = ("healthy-hosts", "unhealthy-hosts", "enclave-service")
    alarm = "".join(event.get("resources", ())) if event["source"] == "aws.cloudwatch" else ""
    return bool(alarm) and not alarm.endswith(listed)


@pytest.mark.parametrize("field", ["account", "source", "detail-type"])
def test_a_forged_event_passes_no_rule(made: Made, field: str) -> None:
    """Every rule checks source, account and type."""
    for path in on_the_bus():
        event = json.loads(path.read_text())
        if event:
            assert passing(made, event | {field: "forged"}, to="QueuesSignals") == [], path.stem


def test_the_security_team_hears_severe_findings(made: Made) -> None:
    """R45: straight from the bus, with no code of ours on the way."""
    passed = {
        path.stem
        for path in on_the_bus()
        if (event := json.loads(path.read_text())) and passing(made, event, to="Security")
    }
    assert passed == SECURITY
    assert len(SEVERE) == 3


@pytest.mark.parametrize(
    ("edit", "received", "severe"),
    [
        ({"severity_id": 1}, False, False),
        ({"severity_id": 3}, True, False),
        ({"severity_id": 0}, True, True),
        ({"severity_id": 99}, True, True),
        ({"activity_id": 3}, True, False),
        ({"status_id": 3}, True, False),
        ({"status_id": 2}, True, True),
    ],
)
def test_a_finding_in_ocsf_passes_by_its_numbers(
    made: Made, edit: dict[str, int], *, received: bool, severe: bool
) -> None:
    """Informational ones do not pass; an unknown severity counts as severe."""
    event = json.loads((EVENTS / "securityhub.v2-high.json").read_text())
    event["detail"]["findings"][0] |= edit
    assert bool(passing(made, event, to="QueuesSignals")) == received
    assert bool(passing(made, event, to="Security")) == severe


def test_a_finding_in_ocsf_without_a_status_is_not_over(made: Made) -> None:
    """OCSF recommends the status, and does not demand it."""
    event = json.loads((EVENTS / "securityhub.v2-high.json").read_text())
    del event["detail"]["findings"][0]["status_id"]
    assert passing(made, event, to="Security")


def test_what_is_heard_is_archived_but_for_users_reports(made: Made) -> None:
    """A year of it, for backtests; what a user reported is nowhere but with its incident."""
    (archive,) = made.of("AWS::Events::Archive")
    pattern = EventPattern.load(json.dumps(archive.properties["EventPattern"]))
    for path in on_the_bus():
        event: Any = of_our_document(made, json.loads(path.read_text()))
        if not event or not passing(made, event, to="QueuesSignals"):
            continue
        assert pattern.matches_event(event) == (event["source"] != "firstline.report"), path.stem
    assert archive.properties["RetentionDays"] >= 365
