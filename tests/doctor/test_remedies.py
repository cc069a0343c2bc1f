"""Each command in a remedy is whole: it is run, and the service takes its parameters."""

import copy
import re
import shlex
import string
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import botocore.session
import pytest
from boto3.session import Session
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator
from moto import mock_aws

from firstline.config.profile import HOSTS_MAX
from firstline.doctor import run as doctor
from firstline.doctor import stack_parts
from firstline.doctor.facts import EventSourceMapping, Resource, StackState, or_empty
from firstline.doctor.result import Check
from tests.builders import PROFILE
from tests.dev.aws_lines import Request, request
from tests.doctor.accounts import ACCOUNT, HASH, PLACED, QUEUES, WELL

if TYPE_CHECKING:
    from typing import Literal

COMMAND = re.compile(r"\baws [a-z0-9-]+ [a-z0-9-]+ --[^;]*")
REGION = "--region eu-west-1"


def requests(text: str) -> Iterator[Request]:
    """The request of each command of AWS in *text*; each names the Region, but of what has none."""
    for found in COMMAND.findall(text):
        assert REGION in found or found.startswith("aws iam "), found
        yield request(shlex.split(found)[1:])


def filled(check: Check) -> str:
    """The remedy with a word in each of its places."""
    places = {name for _, name, _, _ in string.Formatter().parse(check.remedy) if name}
    named = {"region": REGION, "arn": "arn:aws:sns:eu-west-1:123456789012:x"}
    return check.remedy.format_map(dict.fromkeys(places, "x") | named)


WITH_COMMANDS = [each for each in doctor.CHECKS if re.search(r"\baws\b", each.remedy)]


@pytest.mark.parametrize("check", WITH_COMMANDS, ids=lambda each: each.name)
def test_a_command_is_whole(check: Check) -> None:
    """Service, operation, options, and each parameter that the operation cannot do without."""
    assert check.remedy.count("aws ") == len(list(requests(filled(check))))
    for each in requests(filled(check)):
        shape = _shape(each)
        report = ParamValidator().validate(each.parameters, shape)
        assert not report.has_errors(), report.generate_report()


NOT_THERE = re.compile(r"NotFound|NonExistent|NoSuch")
"""The error codes for a resource that does not exist."""
MOTO_LACKS = {"DescribeInstanceInformation", "DetectStackDrift", "StartMessageMoveTask"}


def ran(asked: Request) -> str:
    """Return the error code of a remedy on an empty moto, if any."""
    client: Any = Session(region_name="eu-west-1").client(cast("Literal['sqs']", asked.service))
    try:
        getattr(client, xform_name(asked.operation))(**asked.parameters)
    except ClientError as error:
        return error.response["Error"]["Code"]
    except NotImplementedError:
        return asked.operation
    return ""


def test_a_command_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is understood; what moto cannot do is the list that is given."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "x")
    with mock_aws():
        codes = {ran(each) for check in WITH_COMMANDS for each in requests(filled(check))}
    assert {each for each in codes if each and not NOT_THERE.search(each)} == MOTO_LACKS


def _shape(asked: Request) -> Any:  # noqa: ANN401 - botocore has no types
    model = botocore.session.get_session().get_service_model(asked.service)
    return model.operation_model(asked.operation).input_shape


(GROUP,) = or_empty(ACCOUNT.groups)


@pytest.mark.parametrize(
    ("changes", "operation", "given"),
    [
        ({"in_service": ()}, "DescribeScalingActivities", {}),
        ({"max_size": 999}, "UpdateAutoScalingGroup", {"MaxSize": HOSTS_MAX}),
        ({"suspended": ("Launch", "AZRebalance")}, "ResumeProcesses", {"ScalingProcesses": 2}),
    ],
)
def test_the_groups_state_has_its_own_command(
    changes: dict[str, Any], operation: str, given: dict[str, int]
) -> None:
    """For what is wrong with it, by its name."""
    group = copy.replace(GROUP, **changes)
    account = copy.replace(ACCOUNT, groups=(group,))
    found = doctor.examine(WELL, account, region="eu-west-1")
    (one,) = [each for each in found if each.check == "group-state"]
    (asked,) = requests(one.remedy)
    assert asked.operation == operation
    assert asked.parameters["AutoScalingGroupName"] == group.name
    for name, value in given.items():
        expected = asked.parameters[name]
        assert (len(expected) if isinstance(expected, list) else expected) == value


def test_hosts_that_must_not_be_two_are_made_one() -> None:
    found = doctor.examine(PROFILE, ACCOUNT, region="eu-west-1")
    (one,) = [each for each in found if each.check == "group-state"]
    (asked,) = requests(one.remedy)
    assert (asked.operation, asked.parameters["DesiredCapacity"]) == ("SetDesiredCapacity", 1)


def deployed() -> StackState:
    assert isinstance(ACCOUNT.deployed, StackState)
    return ACCOUNT.deployed


def remedies(changed: StackState, check: str) -> list[list[Request]]:
    account = copy.replace(ACCOUNT, deployed=changed)
    found = doctor.examine(WELL, account, region="eu-west-1")
    return [list(requests(each.remedy)) for each in found if each.check == check]


def test_what_is_off_is_switched_on_by_its_name() -> None:
    """A rule, and a source of a function; what is gone is deployed again."""
    rule, source = (
        stack_parts.resources_of(deployed(), stack_parts.RULE)[0],
        stack_parts.resources_of(deployed(), stack_parts.SOURCE)[0],
    )
    off = copy.replace(deployed(), rules=known_rules() | {rule.name: False})
    assert [each.parameters for (each,) in remedies(off, "transport")] == [{"Name": rule.name}]
    stopped = EventSourceMapping("Disabled", "the-ResponseIngest")
    sources = deployed().sources
    assert isinstance(sources, dict)
    unfed = copy.replace(deployed(), sources=sources | {source.name: stopped})
    (asked,) = [each for (each,) in remedies(unfed, "transport")]
    assert asked.parameters == {"UUID": source.name, "Enabled": True}


def known_rules() -> dict[str, bool]:
    rules = deployed().rules
    assert isinstance(rules, dict)
    return rules


def test_dead_letters_are_read_and_moved_back() -> None:
    """By the queue's URL and by its ARN."""
    url = f"{QUEUES}QueuesSignalsDead"
    held = copy.replace(deployed(), queues=deployed().queues | {url: 3})
    ((read, moved),) = remedies(held, "dead-letters")
    assert read.parameters == {"QueueUrl": url}
    arn = "arn:aws:sqs:us-east-1:111122223333:QueuesSignalsDead"
    assert moved.parameters == {"SourceArn": arn}


@pytest.mark.parametrize(
    ("made", "group"),
    [("the-sweeps-log", "the-sweeps-log"), ("", "/aws/lambda/ResponseSweep")],
)
def test_a_log_is_named_as_the_stack_made_it(made: str, group: str) -> None:
    """Or as Lambda names one by itself."""
    logs = Resource("AWS::Logs::LogGroup", f"ResponseSweepLogs{HASH}", made)
    resources = (*PLACED, *([logs] if made else []))
    silent = copy.replace(deployed(), resources=resources, heartbeat=None)
    ((asked,),) = remedies(silent, "heartbeat")
    assert asked.parameters["logGroupName"] == group
    name = next(it.name for it in PLACED if it.logical_id.startswith("ResponseSweep"))
    failed = copy.replace(deployed(), resources=resources, errors={name: 2, "none": 0})
    ((asked,),) = remedies(failed, "function-errors")
    assert asked.parameters["logGroupName"] == group
