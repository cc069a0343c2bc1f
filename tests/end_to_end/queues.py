"""Queues: what Lambda's event source mappings do, as the deployed ones are set.

A worker takes a batch, which hides its messages for the queue's visibility timeout, and deletes
what its function dealt with. Delays, receives and dead letters are SQS's own, which is moto's.
A test that waits for dead letters may hide them for less than the queue says. A test may hold
the wakes back: they stay in their queue, so that an incident stands still for as long as needed.
"""

from collections.abc import Callable
from threading import Event, Thread
from typing import Any, Self

from tests.end_to_end.cloud import REGION, Cloud
from tests.end_to_end.lambdas import Lambdas

IDLE_SECONDS = 0.25
WORKERS = 2
"""As many as Lambda has at the least."""
WAKES = "QueuesWakes"
"""Part of the name that CloudFormation gives to the queue of wakes."""


def never() -> bool:
    """Nothing is held back."""
    return False


class Queues:
    """Workers of every mapping of a queue, at work while it is entered.

    *held* is asked before each receive from the queue of wakes; while it holds, none is received.
    """

    def __init__(
        self,
        cloud: Cloud,
        lambdas: Lambdas,
        hidden_seconds: int | None = None,
        held: Callable[[], bool] = never,
    ) -> None:
        self._cloud = cloud
        self._hidden = {} if hidden_seconds is None else {"VisibilityTimeout": hidden_seconds}
        self._lambdas = lambdas
        self._held = held
        self._over = Event()
        self._workers: list[Thread] = []

    def __enter__(self) -> Self:
        mappings = self._cloud.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        for mapping in mappings:
            if ":sqs:" in mapping["EventSourceArn"]:
                self._workers += [
                    Thread(target=self._work, args=(mapping,), name="event-source")
                    for _ in range(WORKERS)
                ]
        for worker in self._workers:
            worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for worker in self._workers:
            worker.join()

    def _work(self, mapping: dict[str, Any]) -> None:
        queues = self._cloud.client("sqs")
        arn = mapping["EventSourceArn"]
        name = arn.rpartition(":")[2]
        url = queues.get_queue_url(QueueName=name)["QueueUrl"]
        held = self._held if WAKES in name else never
        while not self._over.is_set():
            if held():
                self._over.wait(IDLE_SECONDS)
                continue
            batch = queues.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=mapping["BatchSize"],
                AttributeNames=["All"],
                **self._hidden,
            ).get("Messages", [])
            if not batch:
                self._over.wait(IDLE_SECONDS)
                continue
            failed = self._invoke(mapping, batch)
            for message in batch:
                if message["MessageId"] not in failed:
                    queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def _invoke(self, mapping: dict[str, Any], batch: list[dict[str, Any]]) -> set[str]:
        """The ids of the messages that are to come again."""
        arn = mapping["EventSourceArn"]
        result = self._lambdas.invoke(
            mapping["FunctionArn"], {"Records": [_record(each, arn) for each in batch]}
        )
        if result.failed:
            return {each["MessageId"] for each in batch}
        if "ReportBatchItemFailures" not in mapping.get("FunctionResponseTypes", []):
            return set()
        return {each["itemIdentifier"] for each in (result.payload or {})["batchItemFailures"]}


def _record(message: dict[str, Any], arn: str) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": message.get("MessageAttributes", {}),
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": REGION,
    }
