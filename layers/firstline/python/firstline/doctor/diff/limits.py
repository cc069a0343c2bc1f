"""Limits: what a template needs of the account that CloudFormation would find only half-way.

A stack that fails then is rolled back, which takes as long again.
Source: Lambda developer guide, "Configuring reserved concurrency" (100 executions stay unreserved;
an account whose limit is lower can reserve none).
"""

from collections.abc import Iterator

import msgspec

from firstline.doctor.diff.contents import template_of
from firstline.doctor.facts import Read, Unread

UNRESERVED_MIN = 100
FEW = 10
"""The limit of an account that is new, or had little use."""


class Needs(msgspec.Struct, frozen=True):
    """Log groups that must be there, and how many executions are reserved."""

    log_groups: tuple[str, ...] = ()
    reserved: int = 0


class Limit(msgspec.Struct, frozen=True):
    """Lambda's concurrency in the account and Region: in all, and what is not reserved."""

    total: int
    unreserved: int


def needs(template: object) -> Needs:
    """What *template* needs; raises `InvalidInput` for what is none."""
    resources = template_of(template).resources.values()
    filters = (it.properties for it in resources if it.type == "AWS::Logs::MetricFilter")
    named = (each.get("LogGroupName") for each in filters)
    functions = (it.properties for it in resources if it.type == "AWS::Lambda::Function")
    reserved = sum(int(it.get("ReservedConcurrentExecutions", 0)) for it in functions)
    return Needs(tuple(sorted({each for each in named if isinstance(each, str)})), reserved)


def refusals(
    wanted: Needs, standing: Needs, there: Read[frozenset[str]], limit: Read[Limit]
) -> Iterator[str]:
    """A line for each thing that CloudFormation would stop at.

    *standing* is what the deployed stack has taken already; *there* are the log groups. What could
    not be read refuses nothing: `notes` says so.
    """
    if not isinstance(there, Unread):
        mend = "make it, or leave fleet.parent_log_group out"
        for name in sorted(set(wanted.log_groups) - there):
            yield f"there is no log group {name}, in which lines are counted: {mend}"
    if not isinstance(limit, Unread):
        yield from _reserved(wanted, standing, limit)


def _reserved(wanted: Needs, standing: Needs, limit: Limit) -> Iterator[str]:
    more = wanted.reserved - standing.reserved
    least = min(UNRESERVED_MIN, limit.total)
    if more > 0 and limit.unreserved - more < least:
        free = max(limit.unreserved - least, 0)
        mend = f"reserve {standing.reserved + free} at most, or have the limit raised"
        why = f"of {limit.total} executions at a time {free} can be reserved"
        yield f"ingest_concurrency_reserved = {wanted.reserved}: {why}: {mend}"


def notes(there: Read[frozenset[str]], limit: Read[Limit]) -> Iterator[str]:
    """What slows paging and is no fault of the template's, and what is not known."""
    for each in (there, limit):
        if isinstance(each, Unread):
            yield f"not known before the deployment: {each.action} {each.code}"
    if isinstance(limit, Limit) and limit.total <= FEW:
        share = f"all functions of this account share {limit.total} executions at a time"
        yield f"{share}: a page may wait for them; have Lambda's limit raised (Service Quotas)"
