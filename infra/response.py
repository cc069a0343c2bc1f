"""Response: the three functions, their event sources, and the SSM documents that they send."""

from collections.abc import Callable
from typing import NamedTuple

from aws_cdk import Duration, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from firstline.actions.look_host import LOOK_HOST
from firstline.actions.restart_enclave import RESTART_ENCLAVE
from firstline.actions.restart_parent import RESTART_PARENT
from firstline.config.deployment_section import Deployment
from firstline.config.profile import Fleet, Units
from infra import roles, unscoped
from infra.documents import content
from infra.nag import accept
from infra.queues import INGEST_TIMEOUT, RECONCILE_TIMEOUT, Queues
from infra.records import DUE_INDEX, OPEN_INDEX, Records
from infra.runtime import Handler, Runtime
from infra.schedule import every_minute

SWEEP_TIMEOUT = Duration.seconds(55)

_DOCUMENTS: dict[str, Callable[[Units], dict[str, object]]] = {
    LOOK_HOST.name: lambda units: content.look_host(
        enclave_units=(units.enclave,), parent_units=(units.parent,)
    ),
    RESTART_ENCLAVE.name: lambda units: content.restart_enclave(
        units=(units.enclave,), parents=(units.parent,)
    ),
    RESTART_PARENT.name: lambda units: content.restart_parent(units=(units.parent,)),
}


def documents(scope: Construct, units: Units) -> dict[str, str]:
    """Return the names of the SSM documents by action; they accept the profile's units only."""
    made = {
        action: ssm.CfnDocument(
            scope,
            f"{action.title().replace('_', '')}Document",
            document_type="Command",
            document_format="JSON",
            update_method="NewVersion",
            content=make(units),
        )
        for action, make in _DOCUMENTS.items()
    }
    return {action: document.ref for action, document in made.items()}


def schedule_inspections(scope: Construct, document: str, fleet: Fleet) -> None:
    """Have State Manager inspect each host of the group every half hour.

    An inspection continues the parent's journal where the last one stopped: an incident's own
    has little to read, and entries are read before journald vacuums them. Half an hour is State
    Manager's shortest rate. Neither NATS nor the credentials are checked.
    """
    ssm.CfnAssociation(
        scope,
        "LookBetweenIncidents",
        name=document,
        parameters={"EnclaveUnit": [fleet.units.enclave], "ParentUnit": [fleet.units.parent]},
        schedule_expression="rate(30 minutes)",
        targets=[
            ssm.CfnAssociation.TargetProperty(
                key="tag:aws:autoscaling:groupName", values=[fleet.group]
            )
        ],
    )


class Resources(NamedTuple):
    """All resources that the functions use; ``fleet`` is theirs."""

    queues: Queues
    records: Records
    routing_key: secretsmanager.ISecret
    team: sns.Topic
    documents: dict[str, str]
    fleet: Fleet


class Response(Construct):
    """ingest receives signals, reconcile decides and acts, sweep retries what was left."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        runtime: Runtime,
        resources: Resources,
        settings: Deployment,
    ) -> None:
        super().__init__(scope, name)
        ingest = runtime.function(self, _ingest(resources, settings.ingest_concurrency_reserved))
        # a throttled message counts as received, and may become a dead letter unprocessed
        _feed(ingest, resources.queues.signals.queue_arn, settings.ingest_concurrency_reserved)
        reconcile = runtime.function(self, _reconcile(Stack.of(self), resources))
        _feed(reconcile, resources.queues.wakes.queue_arn, settings.reconcile_concurrency_max)
        unscoped.accept_reads(self.node.find_child("IngestRole"), unscoped.INGEST_READS)
        sweep = runtime.function(self, _sweep(resources))
        unscoped.accept_reads(self.node.find_child("SweepRole"), unscoped.SWEEP_READS)
        unscoped.accept_unscoped(self.node.find_child("ReconcileRole"), resources.fleet.group)
        unscoped.accept_preflight(self.node.find_child("ReconcileRole"), resources.fleet)
        reason = (
            "a sweep that fails does not beat, and three missing beats reach the emergency topic"
        )
        every_minute(self, "Sweep", sweep, reason)


def _ingest(resources: Resources, reserved: int | None) -> Handler:
    """Return ingest's handler; a page waits for its imports, so that it has more memory for CPU.

    It reads alarms to compare a late signal with the present (I14), the external events with
    their lease, and the group for a finding on its hosts.
    """
    kept = ("GetItem", "BatchGetItem", "Query", "PutItem")
    may = {
        "signals": roles.consume(resources.queues.signals),
        "wakes": roles.send(resources.queues.wakes),
        "incidents": roles.keep_incidents(resources.records.incidents, *kept),
        "ledger": roles.append_to_ledger(resources.records.ledger),
        "routing-key": roles.read_secret(resources.routing_key),
        "team": roles.publish(resources.team),
        "arrivals": roles.read_unscoped(unscoped.INGEST_READS),
    }
    return Handler("ingest", INGEST_TIMEOUT, 1024, may, reserved=reserved)


def _reconcile(stack: Stack, resources: Resources) -> Handler:
    reads = ("GetItem", "BatchGetItem", "Query")
    writes = ("PutItem", "DeleteItem", "ConditionCheckItem")
    documents = list(resources.documents.values())
    may = {
        "wakes": [*roles.consume(resources.queues.wakes), *roles.send(resources.queues.wakes)],
        "incidents": roles.keep_incidents(resources.records.incidents, *reads, *writes),
        "ledger": roles.append_to_ledger(resources.records.ledger),
        "routing-key": roles.read_secret(resources.routing_key),
        "team": roles.publish(resources.team),
        "fleet": roles.inspect_and_fix(stack, documents, resources.fleet),
        "around": roles.read_preflight(resources.fleet),
        "background": roles.read_investigation(resources.fleet),
    }
    return Handler("reconcile", RECONCILE_TIMEOUT, 512, may, recursive=True)


def _sweep(resources: Resources) -> Handler:
    """Return sweep's handler, which opens an incident for a P1's alarm without one."""
    kept = ("GetItem", "BatchGetItem", "Query", "PutItem", "DeleteItem")
    may = {
        "wakes": roles.send(resources.queues.wakes),
        "alarms": roles.read_unscoped(unscoped.SWEEP_READS),
        "indexes": roles.query_indexes(resources.records.incidents, DUE_INDEX, OPEN_INDEX),
        "incidents": roles.keep_incidents(resources.records.incidents, *kept),
        "ledger": [
            *roles.append_to_ledger(resources.records.ledger),
            *roles.read_ledger(resources.records.ledger),
        ],
        "routing-key": roles.read_secret(resources.routing_key),
        "team": roles.publish(resources.team),
    }
    return Handler("sweep", SWEEP_TIMEOUT, 512, may)


def _feed(function: lambda_.Function, queue_arn: str, workers_max: int | None = None) -> None:
    """Deliver one message at a time, so that a bad one fails alone."""
    source = function.add_event_source_mapping(
        "Source",
        event_source_arn=queue_arn,
        batch_size=1,
        report_batch_item_failures=True,
        max_concurrency=workers_max,
    )
    dead = "an SQS source has no destination of its own: the queue has its dead letters"
    accept(source, "Serverless-LambdaEventSourceMappingDestination", dead)
