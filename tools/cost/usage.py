"""The AWS usage of one scenario, counted while it is replayed and archived.

Entries of one commit reach the archive as one batch. A method of the archive's ports makes one
request, so that in-memory ports count as the adapters would.
"""

import contextlib
import io
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

import msgspec

from firstline.cli.replay import read
from firstline.config.settings import Home
from firstline.controller import metrics as measures
from firstline.controller.archive.fill import ArchiveContext, anchor, archive
from firstline.controller.archive.reports import write_reports
from firstline.ids import Digest, IncidentId
from firstline.lab.twin.archive import MemoryArchive
from firstline.lab.twin.replay import replay
from firstline.lab.twin.replay_result import FunctionRun, ReplayResult
from firstline.ledger.archive import EntryAdded
from firstline.ledger.chain import Entry
from firstline.ledger.export import decode_entry
from firstline.monitoring import costs
from firstline.reporting.html.report import page

HOME = Home("111122223333", "us-east-1")
REQUESTS = {
    "put": "s3.PutObject",
    "get": "s3.GetObject",
    "keys": "s3.ListObjectsV2",
    "first": "s3.ListObjectsV2",
}
IDLE = {
    measures.HEARTBEAT,
    measures.PAGES_PENDING,
    measures.WAKES_OVERDUE,
    measures.ALARM_POLLS_FAILED,
    measures.INCIDENTS_OPEN,
    measures.CALLS,
    measures.CALLS_COST,
}
"""The sweep's metrics of each minute, with or without an incident."""


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """The usage of one incident; ``metrics`` are those that only incidents send."""

    ran: tuple[FunctionRun, ...]
    metrics: int
    ledger_bytes: int
    archive_bytes: int
    quiet: FunctionRun
    """A sweep without work."""


def call_price(call: str) -> int:
    """Return the nanodollars of a call with a flat price, or of a table read."""
    service, operation = call.split(".")
    return costs.nanodollars(service, operation, 0)


def measure_usage(path: Path) -> Usage:
    """Replay the scenario at *path* and archive its entries."""
    scenario, events, profile = read(path, HOME)
    with contextlib.redirect_stdout(io.StringIO()) as lines:
        replayed = replay(scenario, events, profile, HOME, lambda _: None)
    bucket, archived = _archived(replayed)
    sweeps = [each for each in replayed.ran if each.function == "sweep"]
    return Usage(
        ran=(*(each for each in replayed.ran if each.function != "sweep"), *archived),
        metrics=len(set(_metrics(lines.getvalue()))),
        ledger_bytes=sum(len(entry.body) for each in replayed.ledgers for entry in each.entries),
        archive_bytes=sum(map(len, bucket.objects.values())),
        quiet=min(sweeps, key=lambda each: (len(each.calls), each.nanodollars)),
    )


def _metrics(lines: str) -> Iterator[tuple[str, ...]]:
    """Yield each metric with its dimensions, without the sweep's metrics of each minute."""
    for line in lines.splitlines():
        record = json.loads(line) if line.startswith("{") else {}
        for directive in record.get("_aws", {}).get("CloudWatchMetrics", ()):
            by = tuple(record[name] for name in directive["Dimensions"][0])
            names = {each["Name"] for each in directive["Metrics"]} - IDLE
            yield from ((name, *by) for name in names)


def _archived(replayed: ReplayResult) -> tuple[MemoryArchive, tuple[FunctionRun, ...]]:
    """Return the bucket and the usage of the archive's function."""
    there = _ArchivePorts(replayed.end)
    bucket = MemoryArchive(lambda name, _: there.asked(REQUESTS[name]))
    return bucket, tuple(_batches(replayed, bucket, there))


def _batches(
    replayed: ReplayResult, bucket: MemoryArchive, there: "_ArchivePorts"
) -> Iterator[FunctionRun]:
    within = ArchiveContext(
        archive=bucket,
        signer=there,
        ledger=there,
        clock=there,
        policy=replayed.policy.encode(),
        fleet="",
    )
    for chapter in replayed.ledgers:
        for _, batch in groupby(chapter.entries, key=lambda entry: decode_entry(entry).at):
            entries = tuple(batch)
            there.written.extend(entries)
            heads = archive(map(EntryAdded, entries), within).heads
            anchor(heads, within)
            write_reports(heads, within, page)
            yield there.take()


class _ArchivePorts:
    """The ledger's table, the key, the clock and the bucket; it counts requests."""

    def __init__(self, now: datetime) -> None:
        self.written: list[Entry] = []
        self._now = now
        self._asked: list[str] = []

    def asked(self, call: str) -> None:
        self._asked.append(call)

    def take(self) -> FunctionRun:
        """Return the requests since the last call as one invocation."""
        calls, self._asked = tuple(self._asked), []
        return FunctionRun("archive", calls, sum(map(call_price, calls)))

    def entries(self, incident: IncidentId) -> Iterator[Entry]:
        self.asked("dynamodb.Query")
        return (each for each in self.written if each.incident == incident)

    def everything(self) -> Iterator[Entry]:
        return iter(self.written)

    def sign(self, of: Digest) -> bytes:
        self.asked("kms.Sign")
        return of.encode()

    def public_key(self) -> bytes:
        return b""

    def now(self) -> datetime:
        return self._now

    def sleep(self, duration: timedelta) -> None:
        """Return at once: nothing is paged here."""
