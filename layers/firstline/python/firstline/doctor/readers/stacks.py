"""Stacks: the templates that deployed stacks stand by, and the limits that new ones meet."""

from collections.abc import Iterable

from boto3.session import Session
from botocore.exceptions import ClientError

from firstline.adapters.aws.errors import code, in_words, unavailable
from firstline.doctor.diff.limits import Limit
from firstline.doctor.facts import Read
from firstline.doctor.readers.reading import client, pages, read

ABSENT = "ValidationError"
"""What CloudFormation says of a stack that is not there."""


def template(session: Session, stack: str) -> object | None:
    """The template of *stack*; None where there is no such stack. Raises `Unavailable`."""
    stacks = client(session, "cloudformation")
    with unavailable(f"the stack {stack} cannot be read", in_words):
        try:
            found = stacks.get_template(StackName=stack)
        except ClientError as error:
            if code(error) == ABSENT:
                return None
            raise
    body: object = found["TemplateBody"]
    return body


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
