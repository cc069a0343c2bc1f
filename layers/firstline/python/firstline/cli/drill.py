"""``firstline drill``: a game day on the deployed system, from an alarm to its end."""

from pathlib import Path
from typing import Annotated

import typer

from firstline.cli import export_files, fleets
from firstline.cli.account.alarm_state import CloudWatchAlarms
from firstline.cli.analysis.drill.report import as_markdown
from firstline.cli.analysis.drill.run import DrillDeployment, DrillRun, run_drill
from firstline.cli.fleets import Credentials, File, Place, Region
from firstline.cli.operators import parse_duration
from firstline.cli.output import lines as output
from firstline.cli.output import terminal
from firstline.cli.output.deployment_lines import DrillLine
from firstline.cli.shell import values
from firstline.config import fleet_file as profiles
from firstline.config.profile import Profile
from firstline.controller.operators.commands import AnnounceDrill, CommandResult
from firstline.errors import InvalidInput
from firstline.reporting.postmortem import write as report
from firstline.reporting.postmortem.markdown import markdown as of_incident
from firstline.schema_1 import MODES
from firstline.signal import Condition

Page = Annotated[
    Path | None, typer.Option(metavar="FILE", help="write the drill's report as one HTML page")
]
HANG = 10
"""The column of a result, after its name."""
app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def drill(
    condition: Annotated[
        str,
        typer.Argument(
            metavar="CONDITION",
            help="such as complete-outage",
            show_default=False,
            autocompletion=values.conditions,
        ),
    ],
    enforce: Annotated[
        bool, typer.Option("--enforce", help="allow fixes, if the deployment's mode allows them")
    ] = False,
    patience: Annotated[
        str, typer.Option("--for", metavar="TIME", help="maximum wait for the end of the incident")
    ] = "15m",
    fleet: File = "",
    profile: Credentials = "",
    region: Region = "",
    html: Page = None,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", "--md", metavar="FILE", help="and as Markdown")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
) -> int:
    """Raise the alarm of CONDITION, which pages as a real one does, and follow its incident.

    The incident runs in mode dry-run, whatever the deployment's mode, unless --enforce is given.
    Exits with 1 if an expected result is missing: the entry, the page and the first decision within
    the response target, and the end.
    """
    alarm_condition, duration_min = _condition(condition), parse_duration(patience)
    for each in filter(None, (html, markdown)):
        if not each.absolute().parent.is_dir():
            raise InvalidInput(f"{each}: cannot be written: create its folder first")
    deployment = _deployment(Place(fleet, region, profile))
    drill_run = run_drill(alarm_condition, deployment, duration_min, enforce=enforce)
    write_reports(drill_run, deployment.profile, html, markdown)
    return print_drill(drill_run.line, as_json=as_json)


def write_reports(
    drill_run: DrillRun, profile: Profile, html: Path | None, markdown: Path | None
) -> None:
    """Write the reports of the drill and of its incident to the given files."""
    from firstline.cli.analysis.drill.page import page

    reports = (report.write_report(drill_run.chain, profile),) if drill_run.chain else ()
    if html is not None:
        export_files.write([page(reports, drill_run.report).encode()], html)
    if markdown is not None:
        texts = (as_markdown(drill_run.report), *map(of_incident, reports))
        export_files.write(["\n".join(texts).encode()], markdown)


def print_drill(line: DrillLine, *, as_json: bool) -> int:
    """Print the drill, as JSON or text, and return the exit status."""
    if as_json:
        output.emit(line)
    else:
        terminal.print_lines(_drill_lines(line), HANG)
    return int(not line.holds)


def _condition(text: str) -> Condition:
    try:
        return Condition(text)
    except ValueError:
        raise InvalidInput(
            f"unknown condition {text!r}: name one of {', '.join(Condition)}"
        ) from None


def _deployment(place: Place) -> DrillDeployment:
    """Return the deployment of the fleet file; raises `InvalidInput` or `DependencyUnavailable`."""
    from firstline.adapters.aws import clients
    from firstline.adapters.aws.store import DynamoStore
    from firstline.adapters.clock import SystemClock
    from firstline.cli.account import operator_url
    from firstline.doctor.readers import stacks
    from firstline.doctor.readers.account import caller_home

    path, clock = fleets.choose(place.fleet), SystemClock()
    profile = profiles.load(path)
    fleet = profile.fleet.name
    session = fleets.session(place, profiles.deployment(path).region)
    mode = stacks.stack_output("Mode", stacks.app_stack(fleet), session)
    mode = MODES.get(mode, mode)
    incidents = stacks.stack_output("IncidentsTable", stacks.records_stack(fleet), session)
    ledger = stacks.ledger_table(fleet, session)

    def announce(command: AnnounceDrill) -> CommandResult:
        return operator_url.send(command, operator_url.find(fleet, session), session)

    return DrillDeployment(
        profile=profile,
        home=caller_home(session),
        mode=mode,
        alarms=CloudWatchAlarms(clients.alarms(session), stacks.app_stack(fleet)),
        store=DynamoStore(clients.ledger(session), incidents, ledger, clock),
        clock=clock,
        announce=announce,
    )


def _drill_lines(line: DrillLine) -> list[str]:
    def after(seconds: int | None) -> str:
        return "never" if seconds is None else f"after {seconds} s"

    fixes = "a dry run" if line.dry_run else "fixes allowed"
    rows = [
        f"drill of {line.alarm}, {fixes}, in mode {line.mode}",
        f"  received   {after(line.received_after_seconds)}  {line.incident or ''}".rstrip(),
        f"  classified {line.severity} {line.condition}",
    ]
    if line.channel:
        rows.append(
            f"  notified   {after(line.notified_after_seconds)}  on the channel {line.channel}"
        )
    rows.append(f"  decided    {after(line.decided_after_seconds)}")
    for each in line.decisions:
        rows.append(f"  {each.step:<10} {each.rule}: {each.why}")
        if each.plan:
            denied = f", denied by {', '.join(each.denied)}" if each.denied else ""
            rows.append(f"             would run {each.plan}{denied}")
    rows.append(f"  ended      {after(line.ended_after_seconds)}  {line.outcome or ''}".rstrip())
    return [*rows, f"{'holds' if line.holds else 'does not hold'}: {line.why}"]
