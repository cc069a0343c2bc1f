"""The permissions and the denials of each function."""

import copy

import pytest

from firstline.actions.catalogue import ACTIONS
from firstline.config.profile import Profile
from infra.roles import GROUP_CHANGES, SEND, read_investigation, read_preflight
from infra.unscoped import INGEST_READS, INVESTIGATION_READS, SWEEP_READS, UNSCOPED
from tests.infra.made import ACCOUNT, HERE, REGION, Made
from tests.infra.permissions import may, role_of, statements

FUNCTIONS = ["ingest", "reconcile", "sweep"]
INSTANCE = f"arn:aws:ec2:{HERE}:instance/i-0a1b2c3d4e5f60711"
TAG = {"Application": "vettid-enclave"}

KEPT = {
    "ingest": {"GetItem", "BatchGetItem", "Query", "PutItem"},
    "reconcile": {
        *("GetItem", "BatchGetItem", "Query"),
        *("PutItem", "DeleteItem", "ConditionCheckItem"),
    },
    "sweep": {"GetItem", "BatchGetItem", "Query", "PutItem", "DeleteItem"},
}
OPERATIONS = {
    *("GetItem", "BatchGetItem", "Query", "Scan", "ConditionCheckItem"),
    *("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"),
    *("PartiQLInsert", "PartiQLSelect", "PartiQLUpdate", "PartiQLDelete", "DeleteTable"),
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_incidents(made: Made, function: str) -> None:
    """A function has the operations on incidents that it needs, and no other."""
    table = made.arn(made.one("AWS::DynamoDB::Table", "Incidents"))
    role = role_of(made, function)
    allowed = {each for each in OPERATIONS if may(role, f"dynamodb:{each}", table)}
    assert allowed == KEPT[function]
    assert may(role, "dynamodb:Query", f"{table}/index/due") == (function == "sweep")


def test_the_console_only_reads(made: Made) -> None:
    """Two tables, one index and alarms; it sends, fixes and pages nothing, and knows no key."""
    incidents = made.arn(made.one("AWS::DynamoDB::Table", "Incidents"))
    ledger = made.arn(made.one("AWS::DynamoDB::Table", "Ledger"))
    role = made.one("AWS::IAM::Role", "ConsoleRole")
    reads = {("dynamodb:GetItem", incidents), ("dynamodb:Query", incidents)}
    reads |= {("dynamodb:Query", f"{incidents}/index/open"), ("dynamodb:Query", ledger)}
    reads |= {("cloudwatch:DescribeAlarms", "*")}
    logs = {"logs:CreateLogStream", "logs:PutLogEvents"}
    allowed = [each for each in statements(role) if each["Effect"] == "Allow"]
    for each in allowed:
        actions = each["Action"] if isinstance(each["Action"], list) else [each["Action"]]
        resources = each["Resource"] if isinstance(each["Resource"], list) else [each["Resource"]]
        asked = {(action, it) for action in actions for it in resources if action not in logs}
        assert asked <= reads
    assert all(may(role, *each) for each in reads)
    function = next(
        each
        for each in made.of("AWS::Lambda::Function")
        if each.properties["Handler"] == "functions.console.handler"
    )
    (settings,) = function.properties["Environment"]["Variables"].values()
    assert '"hash_key":""' in settings


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_ledger_is_only_added_to(made: Made, function: str) -> None:
    """Putting is all, but that a sweep reads; changing and removing are denied, not left out."""
    table = made.arn(made.one("AWS::DynamoDB::Table", "Ledger"))
    role = role_of(made, function)
    allowed = {each for each in OPERATIONS if may(role, f"dynamodb:{each}", table)}
    assert allowed == {"PutItem"} | ({"Query"} if function == "sweep" else set())
    (denied,) = [
        set(each["Action"])
        for each in statements(role)
        if each["Effect"] == "Deny" and each.get("Resource") == table
    ]
    assert denied == {
        f"dynamodb:{each}"
        for each in (
            *("UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLUpdate", "PartiQLDelete"),
        )
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_queues(made: Made, function: str) -> None:
    """A function takes from the queue that feeds it; all send wakes, none sends signals."""
    signals = made.arn(made.one("AWS::SQS::Queue", "QueuesSignals"))
    wakes = made.arn(made.one("AWS::SQS::Queue", "QueuesWakes"))
    role = role_of(made, function)
    for action in ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"):
        assert may(role, action, signals) == (function == "ingest")
        assert may(role, action, wakes) == (function == "reconcile")
    assert may(role, "sqs:SendMessage", wakes)
    assert not may(role, "sqs:SendMessage", signals)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_teams_topic_is_the_only_one(made: Made, function: str) -> None:
    """Neither the security team's nor the emergency topic, which no code of ours may use."""
    topics = {each.logical_id: made.arn(each) for each in made.of("AWS::SNS::Topic")}
    role = role_of(made, function)
    allowed = [name for name, arn in topics.items() if may(role, "sns:Publish", arn)]
    assert [name.startswith("Team") for name in allowed] == [True]
    assert len(topics) == 3


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_routing_key_and_the_logs(made: Made, function: str) -> None:
    """A function reads the one secret and writes to its own log group."""
    secret = made.arn(made.one("AWS::SecretsManager::Secret", "RoutingKeyValue"))
    role = role_of(made, function)
    assert may(role, "secretsmanager:GetSecretValue", secret)
    assert not may(role, "secretsmanager:GetSecretValue", f"{secret}-other")
    assert not may(role, "secretsmanager:PutSecretValue", secret)
    for other in FUNCTIONS:
        group = made.one("AWS::Logs::LogGroup", f"Response{other.title()}Logs")
        stream = f"{made.arn(group)}:log-stream:2026/03/11"
        assert may(role, "logs:PutLogEvents", stream) == (other == function)


def document(made: Made, name: str) -> str:
    """Give the ARN of one of our documents."""
    return f"arn:aws:ssm:{HERE}:document/{made.one('AWS::SSM::Document', f'{name}Document').name}"


@pytest.mark.parametrize("name", ["LookHost", "RestartEnclave", "RestartParent"])
def test_only_reconcile_sends_our_documents(made: Made, name: str) -> None:
    """Our two documents, by reconcile alone."""
    allowed = [
        each for each in FUNCTIONS if may(role_of(made, each), SEND, document(made, name), **TAG)
    ]
    assert allowed == ["reconcile"]


@pytest.mark.parametrize(
    "name",
    [
        f"arn:aws:ssm:{REGION}::document/AWS-RunShellScript",
        f"arn:aws:ssm:{REGION}::document/AWS-RunRemoteScript",
        f"arn:aws:ssm:{REGION}::document/AWS-RunDocument",
        f"arn:aws:ssm:{REGION}::document/AWS-RunPowerShellScript",
        f"arn:aws:ssm:{HERE}:document/somebody-elses",
    ],
)
def test_no_other_document_is_sent(made: Made, name: str) -> None:
    """No other document, for any owner and tags."""
    assert not may(role_of(made, "reconcile"), SEND, name, **TAG)


@pytest.mark.parametrize("name", ["RunShellScript", "RunRemoteScript", "RunDocument"])
def test_a_document_that_takes_any_command_is_denied(made: Made, name: str) -> None:
    """Even a permission that is added later does not open these."""
    denied = [
        each["Resource"]
        for each in statements(role_of(made, "reconcile"))
        if each["Effect"] == "Deny" and each["Action"] == SEND
    ]
    assert [f"arn:aws:ssm:*:*:document/AWS-{name}" in each for each in denied] == [True]


@pytest.mark.parametrize(
    ("tags", "allowed"),
    [
        (TAG, True),
        (TAG | {"Name": "host-1"}, True),
        ({}, False),
        ({"Application": "vettid-nats"}, False),
        ({"application": "vettid-enclave"}, True),  # IAM compares a tag's key without case
        ({"Application": "Vettid-Enclave"}, False),
    ],
)
def test_only_the_fleets_instances(made: Made, tags: dict[str, str], *, allowed: bool) -> None:
    """An instance must carry the profile's tags."""
    assert may(role_of(made, "reconcile"), SEND, INSTANCE, **tags) == allowed


def test_our_documents_cannot_be_changed(made: Made) -> None:
    """The sent documents stay as reviewed."""
    role = role_of(made, "reconcile")
    for action in ("ssm:UpdateDocument", "ssm:UpdateDocumentDefaultVersion", "ssm:CreateDocument"):
        assert not may(role, action, document(made, "RestartEnclave"))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_is_allowed_on_everything_has_a_reason(made: Made, function: str) -> None:
    """Only reads for which there is no narrower resource: all for reconcile, few for others."""
    unscoped = {
        action
        for each in statements(role_of(made, function))
        if each["Effect"] == "Allow" and "*" in each["Resource"]
        for action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
        if each["Resource"] == "*"
    }
    wanted = {
        "reconcile": set(UNSCOPED | INVESTIGATION_READS),
        "ingest": set(INGEST_READS),
        "sweep": set(SWEEP_READS),
    }
    assert unscoped == wanted.get(function, set())
    assert all(
        ": " in f": {reason}" and len(reason) > 10
        for reason in (UNSCOPED | INVESTIGATION_READS).values()
    )


def test_every_permission_that_an_action_declares_is_given(made: Made) -> None:
    """The roles are derived from the actions: none of their permissions is missing."""
    role = role_of(made, "reconcile")
    declared = {each for action in ACTIONS.values() for each in action.permissions}
    assert all(may(role, each, "*") for each in declared - {SEND, *GROUP_CHANGES})
    assert all(may(role, each, group_arn("VettID-Nitro-EnclaveASG")) for each in GROUP_CHANGES)
    assert declared >= {SEND, *GROUP_CHANGES}


def group_arn(name: str) -> str:
    """Give the ARN of an Auto Scaling group."""
    return f"arn:aws:autoscaling:{HERE}:autoScalingGroup:1a2b:autoScalingGroupName/{name}"


@pytest.mark.parametrize("action", GROUP_CHANGES)
def test_only_reconcile_changes_the_fleets_group(made: Made, action: str) -> None:
    """Not another group, and no instance past its group."""
    ours, others = group_arn("VettID-Nitro-EnclaveASG"), group_arn("VettID-NATS-NatsAsg")
    assert [each for each in FUNCTIONS if may(role_of(made, each), action, ours)] == ["reconcile"]
    assert not may(role_of(made, "reconcile"), action, others)
    assert not may(role_of(made, "reconcile"), "ec2:TerminateInstances", INSTANCE, **TAG)


def test_no_role_borrows_a_managed_policy(made: Made) -> None:
    """Each role is its own, for one service."""
    roles = made.of("AWS::IAM::Role")
    functions, schedules = made.of("AWS::Lambda::Function"), made.of("AWS::Scheduler::Schedule")
    assert len(roles) == len(functions) + len(schedules)
    for role in roles:
        (trust,) = role.properties["AssumeRolePolicyDocument"]["Statement"]
        assert "ManagedPolicyArns" not in role.properties
        assert list(trust["Principal"]) == ["Service"]
    for scheduler in [each for each in roles if "Schedule" in each.logical_id]:
        (trust,) = scheduler.properties["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
        (statement,) = statements(scheduler)
        if scheduler.logical_id.startswith("Drills"):
            continue
        assert statement["Action"] == "lambda:InvokeFunction"
        assert ":function:firstline-vettid-app-" in statement["Resource"]


def test_a_fleets_surroundings_are_seen_by_their_names(profile: Profile) -> None:
    """The key by its alias, the stack by its name, and nothing where the fleet has neither."""
    assert read_preflight(profile.fleet) == []
    named = copy.replace(
        profile.fleet, kms_key="alias/vettid", stack="VettID-Nitro", pcr0_parameter="/vettid/pcr0"
    )
    found = {
        each["Action"]: each for each in (it.to_statement_json() for it in read_preflight(named))
    }
    assert sorted(found) == [
        "cloudformation:DescribeStacks",
        "kms:DescribeKey",
        "kms:GetKeyPolicy",
        "ssm:GetParameter",
    ]
    assert found["kms:DescribeKey"]["Condition"] == {
        "StringEquals": {"kms:RequestAlias": "alias/vettid"}
    }
    assert found["kms:GetKeyPolicy"]["Condition"] == {
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/vettid"}
    }
    assert found["cloudformation:DescribeStacks"]["Resource"].endswith(":stack/VettID-Nitro/*")
    assert found["ssm:GetParameter"]["Resource"].endswith(":parameter/vettid/pcr0")


def test_codedeploy_is_asked_of_the_fleets_group_alone(profile: Profile) -> None:
    """And of none where the profile names none."""
    assert len(read_investigation(profile.fleet)) == 1
    fleet = copy.replace(profile.fleet, deployment_group="vaults/blue")
    _, own = (each.to_statement_json() for each in read_investigation(fleet))
    assert own["Action"] == "codedeploy:ListDeployments"
    assert str(own["Resource"]).endswith(":deploymentgroup:vaults/blue")
