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
    Impact("ingest", "sqs:SendMessage", "warning", "what opens is looked at late, by the sweep"),
    Impact("ingest", "sqs:", "critical", "no signal is taken from its queue: no P1 is heard"),
    Impact("ingest", "secretsmanager:", "critical", "nothing is paged"),
    Impact("ingest", "dynamodb:GetItem", "critical", "a P1 that joins an open incident is lost"),
    Impact("ingest", "dynamodb:PutItem", "warning", "a P1 is paged, and nothing more comes of it"),
    Impact("ingest", "dynamodb:", "warning", "a second delivery, or what goes on around, is lost"),
    Impact("ingest", "autoscaling:", "warning", "findings on hosts of others take up room"),
    Impact("ingest", "cloudwatch:", "warning", "a signal that comes late pages for what is over"),
    Impact("reconcile", "sqs:SendMessage", "warning", "the next look waits for the sweep"),
    Impact("reconcile", "sqs:", "critical", "nobody decides: what turns into a P1 is not paged"),
    Impact("reconcile", "dynamodb:BatchGet", "warning", "the limits are unknown: nothing is fixed"),
    Impact(
        "reconcile", "dynamodb:ConditionCheck", "warning", "no intent is kept: nothing is fixed"
    ),
    Impact("reconcile", "dynamodb:GetItem", "warning", "what opened lately is unknown to it"),
    Impact(
        "reconcile", "dynamodb:", "critical", "nobody decides: what turns into a P1 is not paged"
    ),
    Impact("reconcile", "secretsmanager:", "warning", "hand-overs are paged late, by the sweep"),
    Impact("reconcile", "ssm:SendCommand", "warning", "no host is looked at or restarted"),
    Impact(
        "reconcile", "autoscaling:Describe", "warning", "the group is unknown: nothing is fixed"
    ),
    Impact(
        "reconcile", "autoscaling:", "warning", "no host is replaced, and the group not changed"
    ),
    Impact("reconcile", "cloudwatch:List", "warning", "mute rules are unknown: nothing is fixed"),
    Impact("reconcile", "ec2:", "warning", "a hand-over lacks what this would have told"),
    Impact("reconcile", "health:", "warning", "a hand-over lacks what this would have told"),
    Impact("reconcile", "codedeploy:", "warning", "a hand-over lacks what this would have told"),
    Impact("sweep", "cloudwatch:DescribeAlarms", "critical", "a P1 without an event is not paged"),
    Impact("sweep", "cloudwatch:List", "warning", "a P1 pages in a mute window without an event"),
    Impact("sweep", "cloudwatch:", "warning", "a P1's alarm without data pages though hosts serve"),
    Impact("sweep", "elastic", "warning", "a P1's alarm without data pages though hosts serve"),
    Impact("sweep", "dynamodb:BatchGet", "warning", "mute windows are known by no event"),
    Impact("sweep", "dynamodb:Query", "warning", "a P1 without an event is not paged", "Ledger"),
    Impact("sweep", "dynamodb:", "warning", "open incidents are not counted", "/index/open"),
    Impact("sweep", "dynamodb:", "critical", "pages owed are not sent again, nor lost wakes found"),
    Impact("sweep", "secretsmanager:", "critical", "pages owed are not sent again"),
    Impact("sweep", "sqs:", "warning", "lost wakes are not sent again"),
    Impact("sweep", "logs:", "warning", "the heartbeat is not written, as if firstline were dead"),
    Impact("probe_", "", PROBE, "the probe is blind, and alarms on what it measures have no data"),
    Impact("", "logs:", "warning", "its log and its metrics are not written"),
    Impact("", "sns:", "warning", "the team's topic does not hear of what is minor"),
    Impact("operator", "secretsmanager:", "warning", "that a pause began is paged late"),
    Impact("operator", "", "warning", "no lever can be pulled: no approval, no pause"),
    Impact("archive", "kms:", "warning", "entries are archived without a signed checkpoint"),
    Impact("archive", "sqs:", "warning", "nobody is told which entries were given up"),
    Impact(
        "archive", "", "warning", "entries are not archived, or an ended incident has no report"
    ),
    Impact("audit", "", "warning", "nobody audits the archive"),
    Impact("console", "cloudwatch:", "warning", "what is over stays on top of the console"),
    Impact("console", "", "warning", "the console shows nothing"),
    Impact("", "", "warning", "what this would tell is unknown, and the unknown stops fixes"),
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
        grade = each.grade or "critical where a P1's alarm is on what it measures, else a warning"
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
