"""The ledger, read whole or by incident, a page at a time."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest

from firstline.adapters.aws import clients, dynamo_items
from firstline.adapters.aws.ledger import DynamoLedger
from firstline.config.settings import Settings
from firstline.controller.ports.ledger import Ledger
from firstline.controller.ports.store import Change
from firstline.errors import DependencyUnavailable, InvariantViolation
from firstline.lab.twin.aws import TwinAws
from firstline.ledger.chain import Entry
from tests.adapters.backends import Door, Ends, Http, Requests
from tests.adapters.records import ID, OTHER_ID, entries, incident


@pytest.fixture
def ledger(aws: TwinAws, settings: Settings) -> Ledger:
    return DynamoLedger(clients.ledger(aws.session), settings.ledger_table)


def test_what_was_committed_is_read(ledger: Ledger, aws_door: Door, requests: Requests) -> None:
    """One incident's chain, or all of them: each whole and in order, in one request."""
    one, two = entries(ID, 12), entries(OTHER_ID, 3)
    for id_, written in ((ID, one), (OTHER_ID, two)):
        aws_door.ports.store.commit(Change(incident=incident(id_), entries=written))
    requests.clear()
    assert tuple(ledger.entries(ID)) == one
    assert tuple(ledger.entries(OTHER_ID)) == two
    assert requests.sends == ["dynamodb.Query"] * 2
    requests.clear()
    everything = list(ledger.everything())
    assert [each for each in everything if each.incident == ID] == list(one)
    assert [each for each in everything if each.incident == OTHER_ID] == list(two)
    assert len(everything) == 15
    assert requests.sends == ["dynamodb.Scan"]


def paged(*pages: tuple[Entry, ...]) -> Ends:
    """A session that answers with these pages, and one that goes wrong after the last."""
    answers: list[dict[str, Any]] = [
        {
            "Items": [dynamo_items.entry_item(each) for each in page],
            "LastEvaluatedKey": {"x": {"S": "y"}},
        }
        for page in pages
    ]
    return Ends(answers)


@pytest.mark.parametrize("read", [lambda it: it.entries(ID), lambda it: it.everything()])
def test_a_page_is_asked_for_when_it_is_needed(read: Callable[[Ledger], Iterator[Entry]]) -> None:
    """A reader that stops sends no more requests: only a page is in memory."""
    ends = paged(entries(ID, 2), entries(OTHER_ID, 2))
    ledger = DynamoLedger(clients.ledger(ends.session), "ledger")
    assert list(islice(read(ledger), 2)) == list(entries(ID, 2))
    assert ends.sends == 1
    ends.end = paged(entries(ID, 2), entries(OTHER_ID, 2)).end
    assert len(list(islice(read(ledger), 3))) == 3
    assert ends.sends == 3


def test_a_page_that_cannot_be_read_is_unavailable() -> None:
    ends = Ends(Http(400, '{"__type": "AccessDeniedException"}'))
    ledger = DynamoLedger(clients.ledger(ends.session), "ledger")
    for read in (ledger.entries(ID), ledger.everything()):
        with pytest.raises(DependencyUnavailable, match="ledger: AccessDeniedException"):
            list(read)


def test_an_item_that_is_no_entry_is_a_bug() -> None:
    """It is not skipped: an entry would be missing."""
    ends = Ends([{"Items": [{"incident": {"S": ID}}]}])
    with pytest.raises(InvariantViolation, match="has no sequence"):
        list(DynamoLedger(clients.ledger(ends.session), "ledger").everything())
