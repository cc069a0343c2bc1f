"""The archive's handler: from the stream to the bucket, and metrics of what it found."""

import json
from typing import Any

import pytest

from firstline.adapters.aws import dynamo_items
from firstline.errors import DependencyUnavailable
from firstline.ledger.archive import EntryAdded, LedgerChange
from firstline.ledger.chain import Kind
from functions.archive import handler
from functions.audit import handler as audit
from tests.builders import ID
from tests.controller.archive_rig import Records
from tests.reporting.chains import chain, outage


def batch(changes: list[LedgerChange], name: str = "INSERT") -> dict[str, Any]:
    """The event that brings *changes*."""
    records = []
    for number, change in enumerate(changes):
        assert isinstance(change, EntryAdded)
        image = dynamo_items.entry_item(change.entry)
        keys = {key: image[key] for key in ("incident", "sequence")}
        images = {"NewImage": image} if name == "INSERT" else {"OldImage": image}
        result = {"Keys": keys, "SequenceNumber": str(number), **images}
        records.append({"eventName": name, "dynamodb": result})
    return {"Records": records}


def emitted(capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    """The metrics of the fleet, by name."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    metrics = [line for line in lines if "_aws" in line]
    assert {line["service"] for line in metrics} == {"vettid"}
    return {
        each["Name"]: int(line[each["Name"]][0])
        for line in metrics
        for directive in line["_aws"]["CloudWatchMetrics"]
        for each in directive["Metrics"]
    }


def test_a_batch_is_archived_anchored_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    records = Records()
    handler(batch(records.append(1, 3)), None, records.within)
    assert records.check(ended=True).checkpoints == 1
    assert emitted(capsys) == {"EntriesArchived": 3, "LedgerAltered": 0, "LedgerLost": 0}


def test_an_alteration_is_counted_although_nothing_can_be_signed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The metric is out before the batch fails, and comes again."""
    records = Records()
    changes = records.append(1, 1)
    handler(batch(changes), None, records.within)
    emitted(capsys)

    def unsigned(name: str, _key: str) -> None:
        if name == "first":
            raise DependencyUnavailable("signing key: DisabledException")

    records.effect = unsigned
    handled = batch(changes, "REMOVE")
    handled["Records"] += batch(records.append(2, 1))["Records"]
    with pytest.raises(DependencyUnavailable):
        handler(handled, None, records.within)
    assert emitted(capsys) == {"EntriesArchived": 1, "LedgerAltered": 1, "LedgerLost": 0}
    assert "altered/inc-1/1/0.json" in records.bucket.objects


def test_a_broken_chain_of_checkpoints_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """The batch is done: entries must not wait for a repair."""
    records = Records()
    records.bucket.objects["checkpoints/999999998-000000001.json"] = b"nonsense"
    handler(batch(records.append(1, 1)), None, records.within)
    assert emitted(capsys)["ArchiveFaults"] == 1
    assert "entries/inc-1/000001.json" in records.bucket.objects


def test_an_ended_incident_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    """As the page that people read, once its end is archived."""
    records, entries = Records(), chain(*outage())
    records.table[ID] = list(entries)
    handler(batch([EntryAdded(each) for each in entries]), None, records.within)
    assert "ReportFaults" not in emitted(capsys)
    html = records.bucket.objects[f"reports/{ID}/report-{len(entries):06d}.html"].decode()
    assert html.startswith("<!doctype html>")
    assert "P1 complete-outage: resolved" in html


def test_a_report_that_cannot_be_made_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """The ledger is archived and anchored all the same, and the batch is done."""
    records, entries = Records(), chain(*outage(), (101, Kind.RESPONSE, {"met": 3}))
    records.table[ID] = list(entries)
    handler(batch([EntryAdded(each) for each in entries]), None, records.within)
    assert emitted(capsys)["ReportFaults"] == 1
    assert len(records.bucket.keys("entries/")) == len(entries)
    assert len(records.bucket.keys("checkpoints/")) == 1
    assert records.bucket.keys("reports/") == ()


def test_a_report_that_cannot_be_put_comes_again() -> None:
    """As every batch."""
    records, entries = Records(), chain(*outage())
    records.table[ID] = list(entries)

    def refused(_name: str, key: str) -> None:
        if key.startswith("reports/"):
            raise DependencyUnavailable("archive: timeout")

    records.effect = refused
    with pytest.raises(DependencyUnavailable):
        handler(batch([EntryAdded(each) for each in entries]), None, records.within)


def test_an_audit_counts_itself_and_what_it_found(capsys: pytest.CaptureFixture[str]) -> None:
    """One that could not be done counts nothing, so that its absence is noticed."""
    records = Records()
    handler(batch(records.append(1, 2)), None, records.within)
    emitted(capsys)
    audit({}, None, records.within)
    assert emitted(capsys) == {"ArchiveAudits": 1, "ArchiveFaults": 0}
    records.bucket.objects["entries/inc-1/000002.json"] = b"{}"
    audit({}, None, records.within)
    assert emitted(capsys) == {"ArchiveAudits": 1, "ArchiveFaults": 1}
