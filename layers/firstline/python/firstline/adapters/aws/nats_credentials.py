"""The NATS credentials of the probe's own user, from an SSM SecureString."""

from typing import TYPE_CHECKING

from firstline.adapters.aws import errors
from firstline.errors import InvalidInput
from firstline.monitoring.nats_credentials import Credentials, parse

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


def fetch(ssm: "SSMClient", parameter: str) -> Credentials:
    """The credentials in *parameter*.

    Raises `DependencyUnavailable` if it cannot be read and `InvalidInput` if it holds no ``.creds``
    file; neither repeats its value.
    """
    with errors.unavailable(f"the parameter {parameter}"):
        answer = ssm.get_parameter(Name=parameter, WithDecryption=True)
        text = answer["Parameter"]["Value"]
    credentials = parse(text)
    if credentials is None:
        raise InvalidInput(
            f"the parameter {parameter} contains no NATS credentials: store the complete "
            ".creds file"
        )
    return credentials
