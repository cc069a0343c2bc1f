"""``firstline drill``: a game day against the deployed system, from an alarm to its end."""

from pathlib import Path
from typing import Annotated

import typer

from firstline.cli import exported, fleets
from firstline.cli.account.alarm_state import AwsAlarms
from firstline.cli.analysis.drill.playing import Played, Stage, play
from firstline.cli.analysis.drill.rehearsal import as_markdown
from firstline.cli.fleets import Credentials, File, Place, Region
from firstline.cli.operators import length
from firstline.cli.output import lines as output
from firstline.cli.output import terminal
from firstline.cli.output.deployed import DrillLine
from firstline.cli.shell import values
from firstline.config import fleet_file as profiles
from firstline.config.profile import Profile
from firstline.controller.operators.commands import AnnounceDrill, CommandResult
from firstline.errors import InvalidInput
from firstline.reporting.postmortem import write as report
from firstline.reporting.postmortem.markdown import markdown as of_incident
from firstline.signal import Condition

Page = Annotated[
    Path | None, typer.Option(metavar="FILE", help="write the drill's report as one HTML page")
]
HANG = 10
"""The column of what came, behind its name."""
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
        bool, typer.Option("--enforce", help="let it be fixed, where the deployment may fix")
    ] = False,
    patience: Annotated[
        str, typer.Option("--for", metavar="TIME", help="how long its end is waited for")
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
    """Ring the alarm of CONDITION, which pages as a true one does, and follow it.

    What it opens is only observed, also where the deployment may fix, unless --enforce is given.
    Exits with 1 where something that was expected did not come: its entry, its page and the first
    decision within the response target, and its end.
    """
    meant, waits = _condition(condition), length(patience)
    for each in filter(None, (html, markdown)):
        if not each.absolute().parent.is_dir():
            raise InvalidInput(f"{each}: cannot be written: make its folder first")
    stage = _stage(Place(fleet, region, profile))
    played = play(meant, stage, waits, enforce=enforce)
    write(played, stage.profile, html, markdown)
    return tell(played.line, as_json=as_json)


def write(played: Played, profile: Profile, html: Path | None, markdown: Path | None) -> None:
    """Write the report of the drill, and of the incident that it opened, as it is asked for."""
    from firstline.cli.analysis.drill.page import page

    reports = (report.write_report(played.chain, profile),) if played.chain else ()
    if html is not None:
        exported.write([page(reports, played.report).encode()], html)
    if markdown is not None:
        texts = (as_markdown(played.report), *map(of_incident, reports))
        exported.write(["\n".join(texts).encode()], markdown)


def tell(line: DrillLine, *, as_json: bool) -> int:
    """Write the drill, as JSON or for a person, and give the exit status."""
    if as_json:
        output.emit(line)
    else:
        terminal.say(_told(line), HANG)
    return int(not line.holds)


def _condition(text: str) -> Condition:
    try:
        return Condition(text)
    except ValueError:
        raise InvalidInput(f"no condition {text!r}: name one of {', '.join(Condition)}") from None


def _stage(place: Place) -> Stage:
    """The deployment of the fleet file; raises `InvalidInput` or `DependencyUnavailable`."""
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
    incidents = stacks.stack_output("IncidentsTable", stacks.records_stack(fleet), session)
    ledger = stacks.ledger_table(fleet, session)

    def announce(lever: AnnounceDrill) -> CommandResult:
        return operator_url.send(lever, operator_url.find(fleet, session), session)

    return Stage(
        profile=profile,
        home=caller_home(session),
        mode=mode,
        alarms=AwsAlarms(clients.alarms(session), stacks.app_stack(fleet)),
        store=DynamoStore(clients.ledger(session), incidents, ledger, clock),
        clock=clock,
        announce=announce,
    )


def _told(line: DrillLine) -> list[str]:
    def after(seconds: int | None) -> str:
        return "never" if seconds is None else f"after {seconds} s"

    told = [
        f"drill of {line.alarm}, in mode {line.mode}{', observed only' if line.observed else ''}",
        f"  heard   {after(line.heard_after_seconds)}  {line.incident or ''}".rstrip(),
        f"  taken   for {line.severity} {line.condition}",
    ]
    if line.channel:
        told.append(f"  told    {after(line.told_after_seconds)}  on the channel {line.channel}")
    told.append(f"  decided {after(line.decided_after_seconds)}")
    for each in line.decisions:
        told.append(f"  {each.step:<7} {each.rule}: {each.why}")
        if each.plan:
            denied = f", denied by {', '.join(each.denied)}" if each.denied else ""
            told.append(f"          would {each.plan}{denied}")
    told.append(f"  ended   {after(line.ended_after_seconds)}  {line.outcome or ''}".rstrip())
    return [*told, f"{'holds' if line.holds else 'does not hold'}: {line.why}"]
