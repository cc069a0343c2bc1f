"""Links out of the console and of reports: where each leads, and which are left out."""

import pytest

from firstline.ids import IncidentId
from firstline.reporting import links
from firstline.reporting.links import Link, Places
from tests.builders import ALARM_ARN, ALARM_NAME, ID

CLOUDWATCH = "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#"
REPORTS = "https://us-east-1.console.aws.amazon.com/s3/buckets/archive?region=us-east-1"


def test_a_fleet_has_those_that_are_known() -> None:
    known = Places(region="us-east-1", fleet="vaults", runbook="https://r.example.com")
    assert links.of_fleet(known) == (
        Link("dashboard", f"{CLOUDWATCH}dashboards/dashboard/firstline-vaults"),
        Link("runbook", "https://r.example.com"),
    )
    assert links.of_fleet(Places(pagerduty="https://p.example.com")) == (
        Link("PagerDuty", "https://p.example.com"),
    )


def test_an_incident_has_its_alarm_and_once_it_ended_its_report() -> None:
    places = Places(region="us-east-1", bucket="archive")
    alarm = Link("alarm", f"{CLOUDWATCH}alarmsV2:alarm/{ALARM_NAME}")
    report = Link("report", f"{REPORTS}&prefix=reports/{ID}/")
    assert links.of_incident(places, IncidentId(ID), ALARM_ARN, ended=True) == (alarm, report)
    assert links.of_incident(places, IncidentId(ID), ALARM_ARN, ended=False) == (alarm,)
    assert links.of_incident(Places(), IncidentId(ID), ALARM_ARN, ended=True) == (alarm,)


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:cloudwatch:us-east-1:[account]:alarm:vaults down", "vaults$20down"),
        ("arn:aws:cloudwatch:us-east-1:1:alarm:a?b#c", "a$3Fb$23c"),
        ("arn:aws:cloudwatch:us-east-1:1:alarm:of [account]", None),
        ("arn:aws:ec2:us-east-1:1:instance/i-1", None),
        ("", None),
    ],
)
def test_an_alarm_is_linked_by_a_name_that_is_whole(arn: str, name: str | None) -> None:
    """Whatever is in it, and whether or not the account was redacted."""
    found = links.of_incident(Places(), IncidentId(ID), arn, ended=False)
    expected = () if name is None else (Link("alarm", f"{CLOUDWATCH}alarmsV2:alarm/{name}"),)
    assert found == expected
