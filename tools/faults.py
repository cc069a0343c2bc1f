"""Cells: each call to AWS of ingest, reconcile and sweep, with each thing that may come of it.

A cell replays a scenario that makes the call, through the deployed handlers and adapters; for five
minutes from its first time on the call ends so each time (`HttpFault`). Then the run is judged.
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
from firstline.lab.twin.replayed import Chapter, Replayed
from firstline.ledger import entries, export
from firstline.ledger import verify as audit
from firstline.signal import Severity

HOME = Home("111122223333", "us-east-1")
LASTS = timedelta(minutes=5)
"""Less than SQS delivers a message for (ten times 180 s), so that nothing may be lost."""
MEANT = (CommitConflict, InvalidInput, DependencyUnavailable)
"""What a handler may report of a message, which then comes again."""


class Row(NamedTuple):
    """A call of a function, and the scenario that makes it soonest."""

    function: str
    call: str
    scenario: str


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a row under a fault: how often it came, deliveries that failed, what is wrong.

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
    Row("sweep", "dynamodb.BatchGetItem", "handed-over-still-on"),
    Row("sweep", "dynamodb.GetItem", "alarm-comes-late"),
    Row("sweep", "dynamodb.Query", "alarm-comes-late"),
    Row("sweep", "dynamodb.TransactWriteItems", "kms-near-quota"),
    Row("sweep", "elastic-load-balancing-v2.DescribeTargetHealth", "without-data"),
    Row("sweep", "secrets-manager.GetSecretValue", "paged-by-the-sweep"),
    Row("sweep", "sns.Publish", "kms-near-quota"),
    Row("sweep", "sqs.SendMessage", "rise-paged-by-the-sweep"),
)
READS = ("BatchGet", "Describe", "Get", "List", "Query")
"""How the names of calls begin that change nothing."""
UNREACHED = {
    "codedeploy:ListDeployments": "no shipped profile names an application of CodeDeploy",
    "dynamodb:GetItem": "reconcile asks for it only where a signal joins what ends just then",
}
"""Actions of one of the three functions that no scenario asks for."""


def cells() -> Iterator[tuple[Row, HttpFault]]:
    """All of them, in the order of the table."""
    return product(ROWS, HttpFault)


def sample() -> list[tuple[Row, HttpFault]]:
    """The first row of each call that changes something, under each fault in turn: for CI."""
    changing = (row for row in reversed(ROWS) if not row.call.partition(".")[2].startswith(READS))
    rows = {row.call: row for row in changing}.values()
    return list(zip(reversed(rows), cycle(HttpFault), strict=False))


def run_all(table: Path) -> int:
    """Every cell that *table* lacks for this code, on all cores; status 1 where one is wrong."""
    code = version.digest()
    held = (it for it in load(table) if it.code == code and not it.wrong)
    told = {(it.function, it.call, it.fault): it for it in held}
    left = [each for each in cells() if (each[0].function, each[0].call, each[1]) not in told]
    with ProcessPoolExecutor() as pool:
        for cell in pool.map(run, *zip(*left, strict=True)) if left else ():
            told[cell.function, cell.call, cell.fault] = cell
            if cell.wrong:
                print(f"{cell.function} {cell.call} {cell.fault}: {'; '.join(cell.wrong)}")
            done = (told.get((row.function, row.call, kind)) for row, kind in cells())
            lines = (msgspec.json.encode(each) + b"\n" for each in done if each is not None)
            table.write_bytes(b"".join(lines))
    return int(any(each.wrong for each in told.values()))


def load(table: Path) -> list[Cell]:
    """The cells of *table*; none where it is not there yet."""
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
        spoiled = after - since[0] < LASTS
        came += spoiled
        return fault if spoiled else None

    wrong: tuple[str, ...]
    with narrowed(), escaped.listening(), contextlib.redirect_stdout(io.StringIO()):
        try:
            replayed = replay(scenario, events, profile, HOME, lambda _: None, spoils=spoils)
            wrong = tuple(judged(replayed))
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


def judged(replayed: Replayed) -> Iterator[str]:
    """What is wrong with a run that met one fault."""
    if replayed.dead:
        yield f"{replayed.dead} messages are dead letters"
    received = {each.key for each in replayed.pages if each.action == "trigger"}
    for chapter in replayed.chapters:
        yield from _unpaged(chapter, received)
        chain = b"".join(map(export.entry_line, chapter.entries))
        yield from (each.why for each in audit.verify(chain).faults)
    yield from _twice(replayed)


def _unpaged(chapter: Chapter, received: set[str]) -> Iterator[str]:
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


def _twice(replayed: Replayed) -> Iterator[str]:
    """A command under one token twice, or more changes of the group than intents."""
    commands = Counter(each for each in replayed.changes if each.startswith("ssm."))
    yield from (f"{each} was sent twice" for each, times in commands.items() if times > 1)
    told = (export.decode_entry(entry).event for it in replayed.chapters for entry in it.entries)
    fixes = [each.action for each in told if isinstance(each, entries.FixIntended)]
    intended = sum(ACTIONS[each].executor == "autoscaling" for each in fixes)
    changed = len(replayed.changes) - commands.total()
    if changed > intended:
        yield f"{changed} changes of the group for {intended} intents"


class _Escaped(logging.Handler):
    """What the handlers log of deliveries: those that failed, and errors that none should meet."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.again = 0
        self.wrong: list[str] = []

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """While it is entered."""
        log = logging.getLogger("firstline")
        log.addHandler(self)
        try:
            yield
        finally:
            log.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Take in one line."""
        self.again += record.getMessage() in {"to be delivered again", "a record failed"}
        kind = record.exc_info[0] if record.exc_info else None
        if kind is not None and not issubclass(kind, MEANT):
            self.wrong.append(f"{kind.__name__}: {record.getMessage()}")
