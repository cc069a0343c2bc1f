"""Reads the limits of an account that a new stack may exceed."""

from collections.abc import Iterable

from boto3.session import Session

from firstline.doctor.diff.limits import ConcurrencyLimit
from firstline.doctor.facts import Fact
from firstline.doctor.readers.requests import client, pages, read


def log_groups(session: Session, names: Iterable[str]) -> Fact[frozenset[str]]:
    """Return the log groups that exist and begin with one of *names*."""
    logs = client(session, "logs")
    return read(
        "logs:DescribeLogGroups",
        lambda: frozenset(
            each["logGroupName"]
            for name in names
            for each in pages(logs, "describe_log_groups", "logGroups", logGroupNamePrefix=name)
        ),
    )


def concurrency_limit(session: Session) -> Fact[ConcurrencyLimit]:
    """Return Lambda's concurrency limits."""
    functions = client(session, "lambda")

    def ask() -> ConcurrencyLimit:
        found = functions.get_account_settings()["AccountLimit"]
        return ConcurrencyLimit(
            found["ConcurrentExecutions"], found["UnreservedConcurrentExecutions"]
        )

    return read("lambda:GetAccountSettings", ask)
