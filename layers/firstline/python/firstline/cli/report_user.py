"""``firstline report-user``: report a user's problem to the deployed system as a P3 (R23)."""

import secrets
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from firstline.cli.account import user_reports as reports
from firstline.cli.fleets import Credentials
from firstline.cli.output import lines as output
from firstline.cli.output.lines import ReportLine
from firstline.doctor.readers import stacks
from firstline.errors import InvalidInput
from firstline.signals.sources.user import DETAILS_MAX, Report

if TYPE_CHECKING:
    from boto3.session import Session

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command("report-user")
def run(
    user: Annotated[str, typer.Option(metavar="GUID", help="the user, by GUID")],
    details: Annotated[str, typer.Option(metavar="TEXT", help="the error that the user sees")],
    reporter: Annotated[str, typer.Option(metavar="NAME", help="default: your AWS identity")] = "",
    profile: Credentials = "",
    region: Annotated[str, typer.Option(help="else AWS_REGION", show_default=False)] = "",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
) -> None:
    """Put a user's report on the event bus of the account of your credentials."""
    session = stacks.session(region, profile)
    line = send({"user": user.lower(), "details": details, "reporter": reporter}, session)
    if as_json:
        output.emit(line)
    else:
        by = f"{line.report} by {line.reporter}"
        print(f"reported as {by}: firstline opens a P3 and does not page")


def send(fields: dict[str, str], session: "Session") -> ReportLine:
    """Put the report of *fields* on the bus; the reporter is the caller by default.

    Raises `InvalidInput` or `DependencyUnavailable`.
    """
    sender = fields["reporter"] or reports.caller(session)
    report = parse_report(fields | {"reporter": sender})
    return ReportLine(event=reports.put(report, session), report=report.id, reporter=sender)


def parse_report(fields: dict[str, str]) -> Report:
    """Return the report with a new id; raises `InvalidInput` without quoting *fields*."""
    try:
        return msgspec.convert(fields | {"id": secrets.token_hex(16)}, type=Report)
    except msgspec.ValidationError as error:
        message = str(error)
    if "$.user" in message:
        raise InvalidInput("--user: give the user's GUID, 8-4-4-4-12 hexadecimal digits")
    if "$.details" in message:
        raise InvalidInput(f"--details: give 1 to {DETAILS_MAX} characters")
    raise InvalidInput("--reporter: give a name of letters, digits and . : / = + @ , -")
