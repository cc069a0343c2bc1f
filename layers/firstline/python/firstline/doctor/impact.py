"""The impact of a missing permission: what stops working, and its grade."""

from collections.abc import Iterator
from typing import NamedTuple

from firstline.doctor import alarm_inventory
from firstline.doctor.result import DoctorContext, Grade
from firstline.monitoring.alarms import PROBE_NAMESPACE
from firstline.monitoring.nats_probe import NATS_METRICS
from firstline.signal import Severity


class Impact(NamedTuple):
    """The impact if *function* (any, if empty) may not call *action* on *resource*.

    *function* and *action* are prefixes, *resource* is a substring. The grade of a ``PROBE`` is
    that of the alarms on what it measures.
    """

    function: str
    action: str
    grade: Grade | None
    what: str
    resource: str = ""


PROBE = None
"""The grade of a probe's impact, which depends on the alarms."""
IMPACTS = (
    Impact("ingest", "sqs:SendMessage", "warning", "new incidents are handled late, by the sweep"),
    Impact("ingest", "sqs:", "critical", "no signal is read from its queue: no P1 is received"),
    Impact("ingest", "secretsmanager:", "critical", "no page is sent"),
    Impact("ingest", "dynamodb:GetItem", "critical", "a P1 that joins an open incident is lost"),
    Impact("ingest", "dynamodb:PutItem", "warning", "a P1 is paged, but not handled further"),
    Impact("ingest", "dynamodb:", "warning", "repeated deliveries and external events are lost"),
    Impact("ingest", "autoscaling:", "warning", "findings on foreign hosts fill the store"),
    Impact("ingest", "cloudwatch:", "warning", "a late signal pages for an ended incident"),
    Impact("reconcile", "sqs:SendMessage", "warning", "the next reconcile waits for the sweep"),
    Impact(
        "reconcile",
        "sqs:",
        "critical",
        "no decision is made: an incident that becomes a P1 is not paged",
    ),
    Impact("reconcile", "dynamodb:BatchGet", "warning", "the limits are unknown: no fix runs"),
    Impact("reconcile", "dynamodb:ConditionCheck", "warning", "no intent is stored: no fix runs"),
    Impact("reconcile", "dynamodb:GetItem", "warning", "it does not know recent incidents"),
    Impact(
        "reconcile",
        "dynamodb:",
        "critical",
        "no decision is made: an incident that becomes a P1 is not paged",
    ),
    Impact("reconcile", "secretsmanager:", "warning", "escalations are paged late, by the sweep"),
    Impact("reconcile", "ssm:SendCommand", "warning", "no host is inspected or restarted"),
    Impact("reconcile", "autoscaling:Describe", "warning", "the group is unknown: no fix runs"),
    Impact(
        "reconcile", "autoscaling:", "warning", "no host is replaced, and the group is not changed"
    ),
    Impact("reconcile", "cloudwatch:List", "warning", "mute rules are unknown: no fix runs"),
    Impact("reconcile", "ec2:", "warning", "an escalation lacks this context"),
    Impact("reconcile", "health:", "warning", "an escalation lacks this context"),
    Impact("reconcile", "codedeploy:", "warning", "an escalation lacks this context"),
    Impact("sweep", "cloudwatch:DescribeAlarms", "critical", "a P1 without an event is not paged"),
    Impact("sweep", "cloudwatch:List", "warning", "a P1 pages in a mute window without an event"),
    Impact("sweep", "cloudwatch:", "warning", "a P1's alarm without data pages though hosts serve"),
    Impact("sweep", "elastic", "warning", "a P1's alarm without data pages though hosts serve"),
    Impact("sweep", "dynamodb:BatchGet", "warning", "no event reports mute windows"),
    Impact("sweep", "dynamodb:Query", "warning", "a P1 without an event is not paged", "Ledger"),
    Impact("sweep", "dynamodb:", "warning", "open incidents are not counted", "/index/open"),
    Impact(
        "sweep",
        "dynamodb:",
        "critical",
        "pending pages are not retried, and lost wakes are not found",
    ),
    Impact("sweep", "secretsmanager:", "critical", "pending pages are not retried"),
    Impact("sweep", "sqs:", "warning", "lost wakes are not sent again"),
    Impact(
        "sweep",
        "logs:",
        "warning",
        "the heartbeat is not written, so firstline appears not to run",
    ),
    Impact(
        "probe_", "", PROBE, ("the probe does not measure, and alarms on its metrics have no data")
    ),
    Impact("", "logs:", "warning", "its log and its metrics are not written"),
    Impact("", "sns:", "warning", "the team's topic receives no minor incidents"),
    Impact("operator", "secretsmanager:", "warning", "the page about a new pause is late"),
    Impact("operator", "", "warning", "no operator command works: no approval, no pause"),
    Impact("archive", "kms:", "warning", "entries are archived without a signed checkpoint"),
    Impact(
        "archive", "sqs:", "warning", ("no notification names the entries that were not archived")
    ),
    Impact(
        "archive", "", "warning", "entries are not archived, or an ended incident has no report"
    ),
    Impact("audit", "", "warning", "the archive is not audited"),
    Impact("console", "cloudwatch:", "warning", "ended incidents stay at the top of the console"),
    Impact("console", "", "warning", "the console is empty"),
    Impact("", "", "warning", "this fact is unknown, and an unknown fact blocks fixes"),
)
"""The first row that matches applies."""


def impact(case: DoctorContext, function: str, action: str, resource: str) -> tuple[Grade, str]:
    """Return the grade and the impact if *function* may not do it."""
    matched = matching_row(function, action, resource)
    return matched.grade or _probe_grade(case, function), matched.what


def matching_row(function: str, action: str, resource: str) -> Impact:
    """Return the first row that matches."""
    return next(
        each
        for each in IMPACTS
        if function.startswith(each.function)
        and action.startswith(each.action)
        and each.resource in resource
    )


def table() -> Iterator[str]:
    """Yield the rows of the Markdown table of impacts."""
    for each in IMPACTS:
        of = f"`{each.function}{'*' if each.function.endswith('_') else ''}`"
        does = f"`{each.action}*`"
        where = f" on `{each.resource}`" if each.resource else ""
        grade = each.grade or "critical where a P1's alarm uses its metrics, else a warning"
        yield (
            f"| {of if each.function else 'any'} "
            f"| {does if each.action else 'anything else'}{where} | {grade} | {each.what} |"
        )


def _probe_grade(case: DoctorContext, probe: str) -> Grade:
    """Return critical if a P1's alarm watches a metric of *probe*."""
    of_nats = probe == "probe_nats"
    watched_by_p1 = any(
        metric.namespace == PROBE_NAMESPACE and (metric.name in NATS_METRICS) is of_nats
        for alarm in alarm_inventory.fleet_alarms(case.profile)
        for metric in alarm.metrics
        if case.profile.severity_of(alarm.name) is Severity.P1
    )
    return "critical" if watched_by_p1 else "warning"
