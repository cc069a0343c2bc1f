"""What was deployed, from a person's machine: the outputs of a fleet's two stacks."""

import os

from boto3.session import Session
from botocore.exceptions import ClientError

from firstline.adapters.aws.errors import code, describe, unavailable
from firstline.errors import InvalidInput

LEDGER = "LedgerTable"
"""The output of the records stack that names the ledger."""
ABSENT = "ValidationError"
"""What CloudFormation says of a stack that is not there."""
ARCHIVE = "ArchiveBucket"
"""The output of the records stack that names the bucket of the ledger's archive."""


def session(region: str, credentials: str = "") -> Session:
    """A session in *region*, or in that of the environment; raises `InvalidInput` without one.

    *credentials* names a profile of the AWS configuration; without it AWS_PROFILE does. AWS_REGION,
    which the AWS CLI and every other SDK obeys, is not one of botocore's variables.

    Raises `DependencyUnavailable` where the environment names a profile that is not there.
    """
    with unavailable("the AWS configuration cannot be used", describe):
        where = region or os.environ.get("AWS_REGION")
        made = Session(region_name=where or None, profile_name=credentials or None)
    if made.region_name is None:
        raise InvalidInput(
            "no Region is set: give --region, set AWS_REGION, or write it into the fleet file"
        )
    return made


def app(fleet: str) -> str:
    """The name of the fleet's app stack."""
    return f"firstline-{fleet}-app"


def records(fleet: str) -> str:
    """The name of the fleet's records stack."""
    return f"firstline-{fleet}-records"


def told(stack: str, session: Session) -> dict[str, str]:
    """What *stack* tells, by the output's name.

    Raises `InvalidInput` where there is no such stack.
    """
    with unavailable(f"the stack {stack} cannot be read", describe):
        try:
            found = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        except ClientError as error:
            why = f"the stack {stack} cannot be read ({code(error)})"
            hint = "name the fleet, its Region and the credentials of its account"
            raise InvalidInput(f"{why}: {hint}") from error
        outputs = (each for stack in found for each in stack.get("Outputs", []))
        return {each["OutputKey"]: each["OutputValue"] for each in outputs}


def template(stack: str, session: Session) -> object | None:
    """The template that *stack* stands by; None where there is no such stack.

    Raises `DependencyUnavailable` where that cannot be known.
    """
    with unavailable(f"the stack {stack} cannot be read", describe):
        try:
            found = session.client("cloudformation").get_template(StackName=stack)
        except ClientError as error:
            if code(error) == ABSENT:
                return None
            raise
    return found["TemplateBody"]


def ledger(fleet: str, session: Session) -> str:
    """The name of the fleet's ledger table."""
    return named(LEDGER, records(fleet), session)


def named(output: str, stack: str, session: Session) -> str:
    """The value of one output; raises `InvalidInput` where the stack has none of that name."""
    value = told(stack, session).get(output)
    if value is None:
        raise InvalidInput(lacks(stack, output))
    return value


def lacks(stack: str, output: str) -> str:
    """What is wrong with a stack that does not tell *output*, and how to mend it."""
    return f"the stack {stack} has no {output}: deploy this version of firstline"
