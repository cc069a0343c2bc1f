"""A deployment's losses are named, and stop it unless they are accepted."""

import json
from typing import Any

import pytest

from firstline.doctor.diff.changes import Changes, compare, lines, refuse
from firstline.doctor.diff.contents import contents
from firstline.doctor.diff.limits import (
    ConcurrencyLimit,
    TemplateNeeds,
    notes,
    refusals,
    template_needs,
)
from firstline.doctor.facts import ReadFailure
from firstline.errors import InvalidInput


def resource(kind: str, path: str, **properties: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    metadata = {"aws:cdk:path": f"firstline-x-app/{path}/Resource"}
    return {"Type": kind, "Properties": properties, "Metadata": metadata}


ALARM = ":cloudwatch:us-east-1:111122223333:alarm:"
STATES = {
    "resources": [
        {"prefix": f"arn:aws{ALARM}firstline-x-app-Detection"},
        f"arn:aws{ALARM}others",
        {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, f"{ALARM}theirs"]]},
    ]
}
TEMPLATE = {
    "Resources": {
        "Topic1": resource("AWS::SNS::Topic", "Oversight/Emergency"),
        "Sub1": resource(
            "AWS::SNS::Subscription", "Sub", TopicArn={"Ref": "Topic1"}, Endpoint="a@example.com"
        ),
        "Sub2": resource(
            "AWS::SNS::Subscription", "Sub2", TopicArn="arn:aws:sns:x", Endpoint="b@example.com"
        ),
        "Alarm1": resource("AWS::CloudWatch::Alarm", "Detection/healthy-hosts"),
        "Backstop1": resource("AWS::CloudWatch::CompositeAlarm", "Backstop/healthy-hosts"),
        "Rule1": resource("AWS::Events::Rule", "Detection/AlarmStates", EventPattern=STATES),
        "Secret1": {"Type": "AWS::SecretsManager::Secret"},
        "Role1": resource(
            "AWS::IAM::Role",
            "Roles/Ingest",
            Policies=[
                {
                    "PolicyDocument": {
                        "Statement": [
                            {"Effect": "Allow", "Action": ["sqs:SendMessage"]},
                            {"Effect": "Deny", "Action": "s3:*"},
                        ]
                    }
                }
            ],
        ),
    },
    "Outputs": {
        "Context": {
            "Value": json.dumps(
                {"mode": "enforce", "emergency_email": "a@example.com", "pager_region": "eu"}
            )
        }
    },
}
HELD = {
    "topic:Oversight/Emergency",
    "subscriber:Oversight/Emergency:a@example.com",
    "subscriber:arn:aws:sns:x:b@example.com",
    "alarm:Detection/healthy-hosts",
    "backstop:Backstop/healthy-hosts",
    "rule:Detection/AlarmStates",
    "external-alarm:others",
    "external-alarm:theirs",
    "secret:Secret1",
    "permission:Roles/Ingest:sqs:SendMessage",
    "denial:Roles/Ingest:s3:*",
    "mode:enforce",
    "setting:pager_region=eu",
}


def test_a_template_holds_what_a_person_would_miss() -> None:
    assert contents(TEMPLATE) == HELD
    assert contents({}) == set()


@pytest.mark.parametrize("value", ["no JSON", "[1]", 7, {"Ref": "x"}])
def test_settings_of_another_form_are_none(value: object) -> None:
    """An earlier version's, or not a text at all."""
    assert contents({"Outputs": {"Context": {"Value": value}}}) == set()


def test_what_is_no_template_is_refused() -> None:
    for template in ({"Resources": {"X": 7}}, "Resources: {}"):
        for read in (contents, template_needs):
            with pytest.raises(
                InvalidInput, match=r"^a stack's template does not have the CDK's form"
            ):
                read(template)


def test_each_loss_is_named() -> None:
    """A permission and dry-run may go: none of them is a person's."""
    changes = compare(HELD | {"mode:dry-run"}, {"mode:dry-run", "alarm:Detection/new"})
    assert set(changes.losses) == HELD - {
        "permission:Roles/Ingest:sqs:SendMessage",
        "denial:Roles/Ingest:s3:*",
    }
    assert changes.new == ("alarm:Detection/new",)
    assert compare(["setting:architecture=arm64", "mode:dry-run"], ["mode:enforce"]).losses == ()


def test_what_would_be_lost_stops_unless_it_is_accepted() -> None:
    changes = compare({"mode:enforce", "alarm:x"}, {"mode:dry-run"})
    with pytest.raises(InvalidInput) as raised:
        refuse(changes.losses, [])
    assert raised.value.lines == (
        "would be lost: alarm:x",
        "would be lost: mode:enforce",
        "correct the fleet file, or add --accept NAME for each loss",
    )
    with pytest.raises(InvalidInput, match="would be lost: alarm:x"):
        refuse(changes.losses, ["mode:enforce"])
    refuse(changes.losses, ["mode:enforce", "alarm:x"])
    refuse(Changes((), ("alarm:y",)).losses, [])


def test_what_is_accepted_and_stays_is_a_mistake() -> None:
    """A name with a slip in it would accept nothing, unseen."""
    with pytest.raises(InvalidInput, match=r"^--accept alarm:y: this loss does not occur$"):
        refuse(compare({"alarm:x"}, {"alarm:x"}).losses, ["alarm:y"])


def test_another_name_since_schema_1_is_no_loss() -> None:
    """An upgrade of a dry run of version 0.1 goes on without a word of consent."""
    before = {"mode:observe", "alarm:Oversight/PagesOwed", "alarm:Oversight/WakesLate"}
    after = {"mode:dry-run", "alarm:Oversight/PagesPending", "alarm:Oversight/WakesOverdue"}
    assert compare(before, after) == Changes((), ())
    assert compare(before, {"mode:enforce"}).losses == (
        "alarm:Oversight/PagesPending",
        "alarm:Oversight/WakesOverdue",
    )


def test_changes_are_read_from_people_to_permissions() -> None:
    changes = compare(
        {"mode:enforce", "permission:Roles/Ingest:a:B", "subscriber:T:a@example.com", "table:X"},
        {"mode:dry-run", "alarm:A"},
    )
    assert list(lines(changes)) == [
        "mode",
        "  + dry-run",
        "  - enforce",
        "people",
        "  - T:a@example.com",
        "alarms",
        "  + A",
        "permissions",
        "  - Roles/Ingest:a:B",
        "tables",
        "  - X",
    ]


FILTER = {"Type": "AWS::Logs::MetricFilter", "Properties": {"LogGroupName": "/vaults/parent"}}
OF_OTHERS = {"Type": "AWS::Logs::MetricFilter", "Properties": {"LogGroupName": {"Ref": "Logs"}}}


def function(reserved: int | None = None) -> dict[str, Any]:
    text = {} if reserved is None else {"ReservedConcurrentExecutions": reserved}
    return {"Type": "AWS::Lambda::Function", "Properties": text}


def test_a_template_needs_log_groups_and_executions() -> None:
    """A log group of its own is there by then."""
    made = {"Resources": {"A": FILTER, "B": OF_OTHERS, "C": function(5), "D": function()}}
    assert template_needs(made) == TemplateNeeds(("/vaults/parent",), 5)
    assert template_needs({}) == TemplateNeeds()


@pytest.mark.parametrize(
    ("wanted", "standing", "limit", "free"),
    [
        (25, 0, ConcurrencyLimit(1000, 1000), None),
        (25, 0, ConcurrencyLimit(1000, 124), 24),
        (25, 20, ConcurrencyLimit(1000, 110), None),
        (5, 0, ConcurrencyLimit(10, 10), 0),
        (0, 0, ConcurrencyLimit(10, 10), None),
        (5, 5, ConcurrencyLimit(10, 5), None),
    ],
)
def test_a_reservation_leaves_what_lambda_keeps(
    wanted: int, standing: int, limit: ConcurrencyLimit, free: int | None
) -> None:
    """A hundred, or the whole limit where that is lower; what stands is taken already."""
    lines = list(
        refusals(TemplateNeeds((), wanted), TemplateNeeds((), standing), frozenset(), limit)
    )
    if free is None:
        assert lines == []
        return
    (line,) = lines
    assert line.startswith(f"ingest_concurrency_reserved = {wanted}: of {limit.total} executions")
    assert f" {free} can be reserved: reserve {standing + free} at most" in line


def test_a_log_group_that_is_not_there_is_named() -> None:
    plenty = ConcurrencyLimit(1000, 1000)
    wanted = TemplateNeeds(("/vaults/parent",))
    (line,) = refusals(wanted, TemplateNeeds(), frozenset({"/vaults/parents"}), plenty)
    assert line.startswith("there is no log group /vaults/parent, in which lines are counted")
    assert list(refusals(wanted, TemplateNeeds(), frozenset({"/vaults/parent"}), plenty)) == []


def test_what_cannot_be_read_stops_nothing_and_is_told() -> None:
    denied = ReadFailure("logs:DescribeLogGroups", "AccessDenied")
    failed = ReadFailure("lambda:GetAccountSettings", "InternalError")
    assert list(refusals(TemplateNeeds(("/x",), 25), TemplateNeeds(), denied, failed)) == []
    assert list(notes(denied, failed)) == [
        "unknown before the deployment: logs:DescribeLogGroups AccessDenied",
        "unknown before the deployment: lambda:GetAccountSettings InternalError",
    ]


def test_a_low_limit_is_told() -> None:
    assert list(notes(frozenset(), ConcurrencyLimit(1000, 1000))) == []
    (line,) = notes(frozenset(), ConcurrencyLimit(10, 10))
    assert line.startswith("all functions of this account share 10 executions at a time")
