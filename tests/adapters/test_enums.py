"""AWS's closed lists of values: each value of botocore's models, and its effect in the code.

A value of a newer model fails here until its effect is written down.
"""

import copy
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import botocore.session
import pytest

from firstline.actions.refresh_fleet import REFRESH_FLEET
from firstline.adapters.aws import ssm_results
from firstline.adapters.aws.alarm_types import ALARM_TYPES
from firstline.adapters.aws.external_alarm import COMPARISONS
from firstline.adapters.aws.fleet import AwsFleet
from firstline.adapters.aws.investigation import AwsInvestigation
from firstline.adapters.aws.preflight import AwsPreflight
from firstline.adapters.clock import SystemClock
from firstline.diagnosis import health_checks
from firstline.diagnosis.evidence import (
    AlarmState,
    Connections,
    Evidence,
    Instance,
    InstanceStatus,
    InstanceStatuses,
    Refresh,
    TargetHealth,
)
from firstline.diagnosis.preflight import Deployments, KeyState
from firstline.doctor import transport
from firstline.doctor.readers.deployment import DELETED
from firstline.doctor.readers.stack_resources import StackResourcesReader
from firstline.errors import DependencyUnavailable
from firstline.lab.twin.aws import HOME
from firstline.remediation.execution import Answered
from firstline.remediation.guards.blast_radius import MEMORY_GONE
from firstline.remediation.verification import is_launching
from tests.adapters.account import Answering
from tests.adapters.backends import T0, Ends
from tests.builders import PROFILE, A, evidence, group

MODELS = botocore.session.get_session()


class Words(NamedTuple):
    """The words of *shape*, and by *table* what the code *does* with each.

    Where the model has no enum, *shape* is ``Shape.member``, and *documented* finds the words in
    the documentation of that member.
    """

    service: str
    shape: str
    does: Callable[[str], object]
    table: Mapping[str, object]
    documented: str = ""

    def known(self) -> set[str]:
        """The words of the model."""
        model = MODELS.get_service_model(self.service)
        name, _, member = self.shape.partition(".")
        shape: Any = model.shape_for(name)
        if not self.documented:
            return set(shape.enum)
        return set(re.findall(self.documented, shape.members[member].documentation))


def health(check: health_checks.HealthCheck) -> Callable[[Evidence], str]:
    return lambda found: check(A, found, timedelta(hours=1), health_checks.Criteria()).health.value


balancer = health(health_checks.by_load_balancer)
connection = health(health_checks.by_connection)
status_checks = health(health_checks.by_status_checks)


def lifecycle(word: str) -> str:
    if Instance(A, word, "Healthy").in_service:
        return "counted on"
    return "boots" if is_launching(evidence(group=group(A, lifecycle=word))) else "left out"


def stack(word: str) -> str:
    times = {"CreationTime": T0, "LastUpdatedTime": T0}
    ends = Ends({"Stacks": [{"StackStatus": word, **times}]})
    fleet = copy.replace(PROFILE.fleet, stack="VettID-Nitro")
    found = AwsPreflight(ends.session, fleet).stack()
    assert isinstance(found, Deployments)
    return "busy" if found.known[0].in_progress else "at rest"


def metric(word: str) -> str:
    """The probe's outcome, and the metrics around a start: a part of either is not known."""
    values = {"StatusCode": word, "Timestamps": [T0], "Values": [100.0]}
    one = Ends({"MetricDataResults": [{"Id": "outcome", **values}]})
    many = Ends({"MetricDataResults": [{"Id": f"m{n}", **values} for n in range(30)]})
    reads: tuple[Callable[[], object], ...] = (
        AwsFleet(one.session, PROFILE, HOME, SystemClock()).answering,
        lambda: AwsInvestigation(many.session, PROFILE, "us-east-1").metrics(T0),
    )
    result = set()
    for read in reads:
        try:
            read()
            result.add("read")
        except DependencyUnavailable:
            result.add("unknown")
    (only,) = result
    return only


def asked_of_health(key: str) -> Callable[[str], bool]:
    def asked(word: str) -> bool:
        one = Answering({"health.DescribeEvents": {"events": []}})
        AwsInvestigation(one.session, PROFILE, "us-east-1").issues()
        return word in one.parameters("health.DescribeEvents")["filter"][key]

    return asked


def command(word: str) -> str:
    """Ended with success, without it, or waited on."""
    invocation: Any = {"Status": word}
    found = ssm_results.parse_answer(invocation, look=False)
    if not isinstance(found, Answered):
        return "waited on"
    return "success" if found.success else "failure"


def detail(word: str) -> bool:
    """True if the detail is shown; SSM may write the document's words without spaces."""
    return word.replace(" ", "") in ssm_results.DETAILS


def rule(word: str) -> object:
    one = Ends({"Rules": [{"Name": "r", "State": word}]})
    found = StackResourcesReader(one.session).rules()
    assert isinstance(found, dict)
    return found["r"]


def each(value: object, *words: str) -> dict[str, object]:
    return dict.fromkeys(words, value)


def yes(*words: str) -> dict[str, object]:
    return dict.fromkeys(words, True)


def no(*words: str) -> dict[str, object]:
    return dict.fromkeys(words, False)


WORDS = (
    Words(
        "cloudwatch",
        "AlarmType",
        lambda word: word in ALARM_TYPES,
        yes("MetricAlarm", "CompositeAlarm", "LogAlarm"),
    ),
    Words(
        "cloudwatch",
        "StateValue",
        lambda word: word in set(AlarmState),
        yes("OK", "ALARM", "INSUFFICIENT_DATA"),
    ),
    Words(
        "cloudwatch",
        "StatusCode",
        metric,
        {"Complete": "read"} | each("unknown", "PartialData", "InternalError", "Forbidden"),
    ),
    Words(
        "autoscaling",
        "InstanceRefreshStatus",
        lambda word: "ended" if Refresh("r", word, T0).ended else "goes on",
        each(
            "ended",
            *("Successful", "Failed", "Cancelled", "RollbackFailed", "RollbackSuccessful"),
        )
        | each("goes on", "Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking"),
    ),
    Words(
        "autoscaling",
        "LifecycleState",
        lifecycle,
        {"InService": "counted on"}
        | each("boots", "Pending", "Pending:Wait", "Pending:Proceed")
        | each(
            "left out",
            *("Quarantined", "Detaching", "Detached", "EnteringStandby", "Standby"),
            *("Terminating", "Terminating:Wait", "Terminating:Proceed", "Terminating:Retained"),
            *("Terminated", "RootVolumeReplaced", "ReplacingRootVolume"),
            *("ReplacingRootVolume:Wait", "ReplacingRootVolume:Proceed"),
            # an instance of a warm pool serves nothing
            *("Warmed:Pending", "Warmed:Pending:Wait", "Warmed:Pending:Proceed"),
            *("Warmed:Pending:Retained", "Warmed:Terminating", "Warmed:Terminating:Wait"),
            *("Warmed:Terminating:Proceed", "Warmed:Terminating:Retained"),
            *("Warmed:Terminated", "Warmed:Stopped", "Warmed:Running", "Warmed:Hibernated"),
        ),
    ),
    Words(
        "autoscaling",
        "ProcessType.ProcessName",
        lambda word: word in REFRESH_FLEET.processes,
        yes(
            *("Launch", "Terminate", "AddToLoadBalancer"),
            *("HealthCheck", "InstanceRefresh", "ReplaceUnhealthy"),
        )
        | no("AlarmNotification", "AZRebalance", "ScheduledActions"),
        documented=r"<code>(\w+)</code>",
    ),
    Words(
        "elbv2",
        "TargetHealthStateEnum",
        lambda word: balancer(evidence(target_health=TargetHealth({A: word}))),
        {"healthy": "serving", "unhealthy": "dead"}
        | each("unknown", "initial", "unhealthy.draining", "unused", "draining", "unavailable"),
    ),
    Words(
        "elbv2",
        "TargetHealthReasonEnum",
        lambda word: balancer(evidence(target_health=TargetHealth({A: "unhealthy"}, {A: word}))),
        # the load balancer's own reasons say nothing of the host; the state is what does
        each("unknown", "Elb.RegistrationInProgress", "Elb.InitialHealthChecking")
        | each("unknown", "Elb.InternalError")
        | each(
            "dead",
            *("Target.ResponseCodeMismatch", "Target.Timeout", "Target.FailedHealthChecks"),
            *("Target.NotRegistered", "Target.NotInUse", "Target.DeregistrationInProgress"),
            *("Target.InvalidState", "Target.IpUnusable", "Target.HealthCheckDisabled"),
        ),
    ),
    Words(
        "ssm",
        "PingStatus",
        lambda word: connection(evidence(connections=Connections({A: word}))),
        {"ConnectionLost": "dead"} | each("unknown", "Online", "Inactive"),
    ),
    Words(
        "ssm",
        "CommandInvocationStatus",
        command,
        {"Success": "success"}
        | each("failure", "Cancelled", "TimedOut", "Failed")
        | each("waited on", "Pending", "InProgress", "Delayed", "Cancelling"),
    ),
    Words(
        "ssm",
        "CommandInvocation.StatusDetails",
        detail,
        yes(
            *("Success", "Delivery Timed Out", "Execution Timed Out", "Failed", "Cancelled"),
            *("Undeliverable", "Terminated"),
        )
        # of a command that has not ended
        | no("Pending", "In Progress", "Delayed"),
        documented=r"<p>([A-Z][A-Za-z ]+): ",
    ),
    Words(
        "cloudwatch",
        "ComparisonOperator",
        COMPARISONS.get,
        {"GreaterThanThreshold": ">", "GreaterThanOrEqualToThreshold": ">="}
        | {"LessThanThreshold": "<", "LessThanOrEqualToThreshold": "<="}
        # those of a band, which has no fixed threshold
        | dict.fromkeys(("LessThanLowerOrGreaterThanUpperThreshold",))
        | dict.fromkeys(("LessThanLowerThreshold", "GreaterThanUpperThreshold")),
    ),
    Words(
        "kms",
        "KeyState",
        lambda word: KeyState(word).usable,
        {"Enabled": True}
        | no(
            *("Creating", "Disabled", "PendingDeletion", "PendingImport"),
            *("PendingReplicaDeletion", "Unavailable", "Updating"),
        ),
    ),
    Words(
        "ec2",
        "InstanceStateName",
        lambda word: word in MEMORY_GONE,
        yes("stopped", "terminated")
        # what is stopping may still hold its memory
        | no("pending", "running", "shutting-down", "stopping"),
    ),
    Words(
        "ec2",
        "SummaryStatus",
        lambda word: status_checks(
            evidence(
                instance_statuses=InstanceStatuses({A: InstanceStatus("running", {"system": word})})
            )
        ),
        {"impaired": "dead"}
        | each("unknown", "ok", "insufficient-data", "not-applicable", "initializing"),
    ),
    Words(
        "cloudformation",
        "StackStatus",
        stack,
        each(
            "busy",
            *("CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS"),
            *("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
            *("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"),
            *("REVIEW_IN_PROGRESS", "IMPORT_IN_PROGRESS", "IMPORT_ROLLBACK_IN_PROGRESS"),
        )
        | each(
            "at rest",
            *("CREATE_FAILED", "CREATE_COMPLETE", "ROLLBACK_FAILED", "ROLLBACK_COMPLETE"),
            *("DELETE_FAILED", "DELETE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_FAILED"),
            *("UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"),
            *("IMPORT_ROLLBACK_FAILED", "IMPORT_ROLLBACK_COMPLETE"),
        ),
    ),
    Words(
        "health",
        "eventStatusCode",
        asked_of_health("eventStatusCodes"),
        {"open": True} | no("closed", "upcoming"),
    ),
    Words(
        "health",
        "eventTypeCategory",
        asked_of_health("eventTypeCategories"),
        {"issue": True} | no("accountNotification", "scheduledChange", "investigation"),
    ),
    Words(
        "events",
        "RuleState",
        rule,
        {"DISABLED": False} | yes("ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"),
    ),
    Words(
        "lambda",
        "EventSourceMappingConfiguration.State",
        lambda word: word in transport.ACTIVE_STATES,
        yes("Creating", "Enabling", "Enabled", "Updating")
        | no("Disabling", "Disabled", "Deleting"),
        documented=r"<code>(\w+)</code>",
    ),
)


@pytest.mark.parametrize("words", WORDS, ids=lambda words: words.shape)
def test_every_word_of_the_model_is_known(words: Words) -> None:
    """A new one, and one that is no more."""
    assert words.known() == set(words.table)


@pytest.mark.parametrize(
    ("words", "word"),
    [(words, word) for words in WORDS for word in words.table],
    ids=[f"{words.shape} {word}" for words in WORDS for word in words.table],
)
def test_each_enum_value_has_the_effect_in_the_table(words: Words, word: str) -> None:
    """By the code that reads it."""
    assert words.does(word) == words.table[word]


def test_what_is_deleted_of_a_stack_is_named_by_the_model() -> None:
    """CloudFormation has two words for it."""
    shape: Any = MODELS.get_service_model("cloudformation").shape_for("ResourceStatus")
    ended = {word for word in shape.enum if word.startswith("DELETE_")}
    assert ended - {"DELETE_IN_PROGRESS", "DELETE_FAILED"} == DELETED


def test_a_deployment_of_code_deploy_is_read_whatever_its_status() -> None:
    """The list is asked for without one."""
    one = Answering({"codedeploy.ListDeployments": {"deployments": []}})
    fleet = copy.replace(PROFILE.fleet, deployment_group="vaults/blue")
    profile = copy.replace(PROFILE, fleet=fleet)
    assert AwsInvestigation(one.session, profile, "us-east-1").releases(T0) == ()
    assert "includeOnlyStatuses" not in one.parameters("codedeploy.ListDeployments")
