"""The looks that doctor remembers, read from the deployed tables and the archive's bucket."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from boto3.session import Session
from moto import mock_aws

from firstline.adapters.aws import clients
from firstline.adapters.aws.store import DynamoStore
from firstline.config.settings import Home
from firstline.controller.ports.store import Change
from firstline.doctor.facts import PastHostReport, ReadFailure
from firstline.doctor.readers.records import (
    RecordsStack,
    read_past_reports,
    read_unreadable_incidents,
)
from firstline.ids import IncidentId
from firstline.incidents.incident import Status
from firstline.lab.twin import aws, resources
from firstline.ledger import archive, export
from firstline.ledger.archive import Checkpoint
from firstline.ledger.chain import GENESIS
from firstline.remediation.kill_switch import OFF
from tests.adapters.account import Answer, Answering, Refusal
from tests.adapters.backends import Requests
from tests.builders import NOW, A, B, host, incident, report

BUCKET = "the-archive"
OPEN, ENDED = IncidentId("inc-" + "1" * 20), IncidentId("inc-" + "2" * 20)


HOME = Home("123456789012", "us-east-1")
"""moto's own account."""
TOLD = RecordsStack({"IncidentsTable": resources.INCIDENTS, "ArchiveBucket": BUCKET}, {})


class Clock:
    """It stands still."""

    def now(self) -> datetime:
        return NOW

    def sleep(self, duration: timedelta) -> None:
        raise AssertionError(duration)


@pytest.fixture
def session() -> Iterator[Session]:
    """Give an account with an open incident, and one that ended, which a checkpoint names."""
    with mock_aws():
        made = aws.session(HOME.region)
        resources.make(made, HOME, OFF)
        store = DynamoStore(clients.store(made), resources.INCIDENTS, resources.LEDGER, Clock())
        store.commit(Change(incident=incident(id=OPEN, hosts={A: host(age=60)})))
        past = {A: host(age=900), B: host(age=900)}
        store.commit(Change(incident=incident(id=ENDED, hosts=past, status=Status.RESOLVED)))
        s3 = made.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        heads = {ENDED: (9, GENESIS)}
        checkpoint = Checkpoint(sequence=1, previous=GENESIS, at=NOW, heads=heads)
        line = export.checkpoint_line(archive.checkpoint_text(checkpoint), "c2ln")
        s3.put_object(Bucket=BUCKET, Key=archive.checkpoint_key(1), Body=line)
        yield made


def test_looks_of_open_and_ended_incidents(session: Session) -> None:
    """One query of the index, one of each incident; one list, one object of each checkpoint."""
    requests = Requests(services=("dynamodb", "s3"))
    requests.listen(session)
    assert read_past_reports(session, TOLD, Clock()) == {
        A: PastHostReport(report(), host(age=60).at),
        B: PastHostReport(report(), host(age=900).at),
    }
    assert sorted(requests.calls) == [
        *["dynamodb.Query"] * 3,
        "s3.GetObject",
        "s3.ListObjectsV2",
    ]


@pytest.mark.parametrize(
    ("refused", "action"),
    [
        ("dynamodb.Query", "dynamodb:Query"),
        ("s3.ListObjectsV2", "s3:ListBucket"),
        ("s3.GetObject", "s3:GetObject"),
    ],
)
def test_what_cannot_be_read_is_not_known(refused: str, action: str) -> None:
    """Not half of it: a later look may stand in the other half."""
    answers: dict[str, Answer | Refusal] = {
        "dynamodb.Query": {"Items": []},
        "s3.ListObjectsV2": {"KeyCount": 1, "Contents": [{"Key": archive.checkpoint_key(1)}]},
    }
    answers[refused] = Refusal("AccessDenied")
    one = Answering({**answers})
    assert read_past_reports(one.session, TOLD, Clock()) == ReadFailure(action, "AccessDenied")


def test_an_incident_that_cannot_be_understood_tells_of_no_host() -> None:
    """It is of another version, or spoiled; the others are read all the same."""
    item = {"pk": {"S": OPEN}, "sk": {"S": "incident"}, "body": {"S": "{}"}}
    one = Answering({"dynamodb.Query": {"Items": [item]}, "s3.ListObjectsV2": {"KeyCount": 0}})
    assert read_past_reports(one.session, TOLD, Clock()) == {}
    found = read_unreadable_incidents(one.session, TOLD, Clock())
    assert isinstance(found, dict)
    assert "does not fit its schema" in found[OPEN]


def test_open_incidents_that_can_be_read_are_none_of_those(session: Session) -> None:
    assert read_unreadable_incidents(session, TOLD, Clock()) == {}


def test_what_is_open_and_cannot_be_asked_is_not_known() -> None:
    """An item that names no incident is not understood."""
    denied = Answering({"dynamodb.Query": Refusal("AccessDenied")})
    unread = ReadFailure("dynamodb:Query", "AccessDenied")
    assert read_unreadable_incidents(denied.session, TOLD, Clock()) == unread
    odd = Answering({"dynamodb.Query": {"Items": [{}]}})
    found = read_unreadable_incidents(odd.session, TOLD, Clock())
    assert isinstance(found, ReadFailure)
    assert not found.denied


def test_before_the_records_are_deployed_nothing_is_remembered() -> None:
    """And nothing is asked; what is not known of the stack is not known of looks."""
    one = Answering({})
    assert read_past_reports(one.session, RecordsStack({}, {}), Clock()) == {}
    unread = ReadFailure("cloudformation:DescribeStacks", "AccessDenied")
    assert read_past_reports(one.session, unread, Clock()) == unread
    assert read_unreadable_incidents(one.session, RecordsStack({}, {}), Clock()) == {}
    assert read_unreadable_incidents(one.session, unread, Clock()) == unread
    assert one.calls == []
