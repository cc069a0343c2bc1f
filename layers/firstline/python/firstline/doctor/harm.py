"""Harm: what no longer works where a function may not do what it needs to."""

from collections.abc import Iterator
from typing import NamedTuple

from firstline.doctor import watched
from firstline.doctor.finding import Case, Grade
from firstline.monitoring.alarms import PROBED
from firstline.monitoring.nats_probe import NATS_METRICS
from firstline.signal import Severity


class Harm(NamedTuple):
    """What follows where *function* (any, where it is empty) may not do *action* to *resource*.

    Both are beginnings and parts of names. A ``probe`` is as grave as the alarms on what it
    measures.
    """

    function: str
    action: str
    grade: Grade | None
    what: str
    resource: str = ""


PROBE = None
"""The grade of what a probe cannot do."""
HARMS = (
    Harm("ingest", "sqs:SendMessage", "warning", "what opens is looked at late, by the sweep"),
    Harm("ingest", "sqs:", "critical", "no signal is taken from its queue: no P1 is heard"),
    Harm("ingest", "secretsmanager:", "critical", "nothing is paged"),
    Harm("ingest", "dynamodb:GetItem", "critical", "a P1 that joins an open incident is lost"),
    Harm("ingest", "dynamodb:PutItem", "warning", "a P1 is paged, and nothing more comes of it"),
    Harm("ingest", "dynamodb:", "warning", "a second delivery, or what goes on around, is lost"),
    Harm("ingest", "autoscaling:", "warning", "findings on hosts of others take up room"),
    Harm("ingest", "cloudwatch:", "warning", "a signal that comes late pages for what is over"),
    Harm("reconcile", "sqs:SendMessage", "warning", "the next look waits for the sweep"),
    Harm("reconcile", "sqs:", "critical", "nobody decides: what turns into a P1 is not paged"),
    Harm("reconcile", "dynamodb:BatchGet", "warning", "the limits are unknown: nothing is fixed"),
    Harm("reconcile", "dynamodb:ConditionCheck", "warning", "no intent is kept: nothing is fixed"),
    Harm("reconcile", "dynamodb:GetItem", "warning", "what opened lately is unknown to it"),
    Harm("reconcile", "dynamodb:", "critical", "nobody decides: what turns into a P1 is not paged"),
    Harm("reconcile", "secretsmanager:", "warning", "hand-overs are paged late, by the sweep"),
    Harm("reconcile", "ssm:SendCommand", "warning", "no host is looked at or restarted"),
    Harm("reconcile", "autoscaling:Describe", "warning", "the group is unknown: nothing is fixed"),
    Harm("reconcile", "autoscaling:", "warning", "no host is replaced, and the group not changed"),
    Harm("reconcile", "cloudwatch:List", "warning", "mute rules are unknown: nothing is fixed"),
    Harm("reconcile", "ec2:", "warning", "a hand-over lacks what this would have told"),
    Harm("reconcile", "health:", "warning", "a hand-over lacks what this would have told"),
    Harm("reconcile", "codedeploy:", "warning", "a hand-over lacks what this would have told"),
    Harm("sweep", "cloudwatch:DescribeAlarms", "critical", "a P1 without an event is not paged"),
    Harm("sweep", "cloudwatch:List", "warning", "a P1 pages in a mute window without an event"),
    Harm("sweep", "cloudwatch:", "warning", "a P1's alarm without data pages though hosts serve"),
    Harm("sweep", "elastic", "warning", "a P1's alarm without data pages though hosts serve"),
    Harm("sweep", "dynamodb:BatchGet", "warning", "mute windows are known by no event"),
    Harm("sweep", "dynamodb:Query", "warning", "a P1 without an event is not paged", "Ledger"),
    Harm("sweep", "dynamodb:", "warning", "open incidents are not counted", "/index/open"),
    Harm("sweep", "dynamodb:", "critical", "pages owed are not sent again, nor lost wakes found"),
    Harm("sweep", "secretsmanager:", "critical", "pages owed are not sent again"),
    Harm("sweep", "sqs:", "warning", "lost wakes are not sent again"),
    Harm("sweep", "logs:", "warning", "the heartbeat is not written, as if firstline were dead"),
    Harm("probe_", "", PROBE, "the probe is blind, and alarms on what it measures have no data"),
    Harm("", "logs:", "warning", "its log and its metrics are not written"),
    Harm("", "sns:", "warning", "the team's topic does not hear of what is minor"),
    Harm("operator", "secretsmanager:", "warning", "that a pause began is paged late"),
    Harm("operator", "", "warning", "no lever can be pulled: no approval, no pause"),
    Harm("archive", "kms:", "warning", "entries are archived without a signed checkpoint"),
    Harm("archive", "sqs:", "warning", "nobody is told which entries were given up"),
    Harm("archive", "", "warning", "entries are not archived, or an ended incident has no report"),
    Harm("audit", "", "warning", "nobody audits the archive"),
    Harm("console", "cloudwatch:", "warning", "what is over stays on top of the console"),
    Harm("console", "", "warning", "the console shows nothing"),
    Harm("", "", "warning", "what this would tell is unknown, and the unknown stops fixes"),
)
"""The first that fits is meant."""


def harm(case: Case, function: str, action: str, resource: str) -> tuple[Grade, str]:
    """How grave it is that *function* may not do it, and what follows."""
    found = row(function, action, resource)
    return found.grade or _of_probe(case, function), found.what


def row(function: str, action: str, resource: str) -> Harm:
    """Which is meant."""
    return next(
        each
        for each in HARMS
        if function.startswith(each.function)
        and action.startswith(each.action)
        and each.resource in resource
    )


def table() -> Iterator[str]:
    """The harms as rows of Markdown."""
    for each in HARMS:
        of = f"`{each.function}{'*' if each.function.endswith('_') else ''}`"
        does = f"`{each.action}*`"
        where = f" on `{each.resource}`" if each.resource else ""
        grade = each.grade or "critical where a P1's alarm is on what it measures, else a warning"
        yield (
            f"| {of if each.function else 'any'} "
            f"| {does if each.action else 'anything else'}{where} | {grade} | {each.what} |"
        )


def _of_probe(case: Case, probe: str) -> Grade:
    """Whether a P1's alarm is on a metric of *probe*."""
    of_nats = probe == "probe_nats"
    heard = any(
        metric.namespace == PROBED and (metric.name in NATS_METRICS) is of_nats
        for alarm in watched.made(case.profile)
        for metric in alarm.metrics
        if case.profile.severity_of(alarm.name) is Severity.P1
    )
    return "critical" if heard else "warning"
