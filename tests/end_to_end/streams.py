"""Streams: what Lambda does with a table's stream for the deployed mappings.

A shard's records come in order, a batch at a time; one that fails comes again, and nothing after
it before. A mapping whose retries end would have to be bisected, and is refused.
"""

from datetime import datetime
from threading import Event, Thread
from typing import Any, Self

from tests.end_to_end.cloud import REGION, Cloud
from tests.end_to_end.lambdas import Lambdas

IDLE_SECONDS = 0.5


class Streams:
    """A worker for each mapping of a stream, at work while it is entered.

    *places* holds where each stands, for another time: what was done is not done again.
    """

    def __init__(self, cloud: Cloud, lambdas: Lambdas, places: dict[str, str]) -> None:
        self._cloud = cloud
        self._lambdas = lambdas
        self._places = places
        self._over = Event()
        self._workers: list[Thread] = []

    def __enter__(self) -> Self:
        mappings = self._cloud.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        self._workers = [
            Thread(target=self._work, args=(each,), name="stream")
            for each in mappings
            if "/stream/" in each["EventSourceArn"]
        ]
        for worker in self._workers:
            worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for worker in self._workers:
            worker.join()

    def _work(self, mapping: dict[str, Any]) -> None:
        if mapping.get("MaximumRetryAttempts", -1) != -1:
            raise NotImplementedError(mapping)
        streams, arn = self._cloud.client("dynamodbstreams"), mapping["EventSourceArn"]
        (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        while not self._over.is_set():
            # asked anew each time: moto puts another shard in place after a transaction that failed
            iterator = streams.get_shard_iterator(
                StreamArn=arn, ShardId=shard["ShardId"], **self._from(arn)
            )["ShardIterator"]
            records = streams.get_records(ShardIterator=iterator, Limit=mapping["BatchSize"])
            batch = records["Records"]
            if batch and self._invoke(mapping, batch):
                self._places[arn] = batch[-1]["dynamodb"]["SequenceNumber"]
            else:
                self._over.wait(IDLE_SECONDS)

    def _from(self, arn: str) -> dict[str, str]:
        if arn not in self._places:
            return {"ShardIteratorType": "TRIM_HORIZON"}
        after = self._places[arn]
        return {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": after}

    def _invoke(self, mapping: dict[str, Any], records: list[dict[str, Any]]) -> bool:
        event = {"Records": [_record(each, mapping["EventSourceArn"]) for each in records]}
        return not self._lambdas.invoke(mapping["FunctionArn"], event).failed


def _record(record: dict[str, Any], arn: str) -> dict[str, Any]:
    changed = dict(record["dynamodb"])
    at = changed.get("ApproximateCreationDateTime")
    if isinstance(at, datetime):
        changed["ApproximateCreationDateTime"] = at.timestamp()
    return {
        "eventID": record["eventID"],
        "eventName": record["eventName"],
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": REGION,
        "dynamodb": changed,
        "eventSourceARN": arn,
    }
