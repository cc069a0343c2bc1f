"""The account limits that a template may exceed, checked before CloudFormation starts.

CloudFormation finds them half-way and rolls back, which doubles the time. Source: Lambda developer
guide, "Configuring reserved concurrency" (100 executions stay unreserved; an account with a lower
limit can reserve none).
"""

from collections.abc import Iterator

import msgspec

from firstline.doctor.diff.contents import template_of
from firstline.doctor.facts import Fact, ReadFailure

UNRESERVED_MIN = 100
LOW_LIMIT = 10
"""The concurrency limit of a new or little used account."""


class TemplateNeeds(msgspec.Struct, frozen=True):
    """The log groups that must exist, and the number of reserved executions."""

    log_groups: tuple[str, ...] = ()
    reserved: int = 0


class ConcurrencyLimit(msgspec.Struct, frozen=True):
    """Lambda's concurrency in the account and Region: total and unreserved."""

    total: int
    unreserved: int


def template_needs(template: object) -> TemplateNeeds:
    """Return the needs of *template*; raises `InvalidInput`."""
    resources = template_of(template).resources.values()
    filters = (it.properties for it in resources if it.type == "AWS::Logs::MetricFilter")
    named = (each.get("LogGroupName") for each in filters)
    functions = (it.properties for it in resources if it.type == "AWS::Lambda::Function")
    reserved = sum(int(it.get("ReservedConcurrentExecutions", 0)) for it in functions)
    return TemplateNeeds(tuple(sorted({each for each in named if isinstance(each, str)})), reserved)


def refusals(
    planned: TemplateNeeds,
    current: TemplateNeeds,
    existing: Fact[frozenset[str]],
    limit: Fact[ConcurrencyLimit],
) -> Iterator[str]:
    """Yield a line for each limit at which the deployment would fail.

    *current* are the deployed stack's needs, *existing* the log groups. A `ReadFailure` refuses
    nothing: `notes` reports it.
    """
    if not isinstance(existing, ReadFailure):
        mend = "create it, or remove fleet.parent_log_group"
        for name in sorted(set(planned.log_groups) - existing):
            yield f"there is no log group {name}, in which lines are counted: {mend}"
    if not isinstance(limit, ReadFailure):
        yield from _reserved(planned, current, limit)


def _reserved(
    planned: TemplateNeeds, current: TemplateNeeds, limit: ConcurrencyLimit
) -> Iterator[str]:
    more = planned.reserved - current.reserved
    least = min(UNRESERVED_MIN, limit.total)
    if more > 0 and limit.unreserved - more < least:
        free = max(limit.unreserved - least, 0)
        mend = f"reserve {current.reserved + free} at most, or have the limit raised"
        why = f"of {limit.total} executions at a time {free} can be reserved"
        yield f"ingest_concurrency_reserved = {planned.reserved}: {why}: {mend}"


def notes(existing: Fact[frozenset[str]], limit: Fact[ConcurrencyLimit]) -> Iterator[str]:
    """Yield a line for a low limit that delays pages, and for each unread limit."""
    for each in (existing, limit):
        if isinstance(each, ReadFailure):
            yield f"unknown before the deployment: {each.action} {each.code}"
    if isinstance(limit, ConcurrencyLimit) and limit.total <= LOW_LIMIT:
        share = f"all functions of this account share {limit.total} executions at a time"
        yield f"{share}: a page may wait for them; have Lambda's limit raised (Service Quotas)"
