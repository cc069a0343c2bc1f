"""Limits: what of an account a new stack would meet."""

from collections.abc import Iterable

from boto3.session import Session

from firstline.doctor.diff.limits import Limit
from firstline.doctor.facts import Read
from firstline.doctor.readers.reading import client, pages, read


def log_groups(session: Session, names: Iterable[str]) -> Read[frozenset[str]]:
    """Those of *names* that are there, and others that begin so."""
    logs = client(session, "logs")
    return read(
        "logs:DescribeLogGroups",
        lambda: frozenset(
            each["logGroupName"]
            for name in names
            for each in pages(logs, "describe_log_groups", "logGroups", logGroupNamePrefix=name)
        ),
    )


def limit(session: Session) -> Read[Limit]:
    """Lambda's concurrency."""
    functions = client(session, "lambda")

    def ask() -> Limit:
        found = functions.get_account_settings()["AccountLimit"]
        return Limit(found["ConcurrentExecutions"], found["UnreservedConcurrentExecutions"])

    return read("lambda:GetAccountSettings", ask)
