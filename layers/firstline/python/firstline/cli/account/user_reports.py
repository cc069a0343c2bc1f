"""User reports, put on the default event bus of the account."""

from typing import TYPE_CHECKING

import msgspec

from firstline.adapters.aws.errors import describe, unavailable
from firstline.errors import DependencyUnavailable
from firstline.event_sources import REPORTS
from firstline.signals.sources.user import Report

if TYPE_CHECKING:
    from boto3.session import Session


def caller(session: "Session") -> str:
    """Return the ARN of the caller's identity; raises `DependencyUnavailable`."""
    with unavailable("AWS did not return your identity", describe):
        return str(session.client("sts").get_caller_identity()["Arn"])


def put(report: Report, session: "Session") -> str:
    """Put *report* on the bus; return the event's id; raises `DependencyUnavailable`."""
    detail = msgspec.json.encode(report).decode()
    entry = {"Source": REPORTS.source, "DetailType": REPORTS.detail_types[0], "Detail": detail}
    with unavailable("the report was not accepted", describe):
        answer = session.client("events").put_events(Entries=[entry])
        (result,) = answer["Entries"]
        if answer["FailedEntryCount"]:
            code = result.get("ErrorCode", "no reason given")
            raise DependencyUnavailable(f"the report was not accepted: {code}")
        return str(result["EventId"])
