"""Response: the three functions, what feeds them, and the SSM documents that they may send."""

from collections.abc import Callable, Mapping

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from firstline.profile import Units
from infra import roles
from infra.context import Context
from infra.documents import content
from infra.nag import accept
from infra.queues import INGEST_TIMEOUT, RECONCILE_TIMEOUT, Queues
from infra.records import Records
from infra.runtime import Runtime

SWEEP_TIMEOUT = Duration.seconds(55)

_DOCUMENTS: dict[str, Callable[[Units], dict[str, object]]] = {
    "look_host": lambda units: content.look_host(
        enclave_units=(units.enclave,), parent_units=(units.parent,)
    ),
    "restart_enclave": lambda units: content.restart_enclave(units=(units.enclave,)),
}


def documents(scope: Construct, units: Units) -> dict[str, str]:
    """The SSM documents, by the name of their action; only the profile's units are allowed."""
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


class Response(Construct):
    """ingest hears, reconcile decides and acts, sweep sees to what was left behind."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        runtime: Runtime,
        queues: Queues,
        records: Records,
        routing_key: secretsmanager.ISecret,
        context: Context,
        documents: Mapping[str, str],
        tags: Mapping[str, str],
    ) -> None:
        super().__init__(scope, name)
        self._runtime, self._queues, self._records = runtime, queues, records
        self._routing_key = roles.read_secret(routing_key)
        ingest = self._ingest(context.ingest_concurrency_reserved)
        reconcile = self._reconcile(documents, tags)
        _feed(ingest, queues.signals.queue_arn)
        _feed(reconcile, queues.wakes.queue_arn, context.reconcile_concurrency_max)
        _every_minute(self, self._sweep())

    def _ingest(self, reserved: int | None) -> lambda_.Function:
        """A page waits for its imports: memory is what buys CPU."""
        incidents = ("GetItem", "Query", "PutItem", "ConditionCheckItem")
        return self._runtime.function(
            self,
            "ingest",
            timeout=INGEST_TIMEOUT,
            memory_mb=1024,
            reserved=reserved,
            may={
                "signals": roles.consume(self._queues.signals),
                "wakes": roles.send(self._queues.wakes),
                "incidents": roles.keep_incidents(self._records.incidents, *incidents),
                "ledger": roles.append_to_ledger(self._records.ledger),
                "routing-key": self._routing_key,
            },
        )

    def _reconcile(
        self, documents: Mapping[str, str], tags: Mapping[str, str]
    ) -> lambda_.Function:
        incidents = (
            *("GetItem", "BatchGetItem", "Query", "ConditionCheckItem"),
            *("PutItem", "UpdateItem", "DeleteItem"),
        )
        function = self._runtime.function(
            self,
            "reconcile",
            timeout=RECONCILE_TIMEOUT,
            memory_mb=512,
            recursive=True,
            may={
                "wakes": [*roles.consume(self._queues.wakes), *roles.send(self._queues.wakes)],
                "incidents": roles.keep_incidents(self._records.incidents, *incidents),
                "ledger": roles.append_to_ledger(self._records.ledger),
                "routing-key": self._routing_key,
                "fleet": roles.look_and_fix(Stack.of(self), list(documents.values()), tags),
            },
        )
        roles.accept_unscoped(self.node.find_child("ReconcileRole"))
        return function

    def _sweep(self) -> lambda_.Function:
        incidents = ("GetItem", "Query", "PutItem", "ConditionCheckItem")
        return self._runtime.function(
            self,
            "sweep",
            timeout=SWEEP_TIMEOUT,
            memory_mb=512,
            may={
                "wakes": roles.send(self._queues.wakes),
                "due": roles.find_due(self._records.incidents),
                "incidents": roles.keep_incidents(self._records.incidents, *incidents),
                "ledger": roles.append_to_ledger(self._records.ledger),
                "routing-key": self._routing_key,
            },
        )


def _feed(function: lambda_.Function, queue_arn: str, workers_max: int | None = None) -> None:
    """One message at a time, so that one bad message fails alone."""
    source = function.add_event_source_mapping(
        "Queue",
        event_source_arn=queue_arn,
        batch_size=1,
        report_batch_item_failures=True,
        max_concurrency=workers_max,
    )
    dead = "an SQS source has no destination of its own: the queue has its dead letters"
    accept(source, "Serverless-LambdaEventSourceMappingDestination", dead)


def _every_minute(scope: Construct, function: lambda_.Function) -> None:
    """A run that fails or comes late is not repeated: the next one is a minute away."""
    account = {"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}}
    invoke = iam.PolicyStatement(
        actions=["lambda:InvokeFunction"], resources=[function.function_arn]
    )
    role = roles.role(
        scope,
        "ScheduleRole",
        iam.ServicePrincipal("scheduler.amazonaws.com", conditions=account),
        {"sweep": [invoke]},
    )
    scheduler.CfnSchedule(
        scope,
        "EveryMinute",
        schedule_expression="rate(1 minute)",
        flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
        target=scheduler.CfnSchedule.TargetProperty(
            arn=function.function_arn,
            role_arn=role.role_arn,
            retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                maximum_event_age_in_seconds=60, maximum_retry_attempts=0
            ),
        ),
    )
    function.configure_async_invoke(retry_attempts=0, max_event_age=Duration.minutes(1))
    told = "a sweep that fails beats no heart, and three minutes of that reach the emergency topic"
    accept(function, "Serverless-LambdaAsyncFailureDestination", told)
