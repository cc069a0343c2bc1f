"""Stacks: the templates that deployed stacks stand by."""

from boto3.session import Session
from botocore.exceptions import ClientError

from firstline.adapters.aws.errors import code, in_words, unavailable
from firstline.doctor.readers.reading import client

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
