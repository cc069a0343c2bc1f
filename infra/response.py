"""Response: the three functions, what feeds them, and the SSM documents that they may send."""

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
    """The SSM documents' names, by their action; they take the profile's units and no other."""
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


def look_between_incidents(scope: Construct, document: str, fleet: Fleet) -> None:
    """Have State Manager look at each host of the group every half hour, for nobody's report.

    A look reads the parent's journal on from where the last one stopped: in an incident little is
    left to read, and what journald vacuums has been read before. Half an hour is State Manager's
    shortest rate. Neither NATS nor the credentials are looked at.
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


class Reach(NamedTuple):
    """All that the functions can touch; ``fleet`` is the one that they are for."""

    queues: Queues
    records: Records
    routing_key: secretsmanager.ISecret
    team: sns.Topic
    documents: dict[str, str]
    fleet: Fleet


class Response(Construct):
    """ingest hears, reconcile decides and acts, sweep sees to what was left behind."""

    def __init__(
        self, scope: Construct, name: str, *, runtime: Runtime, reach: Reach, settings: Deployment
    ) -> None:
        super().__init__(scope, name)
        ingest = runtime.function(self, _ingest(reach, settings.ingest_concurrency_reserved))
        # what is received and then throttled counts as tried, and may end as a dead letter unseen
        _feed(ingest, reach.queues.signals.queue_arn, settings.ingest_concurrency_reserved)
        reconcile = runtime.function(self, _reconcile(Stack.of(self), reach))
        _feed(reconcile, reach.queues.wakes.queue_arn, settings.reconcile_concurrency_max)
        unscoped.accept_reads(self.node.find_child("IngestRole"), unscoped.ARRIVALS)
        sweep = runtime.function(self, _sweep(reach))
        unscoped.accept_reads(self.node.find_child("SweepRole"), unscoped.UNANNOUNCED)
        unscoped.accept_unscoped(self.node.find_child("ReconcileRole"), reach.fleet.group)
        unscoped.accept_around(self.node.find_child("ReconcileRole"), reach.fleet)
        told = "a sweep that fails does not beat, and three missing beats reach the emergency topic"
        every_minute(self, "Sweep", sweep, told)


def _ingest(reach: Reach, reserved: int | None) -> Handler:
    """A page waits for its imports: memory is what buys CPU.

    It reads alarms to hold a signal that comes late against the present (I14), what goes on
    around the group with the lease, to which it adds, and the group for a finding on its hosts.
    """
    kept = ("GetItem", "BatchGetItem", "Query", "PutItem")
    may = {
        "signals": roles.consume(reach.queues.signals),
        "wakes": roles.send(reach.queues.wakes),
        "incidents": roles.keep_incidents(reach.records.incidents, *kept),
        "ledger": roles.append_to_ledger(reach.records.ledger),
        "routing-key": roles.read_secret(reach.routing_key),
        "team": roles.publish(reach.team),
        "arrivals": roles.read(unscoped.ARRIVALS),
    }
    return Handler("ingest", INGEST_TIMEOUT, 1024, may, reserved=reserved)


def _reconcile(stack: Stack, reach: Reach) -> Handler:
    reads = ("GetItem", "BatchGetItem", "Query")
    writes = ("PutItem", "DeleteItem", "ConditionCheckItem")
    documents = list(reach.documents.values())
    may = {
        "wakes": [*roles.consume(reach.queues.wakes), *roles.send(reach.queues.wakes)],
        "incidents": roles.keep_incidents(reach.records.incidents, *reads, *writes),
        "ledger": roles.append_to_ledger(reach.records.ledger),
        "routing-key": roles.read_secret(reach.routing_key),
        "team": roles.publish(reach.team),
        "fleet": roles.look_and_fix(stack, documents, reach.fleet),
        "around": roles.look_around(reach.fleet),
        "background": roles.look_up(reach.fleet),
    }
    return Handler("reconcile", RECONCILE_TIMEOUT, 512, may, recursive=True)


def _sweep(reach: Reach) -> Handler:
    """It asks which of the P1s' alarms are in ALARM, and opens what has no incident."""
    kept = ("GetItem", "BatchGetItem", "Query", "PutItem", "DeleteItem")
    may = {
        "wakes": roles.send(reach.queues.wakes),
        "alarms": roles.read(unscoped.UNANNOUNCED),
        "indexes": roles.find(reach.records.incidents, DUE_INDEX, OPEN_INDEX),
        "incidents": roles.keep_incidents(reach.records.incidents, *kept),
        "ledger": [
            *roles.append_to_ledger(reach.records.ledger),
            *roles.read_ledger(reach.records.ledger),
        ],
        "routing-key": roles.read_secret(reach.routing_key),
        "team": roles.publish(reach.team),
    }
    return Handler("sweep", SWEEP_TIMEOUT, 512, may)


def _feed(function: lambda_.Function, queue_arn: str, workers_max: int | None = None) -> None:
    """One message at a time, so that a bad one fails alone."""
    source = function.add_event_source_mapping(
        "Source",
        event_source_arn=queue_arn,
        batch_size=1,
        report_batch_item_failures=True,
        max_concurrency=workers_max,
    )
    dead = "an SQS source has no destination of its own: the queue has its dead letters"
    accept(source, "Serverless-LambdaEventSourceMappingDestination", dead)
