"""Spending: what one scenario asked of AWS, counted while it was replayed and archived.

The stream brings what was committed together as one batch. A method of the archive's ports makes
one request, so the ports in memory count as the adapters would.
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
from firstline.lab.twin.replayed import Ran, Replayed
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
    measures.PAGES_OWED,
    measures.WAKES_LATE,
    measures.ALARMS_UNASKED,
    measures.INCIDENTS_OPEN,
    measures.CALLS,
    measures.CALLS_COST,
}
"""What a sweep sends each minute, incident or not."""


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What one incident took; ``metrics`` are those that are sent because there is one."""

    ran: tuple[Ran, ...]
    metrics: int
    ledger_bytes: int
    archive_bytes: int
    quiet: Ran
    """A sweep that finds nothing to do."""


def priced(call: str) -> int:
    """Nanodollars for a call that costs the same whatever its size; or is a read of a table."""
    service, operation = call.split(".")
    return costs.nanodollars(service, operation, 0)


def spent(path: Path) -> Spent:
    """Replay the scenario at *path*, and archive what it left."""
    scenario, events, profile = read(path, HOME)
    with contextlib.redirect_stdout(io.StringIO()) as lines:
        replayed = replay(scenario, events, profile, HOME, lambda _: None)
    bucket, archived = _archived(replayed)
    sweeps = [each for each in replayed.ran if each.function == "sweep"]
    return Spent(
        ran=(*(each for each in replayed.ran if each.function != "sweep"), *archived),
        metrics=len(set(_metrics(lines.getvalue()))),
        ledger_bytes=sum(len(entry.body) for each in replayed.chapters for entry in each.entries),
        archive_bytes=sum(map(len, bucket.objects.values())),
        quiet=min(sweeps, key=lambda each: (len(each.calls), each.nanodollars)),
    )


def _metrics(lines: str) -> Iterator[tuple[str, ...]]:
    """Each metric with its dimensions, but for those of a sweep, which come each minute."""
    for line in lines.splitlines():
        told = json.loads(line) if line.startswith("{") else {}
        for directive in told.get("_aws", {}).get("CloudWatchMetrics", ()):
            by = tuple(told[name] for name in directive["Dimensions"][0])
            names = {each["Name"] for each in directive["Metrics"]} - IDLE
            yield from ((name, *by) for name in names)


def _archived(replayed: Replayed) -> tuple[MemoryArchive, tuple[Ran, ...]]:
    """The bucket, and what the archive's function did."""
    there = _There(replayed.end)
    bucket = MemoryArchive(lambda name, _: there.asked(REQUESTS[name]))
    return bucket, tuple(_batches(replayed, bucket, there))


def _batches(replayed: Replayed, bucket: MemoryArchive, there: "_There") -> Iterator[Ran]:
    within = ArchiveContext(
        archive=bucket,
        signer=there,
        ledger=there,
        clock=there,
        policy=replayed.policy.encode(),
        fleet="",
    )
    for chapter in replayed.chapters:
        for _, batch in groupby(chapter.entries, key=lambda entry: decode_entry(entry).at):
            entries = tuple(batch)
            there.held.extend(entries)
            heads = archive(map(EntryAdded, entries), within).heads
            anchor(heads, within)
            write_reports(heads, within, page)
            yield there.take()


class _There:
    """The ledger's table, the key and the clock beside the bucket; it counts what is asked."""

    def __init__(self, now: datetime) -> None:
        self.held: list[Entry] = []
        self._now = now
        self._asked: list[str] = []

    def asked(self, call: str) -> None:
        self._asked.append(call)

    def take(self) -> Ran:
        """What was asked since it was last taken, as one invocation."""
        calls, self._asked = tuple(self._asked), []
        return Ran("archive", calls, sum(map(priced, calls)))

    def entries(self, incident: IncidentId) -> Iterator[Entry]:
        self.asked("dynamodb.Query")
        return (each for each in self.held if each.incident == incident)

    def everything(self) -> Iterator[Entry]:
        return iter(self.held)

    def sign(self, of: Digest) -> bytes:
        self.asked("kms.Sign")
        return of.encode()

    def public_key(self) -> bytes:
        return b""

    def now(self) -> datetime:
        return self._now

    def sleep(self, duration: timedelta) -> None:
        """Nobody is paged here, so nothing waits."""
