"""Reports: a user's trouble on the default bus of the account that answers for it."""

from typing import TYPE_CHECKING

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from firstline.adapters.aws import errors as faults
from firstline.errors import Unavailable
from firstline.signals.sources.user import REPORT, SOURCE, Report

if TYPE_CHECKING:
    from boto3.session import Session


def caller(session: "Session") -> str:
    """Who reports: the ARN of the caller's identity; raises `Unavailable`."""
    try:
        return str(session.client("sts").get_caller_identity()["Arn"])
    except (ClientError, BotoCoreError) as error:
        raise Unavailable(f"AWS does not say who you are: {_told(error)}") from error


def put(report: Report, session: "Session") -> str:
    """Put *report* on the bus; gives the event's id; raises `Unavailable`."""
    detail = msgspec.json.encode(report).decode()
    entry = {"Source": SOURCE, "DetailType": REPORT, "Detail": detail}
    try:
        answer = session.client("events").put_events(Entries=[entry])
    except (ClientError, BotoCoreError) as error:
        raise Unavailable(f"the report was not taken: {_told(error)}") from error
    (result,) = answer["Entries"]
    if answer["FailedEntryCount"]:
        raise Unavailable(f"the report was not taken: {result.get('ErrorCode', 'no reason given')}")
    return str(result["EventId"])


def _told(error: ClientError | BotoCoreError) -> str:
    return faults.code(error) if isinstance(error, ClientError) else str(error)
