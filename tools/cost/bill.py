"""The bill of an idle month and of incidents, item by item.

Counts come from the profile and from replays; Lambda's times and log sizes are the constants here.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal

import msgspec

from firstline.controller.archive.audit import CHECKPOINTS_MAX
from firstline.lab.twin.replay_result import FunctionRun
from firstline.ledger import archive as archiving
from firstline.monitoring import costs
from firstline.monitoring import nats_probe as probe
from firstline.monitoring.costs import Price
from tools.cost.resource_counts import (
    DASHBOARDS,
    DRILL_DAYS,
    FED_QUEUES,
    KEYS,
    MEMORY_MB,
    SECRETS,
    ResourceCounts,
)
from tools.cost.usage import IDLE, Usage, call_price

HOURS = 730
MINUTES = 60 * HOURS
POLLS_A_MINUTE = 15
"""Lambda keeps five long polls of 20 seconds open on a queue (its guide on SQS)."""
CODE_MS, CALL_MS, PROBE_MS, START_MS = 25, 15, 500, 1000
"""Billed times: of an invocation, of each of its calls, of a probe, of a cold start."""
LOG_KILOBYTES = Decimal("1.5")
"""The log of one invocation."""
GIGA = Decimal(10**9)
AUDIT_METRICS = {archiving.AUDITS_METRIC, archiving.FAULTS_METRIC}
PROBES_METRICS = {"probe_nats": len(probe.NATS_METRICS), "probe_health": 3}
"""The maximum number of metrics of each probe."""


class Row(msgspec.Struct, frozen=True):
    """A number of *price*'s units."""

    item: str
    count: Decimal
    price: Price

    @property
    def dollars(self) -> Decimal:
        """The row's amount."""
        return self.count * self.price.dollars


def idle(has: ResourceCounts, drill: Usage) -> Iterator[Row]:
    """Yield the items of a month with drills only."""
    _, *probes = has.every_minute
    metrics = len(IDLE | AUDIT_METRICS) + has.log_metrics + sum(PROBES_METRICS[it] for it in probes)
    runs = MINUTES * len(has.every_minute) + HOURS
    yield _row("alarms", has.alarm_metrics, costs.ALARM)
    yield _row("composite alarms", has.composites, costs.COMPOSITE)
    yield _row("custom metrics", metrics, costs.METRIC)
    yield _row("dashboard", DASHBOARDS, costs.DASHBOARD)
    yield _row("secrets", SECRETS, costs.SECRET)
    yield _row("signing key", KEYS, costs.KEY)
    yield _row("schedules: sweep, probes, audit", runs, costs.SCHEDULER_INVOCATION)
    yield _row("functions: sweep, probes, audit", runs, costs.INVOCATION)
    audit = ("s3.GetObject", "dynamodb.Query") * CHECKPOINTS_MAX
    seconds = MINUTES * _seconds(drill.quiet) + HOURS * _seconds(FunctionRun("audit", audit, 0))
    seconds += MINUTES * sum(_gb_seconds(name, PROBE_MS) for name in probes)
    yield _row("their time", seconds, costs.GIGABYTE_SECOND)
    asked = Counter(call.split(".")[0] for call in drill.quiet.calls)
    reads = 2 * (MINUTES * asked["dynamodb"] + HOURS * CHECKPOINTS_MAX)
    yield _row("the sweep's and the audit's reads", reads, costs.READ)
    yield _row("the sweep's looks at alarms", MINUTES * asked["cloudwatch"], costs.ALARMS_READ)
    yield _row("the audit's reads of the archive", 2 * HOURS * CHECKPOINTS_MAX, costs.GET)
    yield _row("the audit's list of the archive", HOURS, costs.PUT)
    yield _row("the audit's reading of the key", HOURS, costs.SIGNATURE)
    yield _row("polls of queues", FED_QUEUES * POLLS_A_MINUTE * MINUTES, costs.SQS_REQUEST)
    yield _row("logs", runs * LOG_KILOBYTES / 10**6, costs.LOGS)
    drills = Decimal(HOURS) / (24 * DRILL_DAYS)
    each = total(incidents(drill, 1)).quantize(Decimal("0.00001"))
    yield Row("drills", drills, Price(each, "drill, with all that it asks", "AWS"))


def incidents(one: Usage, times: int) -> Iterator[Row]:
    """Yield the items that *times* incidents like *one* add."""
    calls = Counter(call for ran in one.ran for call in ran.calls)
    asked = Counter(call.split(".")[0] for call in calls.elements())
    functions = Counter(ran.function for ran in one.ran)
    received = 3 * functions["ingest"] + 2 * functions["reconcile"]
    seconds = sum(map(_seconds, one.ran)) + sum(_gb_seconds(it, START_MS) for it in functions)
    signed = calls["kms.Sign"]
    rows = {
        "functions": (functions.total(), costs.INVOCATION),
        "their time": (seconds, costs.GIGABYTE_SECOND),
        "tables, as KB written": (_tables(one.ran) / costs.WRITE.dollars, costs.WRITE),
        "messages sent, received and deleted": (asked["sqs"] + received, costs.SQS_REQUEST),
        "alarms and metrics read": (asked["cloudwatch"], costs.ALARMS_READ),
        "routing key read": (asked["secrets-manager"], costs.SECRET_READ),
        "key looked at": (asked["kms"] - signed, costs.KEY_READ),
        "checkpoints signed": (signed, costs.SIGNATURE),
        "team told": (asked["sns"], costs.SNS_REQUEST),
        "archive, put and listed": (asked["s3"] - calls["s3.GetObject"], costs.PUT),
        "archive, read": (calls["s3.GetObject"], costs.GET),
        "metrics of incidents, by the hour": (Decimal(one.metrics) / HOURS, costs.METRIC),
        "logs": (functions.total() * LOG_KILOBYTES / 10**6, costs.LOGS),
        "ledger kept for a month": (one.ledger_bytes / GIGA, costs.TABLE_STORAGE),
        "archive kept for a month": (one.archive_bytes / GIGA, costs.OBJECT_STORAGE),
    }
    yield from (_row(item, times * count, price) for item, (count, price) in rows.items())


def _tables(ran: Iterable[FunctionRun]) -> Decimal:
    """Return the cost of DynamoDB's calls: the total without the flat cost of other services."""
    nano = 0
    for each in ran:
        others = (call for call in each.calls if not call.startswith("dynamodb."))
        nano += each.nanodollars - sum(map(call_price, others))
    return nano / GIGA


def _seconds(ran: FunctionRun) -> Decimal:
    return _gb_seconds(ran.function, CODE_MS + CALL_MS * len(ran.calls))


def _gb_seconds(function: str, milliseconds: int) -> Decimal:
    return Decimal(MEMORY_MB[function] * milliseconds) / (1024 * 1000)


def _row(item: str, count: Decimal | int, price: Price) -> Row:
    return Row(item, Decimal(count), price)


def merge(groups: Iterable[Iterator[Row]]) -> Iterator[Row]:
    """Return the rows of all groups, each item once."""
    for rows in zip(*groups, strict=True):
        count = sum(row.count for row in rows)
        if count:
            yield _row(rows[0].item, count, rows[0].price)


def total(rows: Iterable[Row]) -> Decimal:
    """Return the sum of *rows*."""
    return sum((row.dollars for row in rows), Decimal())
