"""What a test gets: the deployed system, at work as long as it is asked to be."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep
from typing import NamedTuple

from firstline.adapters.aws.store import DynamoStore
from firstline.adapters.clock import SystemClock
from firstline.lab.twin.pager.alerts import Received
from firstline.lab.twin.pager.pagerduty import PagerDutyServer
from firstline.lab.twin.scenario import Scenario
from tests.end_to_end import pace
from tests.end_to_end.alarms import Alarms
from tests.end_to_end.assembly import APP, RECORDS, Assembly, Cdk
from tests.end_to_end.cloud import Cloud
from tests.end_to_end.fleet import Fleet
from tests.end_to_end.judge import Judge
from tests.end_to_end.lambdas import Lambdas
from tests.end_to_end.metrics import Metrics
from tests.end_to_end.parents import answering
from tests.end_to_end.queues import Queues, never
from tests.end_to_end.schedules import Schedules
from tests.end_to_end.spent import Begun
from tests.end_to_end.streams import Streams

KEY = "0123456789abcdef0123456789abcdef"
WAIT_SECONDS_MAX = 900
"""When to stop waiting: a whole outage takes 30 s, and some minutes on a busy machine."""


class Deployment(NamedTuple):
    """The two stacks in their cloud, and what stands around them."""

    cloud: Cloud
    cdk: Cdk
    assembly: Assembly
    fleet: Fleet
    metrics: Metrics
    lambdas: Lambdas
    pager: PagerDutyServer
    nats_port: int
    folder: Path
    profile: Path
    streamed: dict[str, str]
    begun: Begun
    making: Begun
    judge: Judge

    def outputs(self, stack: str = APP) -> dict[str, str]:
        """The outputs of *stack*."""
        (found,) = self.cloud.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        return {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}

    def resources(self, stack: str = APP) -> dict[str, str]:
        """The physical ids of the resources of *stack*, by their logical ids."""
        answer = self.cloud.client("cloudformation").describe_stack_resources(StackName=stack)
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for each in answer["StackResources"]
        }

    def function(self, name: str) -> str:
        """The deployed name of the function whose code is ``functions/NAME.py``."""
        (logical_id,) = (
            logical_id
            for logical_id, each in self.assembly.templates[APP]["Resources"].items()
            if each["Type"] == "AWS::Lambda::Function"
            and each["Properties"]["Handler"] == f"functions.{name}.handler"
        )
        return self.resources()[logical_id]

    def set_routing_key(self) -> None:
        """What the output ``SetRoutingKey`` tells the operator to do."""
        secret = self.outputs()["SetRoutingKey"].partition("--secret-id ")[2].split()[0]
        self.cloud.client("secretsmanager").put_secret_value(SecretId=secret, SecretString=KEY)

    @contextmanager
    def at_work(
        self,
        scenario: Scenario,
        watched: tuple[str, ...] = ("healthyhosts",),
        hidden_seconds: int | None = None,
        held: Callable[[], bool] = never,
    ) -> Iterator[None]:
        """The fleet of *scenario*, and queues, schedules and the *watched* alarms at work.

        No wake is received while *held* holds.
        """
        self.fleet.begin(scenario)
        with ExitStack() as stack:
            stack.enter_context(answering(self.nats_port, self.fleet))
            stack.enter_context(Queues(self.cloud, self.lambdas, hidden_seconds, held))
            stack.enter_context(Streams(self.cloud, self.lambdas, self.streamed))
            stack.enter_context(Schedules(self.cloud, self.lambdas))
            alarms = Alarms(
                self.cloud,
                self.metrics,
                self.fleet,
                lambda name: any(each in name for each in watched),
            )
            stack.enter_context(alarms)
            yield

    def store(self, tables: dict[str, str] | None = None) -> DynamoStore:
        """The deployed tables, or those of earlier outputs, read by the functions' adapter."""
        tables = tables or self.outputs(RECORDS)
        client = self.cloud.client("dynamodb")
        return DynamoStore(client, tables["IncidentsTable"], tables["LedgerTable"], SystemClock())

    def an_hour_later(self) -> None:
        """What fixes have spent is over: a group has so many attempts in its window (I20)."""
        found = self.cloud.client("dynamodb")
        table = self.outputs(RECORDS)["IncidentsTable"]
        for each in found.scan(TableName=table)["Items"]:
            if each["sk"] == {"S": "lease"}:
                key = {"pk": each["pk"], "sk": each["sk"]}
                found.delete_item(TableName=table, Key=key)

    def pages(self, since: int) -> list[Received]:
        """What PagerDuty took of incidents after the first *since*."""
        received = self.pager.alerts.received
        return [each for each in received if each.key.startswith("inc-")][since:]

    def queue_to_page(self, since: datetime, page: Received) -> timedelta:
        """From SQS's taking of the first signal after *since* to PagerDuty's of *page*."""
        records = [
            record
            for handler, event in self.lambdas.done
            if handler == "functions.ingest.handler"
            for record in event["Records"]
        ]
        sent = (int(each["attributes"]["SentTimestamp"]) / 1000 for each in records)
        return page.at - min(
            at for each in sent if (at := datetime.fromtimestamp(each, UTC)) >= since
        )

    def wait(self, what: str, holds: Callable[[], bool]) -> None:
        """Wait until it *holds*; fails with the faults so far when it does not in time."""
        until = pace.now().timestamp() + WAIT_SECONDS_MAX
        while not holds():
            assert pace.now().timestamp() < until, f"{what}: {self.cloud.faults.take()}"
            sleep(0.2)


__all__ = ["APP", "RECORDS", "Deployment"]
