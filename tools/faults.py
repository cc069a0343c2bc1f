"""Fault cells: each AWS call of ingest, reconcile and sweep, with each possible fault.

A cell replays a scenario with that call through the deployed handlers and adapters; for five
minutes from its first occurrence the call fails each time (`HttpFault`). Then the run is judged.
"""

import contextlib
import io
import logging
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from itertools import cycle, product
from pathlib import Path
from typing import NamedTuple

import msgspec

from bench.narrow import narrowed
from firstline import version
from firstline.actions.catalogue import ACTIONS
from firstline.cli.develop import checkout
from firstline.cli.replay import read
from firstline.config.settings import Home
from firstline.errors import CommitConflict, DependencyUnavailable, InvalidInput
from firstline.lab.http_fault import HttpFault
from firstline.lab.twin.replay import replay
from firstline.lab.twin.replay_result import IncidentLedger, ReplayResult
from firstline.ledger import entries, export
from firstline.ledger import verify as audit
from firstline.signal import Severity

HOME = Home("111122223333", "us-east-1")
FAULT_DURATION = timedelta(minutes=5)
"""Less than SQS's redeliveries of a message (ten times 180 s), so that nothing may be lost."""
EXPECTED_REPORTS = (CommitConflict, InvalidInput, DependencyUnavailable)
"""The errors that a handler may report for a message, which then returns."""


class Row(NamedTuple):
    """A call of a function, and the scenario that makes it earliest."""

    function: str
    call: str
    scenario: str


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a row under a fault: occurrences, failed deliveries, faults.

    ``code`` is the digest of the package that ran (`firstline.version`).
    """

    function: str
    call: str
    fault: HttpFault
    came: int
    again: int
    wrong: tuple[str, ...]
    code: str


ROWS = (
    Row("ingest", "auto-scaling.DescribeAutoScalingGroups", "attack-sequence"),
    Row("ingest", "cloudwatch.DescribeAlarms", "alarm-comes-late"),
    Row("ingest", "dynamodb.BatchGetItem", "security-finding"),
    Row("ingest", "dynamodb.GetItem", "degraded-latency"),
    Row("ingest", "dynamodb.Query", "same-event-twice"),
    Row("ingest", "dynamodb.TransactWriteItems", "credentials-ended"),
    Row("ingest", "secrets-manager.GetSecretValue", "credentials-ended"),
    Row("ingest", "sns.Publish", "user-affected"),
    Row("ingest", "sqs.SendMessage", "same-event-twice"),
    Row("reconcile", "auto-scaling.CancelInstanceRefresh", "nothing-helps"),
    Row("reconcile", "auto-scaling.DescribeAutoScalingGroups", "credentials-ended"),
    Row("reconcile", "auto-scaling.DescribeInstanceRefreshes", "credentials-ended"),
    Row("reconcile", "auto-scaling.DescribeScalingActivities", "replacement-lost"),
    Row("reconcile", "auto-scaling.SetDesiredCapacity", "scaled-out"),
    Row("reconcile", "auto-scaling.StartInstanceRefresh", "fix-that-does-not-last"),
    Row("reconcile", "auto-scaling.TerminateInstanceInAutoScalingGroup", "own-events-come-back"),
    Row("reconcile", "cloudformation.DescribeStacks", "credentials-ended"),
    Row("reconcile", "cloudwatch.DescribeAlarms", "credentials-ended"),
    Row("reconcile", "cloudwatch.GetMetricData", "credentials-ended"),
    Row("reconcile", "cloudwatch.ListAlarmMuteRules", "one-dead-host"),
    Row("reconcile", "dynamodb.BatchGetItem", "credentials-ended"),
    Row("reconcile", "dynamodb.Query", "credentials-ended"),
    Row("reconcile", "dynamodb.TransactWriteItems", "credentials-ended"),
    Row("reconcile", "ec2.DescribeInstanceStatus", "protected-from-scale-in"),
    Row("reconcile", "ec2.DescribeInstances", "debug-enclave"),
    Row("reconcile", "ec2.DescribeLaunchTemplateVersions", "credentials-ended"),
    Row("reconcile", "ec2.DescribeRouteTables", "parent-does-not-come-back"),
    Row("reconcile", "ec2.DescribeSecurityGroupRules", "parent-does-not-come-back"),
    Row("reconcile", "ec2.DescribeVpcPeeringConnections", "parent-does-not-come-back"),
    Row("reconcile", "elastic-load-balancing-v2.DescribeTargetHealth", "one-dead-host"),
    Row("reconcile", "health.DescribeEvents", "credentials-ended"),
    Row("reconcile", "kms.DescribeKey", "debug-enclave"),
    Row("reconcile", "kms.GetKeyPolicy", "debug-enclave"),
    Row("reconcile", "secrets-manager.GetSecretValue", "kms-throttling-passes"),
    Row("reconcile", "sns.Publish", "user-affected"),
    Row("reconcile", "sqs.SendMessage", "credentials-ended"),
    Row("reconcile", "ssm.DescribeInstanceInformation", "protected-from-scale-in"),
    Row("reconcile", "ssm.DescribeParameters", "credentials-ended"),
    Row("reconcile", "ssm.GetParameter", "debug-enclave"),
    Row("reconcile", "ssm.ListCommandInvocations", "one-dead-host"),
    Row("reconcile", "ssm.ListCommands", "command-lost"),
    Row("reconcile", "ssm.SendCommand", "one-dead-host"),
    Row("sweep", "cloudwatch.DescribeAlarms", "first-deployment"),
    Row("sweep", "cloudwatch.GetMetricData", "without-data"),
    Row("sweep", "cloudwatch.ListAlarmMuteRules", "first-deployment"),
    Row("sweep", "dynamodb.BatchGetItem", "escalated-still-on"),
    Row("sweep", "dynamodb.GetItem", "alarm-comes-late"),
    Row("sweep", "dynamodb.Query", "alarm-comes-late"),
    Row("sweep", "dynamodb.TransactWriteItems", "kms-near-quota"),
    Row("sweep", "elastic-load-balancing-v2.DescribeTargetHealth", "without-data"),
    Row("sweep", "secrets-manager.GetSecretValue", "paged-by-the-sweep"),
    Row("sweep", "sns.Publish", "kms-near-quota"),
    Row("sweep", "sqs.SendMessage", "rise-paged-by-the-sweep"),
)
READS = ("BatchGet", "Describe", "Get", "List", "Query")
"""The prefixes of calls that change nothing."""
UNUSED_ACTIONS = {
    "codedeploy:ListDeployments": "no shipped profile names an application of CodeDeploy",
    "dynamodb:GetItem": "reconcile asks for it only where a signal joins what ends just then",
}
"""Actions of the three functions that no scenario calls."""


def cells() -> Iterator[tuple[Row, HttpFault]]:
    """Return all cells, in the order of the table."""
    return product(ROWS, HttpFault)


def sample() -> list[tuple[Row, HttpFault]]:
    """Return the first row of each changing call, with the faults in turn, for CI."""
    changing = (row for row in reversed(ROWS) if not row.call.partition(".")[2].startswith(READS))
    rows = {row.call: row for row in changing}.values()
    return list(zip(reversed(rows), cycle(HttpFault), strict=False))


def run_all(table: Path) -> int:
    """Run every cell that *table* lacks for this code, on all cores; return 1 if one is wrong."""
    code = version.digest()
    current = (it for it in load(table) if it.code == code and not it.wrong)
    done_cells = {(it.function, it.call, it.fault): it for it in current}
    left = [each for each in cells() if (each[0].function, each[0].call, each[1]) not in done_cells]
    with ProcessPoolExecutor() as pool:
        for cell in pool.map(run, *zip(*left, strict=True)) if left else ():
            done_cells[cell.function, cell.call, cell.fault] = cell
            if cell.wrong:
                print(f"{cell.function} {cell.call} {cell.fault}: {'; '.join(cell.wrong)}")
            done = (done_cells.get((row.function, row.call, kind)) for row, kind in cells())
            lines = (msgspec.json.encode(each) + b"\n" for each in done if each is not None)
            table.write_bytes(b"".join(lines))
    return int(any(each.wrong for each in done_cells.values()))


def load(table: Path) -> list[Cell]:
    """Return the cells of *table*; empty without the file."""
    lines = table.read_bytes().splitlines() if table.exists() else []
    return [msgspec.json.decode(each, type=Cell) for each in lines]


def run(row: Row, fault: HttpFault) -> Cell:
    """Replay the row's scenario under *fault*, and judge it."""
    scenario, events, profile = read(
        checkout() / "events" / "scenarios" / f"{row.scenario}.toml", HOME
    )
    since, came, escaped = list[timedelta](), 0, _Escaped()

    def spoils(function: str, call: str, after: timedelta) -> HttpFault | None:
        nonlocal came
        if (function, call) != (row.function, row.call):
            return None
        since.append(after)
        spoiled = after - since[0] < FAULT_DURATION
        came += spoiled
        return fault if spoiled else None

    wrong: tuple[str, ...]
    with narrowed(), escaped.listening(), contextlib.redirect_stdout(io.StringIO()):
        try:
            replayed = replay(scenario, events, profile, HOME, lambda _: None, spoils=spoils)
            wrong = tuple(judge(replayed))
        except Exception as error:  # noqa: BLE001 - whatever left a handler is the finding
            wrong = (f"{type(error).__name__} left the {row.function}: {error}",)
    if not came:
        wrong = (*wrong, "the call was never made")
    return Cell(
        function=row.function,
        call=row.call,
        fault=fault,
        came=came,
        again=escaped.again,
        wrong=(*wrong, *escaped.wrong),
        code=version.digest(),
    )


def judge(replayed: ReplayResult) -> Iterator[str]:
    """Yield the faults of a run that met one fault."""
    if replayed.dead:
        yield f"{replayed.dead} messages are dead letters"
    received = {each.key for each in replayed.pages if each.action == "trigger"}
    for chapter in replayed.ledgers:
        yield from _unpaged(chapter, received)
        chain = b"".join(map(export.entry_line, chapter.entries))
        yield from (each.why for each in audit.verify(chain).faults)
    yield from _twice(replayed)


def _unpaged(chapter: IncidentLedger, received: set[str]) -> Iterator[str]:
    incident = chapter.incident
    if incident is None:
        return
    paged = [
        each for each in incident.pages if each.traits.pages_on_call and each.action == "trigger"
    ]
    for page in paged:
        if page.key not in received:
            yield f"the page {page.key} is lost"
    if incident.severity is Severity.P1 and not paged:
        yield f"the P1 {incident.id} is not paged"
    if not incident.ended:
        yield f"{incident.id} does not end"
    if any(each.sent_at is None for each in incident.pages):
        yield f"{incident.id} owes a page"


def _twice(replayed: ReplayResult) -> Iterator[str]:
    """Yield a command sent twice with one token, and more group changes than intents."""
    commands = Counter(each for each in replayed.changes if each.startswith("ssm."))
    yield from (f"{each} was sent twice" for each, times in commands.items() if times > 1)
    events = (export.decode_entry(entry).event for it in replayed.ledgers for entry in it.entries)
    fixes = [each.action for each in events if isinstance(each, entries.FixIntended)]
    intended = sum(ACTIONS[each].executor == "autoscaling" for each in fixes)
    changed = len(replayed.changes) - commands.total()
    if changed > intended:
        yield f"{changed} changes of the group for {intended} intents"


class _Escaped(logging.Handler):
    """Collects from the handlers' logs the failed deliveries and unexpected errors."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.again = 0
        self.wrong: list[str] = []

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Collect inside the context."""
        log = logging.getLogger("firstline")
        log.addHandler(self)
        try:
            yield
        finally:
            log.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Collect one line."""
        self.again += record.getMessage() in {"to be delivered again", "a record failed"}
        kind = record.exc_info[0] if record.exc_info else None
        if kind is not None and not issubclass(kind, EXPECTED_REPORTS):
            self.wrong.append(f"{kind.__name__}: {record.getMessage()}")
