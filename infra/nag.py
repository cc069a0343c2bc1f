"""Accepts a finding of cdk-nag on one construct, with a reason."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def accept(construct: IConstruct, finding: str, reason: str) -> None:
    """Accept *finding*, ``Rule`` or ``Rule[finding]``, on *construct* for *reason*."""
    Validations.of(construct).acknowledge(Acknowledgment(id=finding, reason=reason))
