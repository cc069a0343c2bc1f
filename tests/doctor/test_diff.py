"""What a deployment would take from the deployed stacks is named, and stops it unless accepted."""

import json
from typing import Any

import msgspec
import pytest

from firstline.doctor.diff.changes import Changes, compare, lines, refuse
from firstline.doctor.diff.contents import contents
from firstline.errors import Malformed


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
    with pytest.raises(msgspec.ValidationError):
        contents({"Resources": {"X": 7}})


def test_each_loss_is_named() -> None:
    """A permission and observe may go: none of them is a person's."""
    changes = compare(HELD | {"mode:observe"}, {"mode:observe", "alarm:Detection/new"})
    assert set(changes.losses) == HELD - {
        "permission:Roles/Ingest:sqs:SendMessage",
        "denial:Roles/Ingest:s3:*",
    }
    assert changes.new == ("alarm:Detection/new",)
    assert compare(["setting:architecture=arm64", "mode:observe"], ["mode:enforce"]).losses == ()


def test_what_would_be_lost_stops_unless_it_is_accepted() -> None:
    changes = compare({"mode:enforce", "alarm:x"}, {"mode:observe"})
    with pytest.raises(Malformed) as raised:
        refuse(changes, [])
    assert raised.value.lines == (
        "would be lost: alarm:x",
        "would be lost: mode:enforce",
        "write it into the fleet file again, or add --accept NAME for each",
    )
    with pytest.raises(Malformed, match="would be lost: alarm:x"):
        refuse(changes, ["mode:enforce"])
    refuse(changes, ["mode:enforce", "alarm:x"])
    refuse(Changes((), ("alarm:y",)), [])


def test_what_is_accepted_and_stays_is_a_mistake() -> None:
    """A name with a slip in it would accept nothing, unseen."""
    with pytest.raises(Malformed, match=r"^--accept alarm:y: would not be lost$"):
        refuse(compare({"alarm:x"}, {"alarm:x"}), ["alarm:y"])


def test_changes_are_read_from_people_to_permissions() -> None:
    changes = compare(
        {"mode:enforce", "permission:Roles/Ingest:a:B", "subscriber:T:a@example.com", "table:X"},
        {"mode:observe", "alarm:A"},
    )
    assert list(lines(changes)) == [
        "mode",
        "  - enforce",
        "  + observe",
        "people",
        "  - T:a@example.com",
        "alarms",
        "  + A",
        "permissions",
        "  - Roles/Ingest:a:B",
        "tables",
        "  - X",
    ]
