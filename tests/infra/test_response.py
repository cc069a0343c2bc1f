"""The functions against their code: names, limits, sources, settings, documents."""

import importlib
import inspect
import json
from pathlib import Path

import pytest
from aws_cdk import App

from app import compose
from firstline import version as code
from firstline.actions.catalogue import DOCUMENTS
from firstline.config import fleet_file
from firstline.config.profile import Profile
from firstline.config.settings import Home, Settings
from firstline.lab.twin import resources
from firstline.lab.twin.event_source_mapping import VISIBILITY
from firstline.monitoring import alarms as detection
from firstline.signal import DRILL_ALARM
from infra.packaging import PROFILE_PATH
from tests.builders import PROFILE_FILE, deployable
from tests.infra.conftest import WITHOUT_BUNDLING, deployed_with
from tests.infra.made import ACCOUNT, REGION, Made, Resource

TIMEOUTS_SECONDS = {
    "ingest": 30,
    "reconcile": 60,
    "sweep": 55,
    "operator": 30,
    "archive": 60,
    "audit": 300,
}
NAMES = {
    *("TableName", "QueueName", "FunctionName", "AlarmName", "RoleName", "PolicyName", "RuleName"),
    *("TopicName", "LayerName", "LogGroupName", "Name"),
}


def functions(made: Made) -> dict[str, Resource]:
    """Give the functions by the name of their handler's module."""
    found = made.of("AWS::Lambda::Function")
    return {each.properties["Handler"].split(".")[1]: each for each in found}


def url(made: Made, queue: str) -> str:
    """Give the address of *queue*."""
    name = made.one("AWS::SQS::Queue", queue).name
    return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"


def source(made: Made, function: str) -> dict[str, object]:
    """Give the properties of what feeds *function*."""
    (found,) = [
        each.properties
        for each in made.of("AWS::Lambda::EventSourceMapping")
        if each.properties["FunctionName"] == functions(made)[function].name
    ]
    return found


@pytest.mark.parametrize("name", TIMEOUTS_SECONDS)
def test_a_function_has_its_handler(made: Made, name: str) -> None:
    """The handler in the template is a function of (event, context) in the code."""
    function = functions(made)[name].properties
    module, _, attribute = function["Handler"].rpartition(".")
    handler = getattr(importlib.import_module(module), attribute)
    parameters = list(inspect.signature(handler).parameters.values())
    assert [each.name for each in parameters[:2]] == ["event", "context"]
    assert all(each.default is not inspect.Parameter.empty for each in parameters[2:])


@pytest.mark.parametrize(("name", "timeout"), TIMEOUTS_SECONDS.items())
def test_a_function_has_its_limits(made: Made, name: str, timeout: int) -> None:
    """Time, runtime, architecture; no reserved concurrency unless the operator asks."""
    function = functions(made)[name].properties
    assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])
    assert function["Timeout"] == timeout
    assert "ReservedConcurrentExecutions" not in function
    assert len(function["Layers"]) == 3


EVERY_MINUTE = ("sweep", "probe_nats", "probe_health")


def test_there_is_no_other_function(made: Made) -> None:
    """Nothing runs that is not in the house."""
    assert set(functions(made)) == {*TIMEOUTS_SECONDS, "probe_nats", "probe_health", "console"}


@pytest.mark.parametrize("name", TIMEOUTS_SECONDS)
def test_a_function_reads_its_settings(made: Made, profile: Profile, name: str) -> None:
    """The environment holds the one settings struct, with the addresses of what was made."""
    environment = functions(made)[name].properties["Environment"]["Variables"]
    assert set(environment) == {"FIRSTLINE_SETTINGS", "FIRSTLINE_HASH_KEY"}
    read = Settings.read(environment)
    assert read.home == Home(account=ACCOUNT, region=REGION)
    assert read.mode == "dry-run"
    assert read.profile_path == PROFILE_PATH
    assert read.incidents_table == made.one("AWS::DynamoDB::Table", "Incidents").name
    assert read.ledger_table == made.one("AWS::DynamoDB::Table", "Ledger").name
    assert read.pager_url == "https://events.pagerduty.com/v2/enqueue"
    assert not read.pager_notes_from
    assert read.code == code.digest()
    assert read.routing_key_secret == made.arn(
        made.one("AWS::SecretsManager::Secret", "RoutingKeyValue")
    )
    assert read.signals_queue_url == url(made, "QueuesSignals")
    assert read.wakes_queue_url == url(made, "QueuesWakes")
    own = [each.name for each in detection.deployable_alarms(profile)]
    assert sorted(read.alarms.values()) == sorted([*own, DRILL_ALARM])
    assert read.hash_key == (
        f"{{{{resolve:secretsmanager:{made.arn(made.one('AWS::SecretsManager::Secret', 'HashKey'))}"
        ":SecretString:::}}"
    )


def test_every_made_alarm_is_known_by_its_arn(made: Made) -> None:
    """The ARN that an event will carry is the one that the settings name."""
    environment = functions(made)["ingest"].properties["Environment"]["Variables"]
    made_alarms = {
        made.arn(each)
        for each in made.of("AWS::CloudWatch::Alarm")
        if each.logical_id.startswith("Detection")
    }
    assert set(Settings.read(environment).alarms) == made_alarms


@pytest.mark.parametrize(
    ("function", "queue", "twin"),
    [
        ("ingest", "QueuesSignals", "signals"),
        ("reconcile", "QueuesWakes", "wakes"),
    ],
)
def test_a_queue_feeds_its_function(made: Made, function: str, queue: str, twin: str) -> None:
    """One message at a time, hidden for six times the function's time, ten times at most."""
    fed, name = made.one("AWS::SQS::Queue", queue), functions(made)[function].name
    mapping = source(made, function)
    assert mapping["EventSourceArn"] == made.arn(fed)
    assert mapping["FunctionName"] == name
    assert mapping["BatchSize"] == 1
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert fed.properties["VisibilityTimeout"] == 6 * TIMEOUTS_SECONDS[function]
    assert fed.properties["VisibilityTimeout"] == VISIBILITY[twin].total_seconds()
    redrive = fed.properties["RedrivePolicy"]
    assert redrive["maxReceiveCount"] == resources.RECEIVED_MAX == 10
    (dead,) = [
        each
        for each in made.of("AWS::SQS::Queue")
        if made.arn(each) == redrive["deadLetterTargetArn"]
    ]
    assert dead.properties["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert fed.properties["MessageRetentionPeriod"] < dead.properties["MessageRetentionPeriod"]


def test_every_queue_is_encrypted_and_refuses_plain_http(made: Made) -> None:
    """SQS's own encryption, and a denial without TLS, on every queue."""
    refusing = {
        each.properties["Queues"][0]
        for each in made.of("AWS::SQS::QueuePolicy")
        for statement in each.properties["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    }
    queues = made.of("AWS::SQS::Queue")
    assert all(each.properties["SqsManagedSseEnabled"] is True for each in queues)
    assert {url.rsplit("/", 1)[1] for url in refusing} == {each.name for each in queues}


def test_reconcile_may_feed_itself(made: Made) -> None:
    """Only reconcile is let loose from recursive-loop detection, and it is bounded."""
    found = {name: each.properties.get("RecursiveLoop") for name, each in functions(made).items()}
    assert {name: each for name, each in found.items() if each} == {"reconcile": "Allow"}
    assert source(made, "reconcile")["ScalingConfig"] == {"MaximumConcurrency": 10}


def test_what_runs_every_minute_is_not_repeated(made: Made) -> None:
    """Sweep and probes: a schedule each, no retries, for the next run is the retry."""
    scheduled = {made.arn(functions(made)[each]) for each in EVERY_MINUTE}
    schedules = [
        each
        for each in made.of("AWS::Scheduler::Schedule")
        if each.properties["ScheduleExpression"] == "rate(1 minute)"
    ]
    assert {each.properties["Target"]["Arn"] for each in schedules} == scheduled
    for schedule in schedules:
        policy = schedule.properties["Target"]["RetryPolicy"]
        assert policy == {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0}
    asynchronous = made.of("AWS::Lambda::EventInvokeConfig")
    names = {functions(made)[each].name for each in (*EVERY_MINUTE, "audit")}
    assert {each.properties["FunctionName"] for each in asynchronous} == names
    assert {each.properties["MaximumRetryAttempts"] for each in asynchronous} == {0}


def test_each_action_has_its_document(made: Made, profile: Profile) -> None:
    """A document for each action, with the action's parameters and only the profile's units."""
    environment = functions(made)["reconcile"].properties["Environment"]["Variables"]
    named = Settings.read(environment).documents
    documents = {each.name: each for each in made.of("AWS::SSM::Document")}
    assert set(named) == set(DOCUMENTS)
    assert len(documents) == len(DOCUMENTS)
    for action, name in named.items():
        document = documents[name].properties
        assert (document["DocumentType"], document["UpdateMethod"]) == ("Command", "NewVersion")
        parameters = document["Content"]["parameters"]
        assert set(parameters) == {each.name for each in DOCUMENTS[action].parameters}
    units = profile.fleet.units
    look, enclave, parent = (
        documents[named[each]].properties["Content"]
        for each in ("look_host", "restart_enclave", "restart_parent")
    )
    assert look["parameters"]["EnclaveUnit"]["allowedValues"] == [units.enclave]
    assert look["parameters"]["ParentUnit"]["allowedValues"] == [units.parent]
    assert enclave["parameters"]["Unit"]["allowedValues"] == [units.enclave]
    assert enclave["parameters"]["ParentUnit"]["allowedValues"] == [units.parent]
    assert parent["parameters"]["Unit"]["allowedValues"] == [units.parent]


def test_each_host_is_looked_at_between_incidents(made: Made, profile: Profile) -> None:
    """So that its journal has been read before it is vacuumed; its units, and no more."""
    environment = functions(made)["reconcile"].properties["Environment"]["Variables"]
    look = Settings.read(environment).documents["look_host"]
    (found,) = made.of("AWS::SSM::Association")
    units = profile.fleet.units
    assert found.properties == {
        "Name": look,
        "Parameters": {"EnclaveUnit": [units.enclave], "ParentUnit": [units.parent]},
        "ScheduleExpression": "rate(30 minutes)",
        "Targets": [{"Key": "tag:aws:autoscaling:groupName", "Values": [profile.fleet.group]}],
    }


def test_nothing_has_a_fixed_name(made: Made) -> None:
    """CloudFormation names everything, so that a second fleet and a replacement find room."""
    fixed = {
        (each.logical_id, name)
        for each in made.resources.values()
        if each.kind
        not in {
            "AWS::Lambda::EventSourceMapping",
            "AWS::Lambda::EventInvokeConfig",
            "AWS::SSM::Association",  # the document that it names is our own
            "AWS::Logs::MetricFilter",  # the log group that it names is the fleet's
        }
        for name in NAMES & each.properties.keys()
    }
    assert fixed == set()


def test_the_routing_key_is_the_operators(made: Made) -> None:
    """The secret is made empty, and an output says how to fill it."""
    secret = made.one("AWS::SecretsManager::Secret", "RoutingKeyValue")
    assert not {"SecretString", "GenerateSecretString"} & secret.properties.keys()
    command = made.outputs("firstline-vettid-app")["SetRoutingKey"]
    assert f"--secret-id {made.arn(secret)} " in command


def test_the_operators_choices_arrive(tmp_path: Path) -> None:
    """Mode, architecture, concurrency and an existing secret are taken from the fleet file."""
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:pager-a1b2c3"
    given = {
        "mode": "enforce",
        "architecture": "x86_64",
        "routing_key_secret_arn": arn,
        "pager_region": "eu",
        "pager_notes_from": "firstline@example.com",
        "reconcile_concurrency_max": 4,
        "ingest_concurrency_reserved": 25,
    }
    app = App(outdir=str(tmp_path), context=deployed_with(tmp_path, **given))
    compose(app)
    app.synth()
    chosen = Made(tmp_path)
    ingest = functions(chosen)["ingest"].properties
    read = Settings.read(ingest["Environment"]["Variables"])
    assert (read.mode, read.routing_key_secret) == ("enforce", arn)
    assert read.pager_url == "https://events.eu.pagerduty.com/v2/enqueue"
    assert read.pager_notes_from == "firstline@example.com"
    assert ingest["Architectures"] == ["x86_64"]
    assert ingest["ReservedConcurrentExecutions"] == 25
    assert source(chosen, "reconcile")["ScalingConfig"] == {"MaximumConcurrency": 4}
    assert source(chosen, "ingest")["ScalingConfig"] == {"MaximumConcurrency": 25}
    assert [each.logical_id for each in chosen.of("AWS::SecretsManager::Secret")] == ["HashKey"]
    outputs = chosen.outputs("firstline-vettid-app")
    assert (outputs["Mode"], outputs["RoutingKeySecret"]) == ("enforce", arn)
    assert json.loads(outputs["Context"]) == {key: str(each) for key, each in given.items()}


def test_the_outputs_say_what_was_deployed(made: Made, profile: Profile) -> None:
    """Which profile, and which secret: `firstline doctor` reads them."""
    outputs = made.outputs("firstline-vettid-app")
    assert outputs["ProfileDigest"] == profile.digest
    assert outputs["RoutingKeySecret"] == made.arn(
        made.one("AWS::SecretsManager::Secret", "RoutingKeyValue")
    )


def test_a_changed_profile_makes_a_new_layer(tmp_path: Path) -> None:
    """A policy that was changed reaches the functions, whatever its file is called."""
    path = tmp_path / "[eu] *fleet#1!.toml"
    text = fleet_file.read(PROFILE_FILE).decode()
    keys = []
    for seconds in (60, 120):
        changed = text.replace("cooldown_seconds = 60", f"cooldown_seconds = {seconds}")
        path.write_text(deployable(changed))
        folder = tmp_path / f"assembly-{seconds}"
        app = App(outdir=str(folder), context={**WITHOUT_BUNDLING, "fleet": str(path)})
        compose(app)
        app.synth()
        layer = Made(folder).one("AWS::Lambda::LayerVersion", "RuntimeProfile")
        keys.append((layer.logical_id, layer.properties["Content"]["S3Key"]))
    assert len(set(keys)) == 2


def test_the_routing_key_outlives_the_stack(made: Made) -> None:
    """A person put it in; a template without it, or a destroy, leaves it."""
    secret = made.one("AWS::SecretsManager::Secret", "RoutingKeyValue")
    assert (secret.raw["DeletionPolicy"], secret.raw["UpdateReplacePolicy"]) == ("Retain", "Retain")
