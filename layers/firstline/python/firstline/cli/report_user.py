"""``firstline report-user``: a user's trouble becomes a P3 of the deployed system (R23)."""

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
    details: Annotated[str, typer.Option(metavar="TEXT", help="what the user sees: the error")],
    reporter: Annotated[str, typer.Option(metavar="NAME", help="by default, who you are")] = "",
    profile: Credentials = "",
    region: Annotated[str, typer.Option(help="else AWS_REGION", show_default=False)] = "",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
) -> None:
    """Put a user's report on the bus of the account that your credentials are for."""
    session = stacks.session(region, profile)
    line = send({"user": user.lower(), "details": details, "reporter": reporter}, session)
    if as_json:
        output.emit(line)
    else:
        by = f"{line.report} by {line.reporter}"
        print(f"reported as {by}: firstline opens a P3, and pages nobody")


def send(told: dict[str, str], session: "Session") -> ReportLine:
    """Put what is *told* on the bus; who reports is who calls, unless it says so.

    Raises `InvalidInput` or `DependencyUnavailable`.
    """
    who = told["reporter"] or reports.caller(session)
    report = checked(told | {"reporter": who})
    return ReportLine(event=reports.put(report, session), report=report.id, reporter=who)


def checked(told: dict[str, str]) -> Report:
    """The report with an id of its own; raises `InvalidInput` without repeating what was told."""
    try:
        return msgspec.convert(told | {"id": secrets.token_hex(16)}, type=Report)
    except msgspec.ValidationError as error:
        message = str(error)
    if "$.user" in message:
        raise InvalidInput("--user: give the user's GUID, 8-4-4-4-12 hexadecimal digits")
    if "$.details" in message:
        raise InvalidInput(f"--details: give 1 to {DETAILS_MAX} characters")
    raise InvalidInput("--reporter: give a name of letters, digits and . : / = + @ , -")
