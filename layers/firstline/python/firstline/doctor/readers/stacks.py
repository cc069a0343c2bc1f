"""Outputs and templates of a fleet's two stacks, read with an operator's credentials."""

import os

from boto3.session import Session
from botocore.exceptions import ClientError

from firstline.adapters.aws.errors import code, describe, unavailable
from firstline.errors import InvalidInput

LEDGER = "LedgerTable"
"""The output of the records stack with the ledger's table."""
ABSENT = "ValidationError"
"""CloudFormation's error code for a stack that does not exist."""
ARCHIVE = "ArchiveBucket"
"""The output of the records stack with the bucket of the ledger's archive."""


def session(region: str, credentials: str = "") -> Session:
    """Return a session in *region*; default: the environment's.

    *credentials* is a profile of the AWS configuration; default: AWS_PROFILE. AWS_REGION is
    read here: the AWS CLI and other SDKs obey it, but botocore does not.

    Raises `InvalidInput` without a Region, `DependencyUnavailable` if the profile does not
    exist.
    """
    with unavailable("the AWS configuration cannot be used", describe):
        where = region or os.environ.get("AWS_REGION")
        made = Session(region_name=where or None, profile_name=credentials or None)
    if made.region_name is None:
        raise InvalidInput(
            "no Region is set: give --region, set AWS_REGION, or write it into the fleet file"
        )
    return made


def app_stack(fleet: str) -> str:
    """Return the name of the fleet's app stack."""
    return f"firstline-{fleet}-app"


def records_stack(fleet: str) -> str:
    """Return the name of the fleet's records stack."""
    return f"firstline-{fleet}-records"


def stack_outputs(stack: str, session: Session) -> dict[str, str]:
    """Return the outputs of *stack*.

    Raises `InvalidInput` if there is no such stack.
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
    """Return the template of *stack*; None if there is no such stack.

    Raises `DependencyUnavailable` if it cannot be read.
    """
    with unavailable(f"the stack {stack} cannot be read", describe):
        try:
            found = session.client("cloudformation").get_template(StackName=stack)
        except ClientError as error:
            if code(error) == ABSENT:
                return None
            raise
    return found["TemplateBody"]


def ledger_table(fleet: str, session: Session) -> str:
    """Return the name of the fleet's ledger table."""
    return stack_output(LEDGER, records_stack(fleet), session)


def stack_output(output: str, stack: str, session: Session) -> str:
    """Return the value of one output; raises `InvalidInput` if the stack lacks it."""
    value = stack_outputs(stack, session).get(output)
    if value is None:
        raise InvalidInput(missing_output(stack, output))
    return value


def missing_output(stack: str, output: str) -> str:
    """Return the error and remedy for a stack without *output*."""
    return f"the stack {stack} has no {output}: deploy this version of firstline"
