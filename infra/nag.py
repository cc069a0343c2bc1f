"""Accepting a finding of cdk-nag: on one construct, with the reason."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def accept(construct: IConstruct, finding: str, reason: str) -> None:
    """Accept *finding*, ``Rule`` or ``Rule[what it found]``, on *construct* for *reason*."""
    Validations.of(construct).acknowledge(Acknowledgment(id=finding, reason=reason))
