"""``firstline doctor``: checks the account against the fleet file; it changes nothing."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from firstline.adapters.clock import SystemClock
from firstline.cli import fleets
from firstline.cli.fleets import Place
from firstline.cli.output import lines as output
from firstline.cli.output import terminal
from firstline.cli.output.deployment_lines import DoctorLine
from firstline.config import fleet_file as profiles
from firstline.doctor import quotas
from firstline.doctor import run as checks
from firstline.doctor.readers.account import read_account
from firstline.doctor.result import DoctorResult

if TYPE_CHECKING:
    from boto3.session import Session

    from firstline.controller.ports.messaging import Clock

HANG = 10
"""The column of a finding's text, after its severity."""

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def doctor(
    fleet: fleets.File = "",
    profile: fleets.Credentials = "",
    region: fleets.Region = "",
    look: Annotated[bool, typer.Option("--look", help="also inspect the hosts, over SSM")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document per result")] = False,
) -> int:
    """Check the account of your credentials against the fleet file: 1 if a P1 may be missed."""
    path = fleets.choose(fleet)
    quotas.check(profiles.load(path), path)  # before faults of the environment
    session = fleets.session(Place(fleet, region, profile), profiles.deployment(path).region)
    return print_findings(examine(session, path, SystemClock(), look=look), as_json=as_json)


def examine(
    session: "Session", path: Path, clock: "Clock", *, look: bool
) -> tuple[DoctorResult, ...]:
    """Return the findings for the fleet file at *path*.

    Raises `InvalidInput` or `DependencyUnavailable`.
    """
    profile, settings = profiles.load(path), profiles.deployment(path)
    facts = read_account(session, profile, clock, inspect=look)
    return checks.examine(profile, facts, str(path), settings, session.region_name)


def print_findings(findings: tuple[DoctorResult, ...], *, as_json: bool) -> int:
    """Print the findings, as JSON or text, and return the exit status."""
    for each in findings:
        if as_json:
            output.emit(msgspec.convert(msgspec.to_builtins(each), type=DoctorLine))
        else:
            terminal.print_lines(_finding_lines(each), HANG)
    if not as_json:
        terminal.print_lines([_summary(findings)])
    return int(checks.has_critical(findings))


def _finding_lines(finding: DoctorResult) -> Iterator[str]:
    yield f"{finding.severity:<8}  {finding.check}: {finding.subject} {finding.what}"
    yield f"{'':{HANG}}so {finding.consequence}"
    yield f"{'':{HANG}}fix: {finding.remedy}"
    yield ""


def _summary(findings: tuple[DoctorResult, ...]) -> str:
    counts = Counter(each.severity for each in findings)
    counted = ", ".join(f"{counts[each]} {each}" for each in checks.GRADES)
    end = (
        "a P1 may go undetected"
        if checks.has_critical(findings)
        else "no problem prevents the detection of a P1"
    )
    return f"{counted}: {end}"
