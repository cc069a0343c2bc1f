"""moto's DynamoDB with small copies: what a transaction or a query does not name is left aside.

moto copies whole tables before each action of a transaction, so that it can put them back, and
looks at every item for each query. Here its own code runs on tables that hold the items that are
named, or the one partition; what it made of them is then put back among the others.
"""

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from moto.core.model_instances import reset_model_data
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table
from moto.sqs.models import sqs_backends

from firstline.config.settings import Home

type _Items = defaultdict[DynamoType, dict[DynamoType, Any]]
type _Key = tuple[DynamoType, DynamoType]

_transact: Callable[..., None] = DynamoDBBackend.transact_write_items
_query: Callable[..., Any] = Table.query
_QUERY = inspect.signature(Table.query)


@contextmanager
def narrowed() -> Iterator[None]:
    """While it is entered, transactions and queries cost what they name, not what tables hold."""
    backend: Any = DynamoDBBackend
    table: Any = Table
    backend.transact_write_items, table.query = _transact_narrowly, _query_narrowly
    try:
        yield
    finally:
        backend.transact_write_items, table.query = _transact, _query


def forget(home: Home, queue_url: str) -> None:
    """Let moto forget what is over: it holds on to whatever it ever made, for its dashboard.

    And to the messages of a queue, all of which were taken: it looks at each, each time.
    """
    reset_model_data()
    queues = sqs_backends[home.account][home.region]
    queue = queues.get_queue(queue_url.rpartition("/")[2])
    queue.last_purged_at = None  # once a minute is what AWS allows
    queues.purge_queue(queue.name)


def _transact_narrowly(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    with ExitStack() as stack:
        for name, keys in _named(backend, transact_items).items():
            stack.enter_context(_only(backend, name, keys))
        _transact(backend, transact_items)


def _query_narrowly(table: Table, *args: Any, **named: Any) -> Any:  # noqa: ANN401 - as moto's
    asked = _QUERY.bind(table, *args, **named).arguments
    if asked.get("index_name") is not None or table.range_key_attr is None:
        return _query(table, *args, **named)
    whole: _Items = table.items
    partition = whole.get(asked["hash_key"], {})
    table.items = defaultdict(dict, {asked["hash_key"]: partition})
    try:
        return _query(table, *args, **named)
    finally:
        table.items = whole


def _named(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> dict[str, list[_Key]]:
    """The keys that are named, by table; a table that is not there, or has no sort key, is not."""
    found: dict[str, list[_Key]] = {}
    for operation in (each for item in transact_items for each in item.values()):
        table = backend.tables.get(operation.get("TableName"))
        attributes = operation.get("Key") or operation.get("Item") or {}
        if table is None or table.range_key_attr is None:
            continue
        if {table.hash_key_attr, table.range_key_attr} <= attributes.keys():
            hash_, range_ = (attributes[each] for each in table.table_key_attrs)
            key = (DynamoType(hash_), DynamoType(range_))
            found.setdefault(table.name, []).append(key)
    return found


@contextmanager
def _only(backend: DynamoDBBackend, name: str, keys: list[_Key]) -> Iterator[None]:
    """While it is entered the table holds no items but those of *keys*."""
    whole: _Items = backend.tables[name].items
    few: _Items = defaultdict(dict)
    for hash_, range_ in keys:
        if range_ in whole.get(hash_, {}):
            few[hash_][range_] = whole[hash_][range_]
    backend.tables[name].items = few
    try:
        yield
    finally:
        table = backend.tables[name]  # where it was rolled back, a copy stands in its place
        made: _Items = table.items
        for hash_, range_ in keys:
            whole[hash_].pop(range_, None)
            if range_ in made.get(hash_, {}):
                whole[hash_][range_] = made[hash_][range_]
        table.items = whole
