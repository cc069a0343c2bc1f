"""``firstline approve``, ``deny``, ``pause``, ``resume``, ``promote``: operator commands."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
import typer

from firstline.cli import fleets
from firstline.cli.account import operator_url
from firstline.cli.fleets import Credentials, FileOrName, Place, Region
from firstline.cli.output import lines as output
from firstline.cli.output import terminal
from firstline.cli.shell import values
from firstline.controller.operators import commands
from firstline.controller.operators.commands import CommandResult, OperatorCommand
from firstline.diagnosis.evidence import Unknown
from firstline.errors import InvalidInput

app = typer.Typer(add_completion=False, rich_markup_mode=None)

Incident = Annotated[
    str, typer.Argument(metavar="INCIDENT", help="the id in the page", show_default=False)
]
Plan = Annotated[str, typer.Argument(metavar="PLAN", help="the plan's hash in the page")]
Scope = Annotated[
    str,
    typer.Argument(
        metavar="SCOPE",
        help="everything, a condition, or an incident's id",
        autocompletion=values.scopes,
    ),
]
Action = Annotated[
    str,
    typer.Argument(metavar="ACTION", help="such as restart_enclave", autocompletion=values.actions),
]
Why = Annotated[str, typer.Option(metavar="TEXT", help="the reason, for the record")]
Duration = Annotated[str, typer.Option("--for", metavar="TIME", help="such as 30m, 2h or 1d")]
Url = Annotated[str, typer.Option(help="the stack's OperatorUrl; default: read from the stack")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON document")]

UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


@app.command()
def approve(
    incident: Incident,
    plan: Plan,
    why: Why = "",
    fleet: FileOrName = "",
    profile: Credentials = "",
    region: Region = "",
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Approve a proposed plan, once; every guard is evaluated again before it is executed."""
    fields = {"command": "approve", "incident": incident, "plan": plan, "why": why}
    _print(send_command(fields, Place(fleet, region, profile), url), as_json=as_json)


@app.command()
def deny(
    incident: Incident,
    plan: Plan,
    why: Why,
    fleet: FileOrName = "",
    profile: Credentials = "",
    region: Region = "",
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Deny a proposed plan: the incident is escalated to on-call."""
    fields = {"command": "deny", "incident": incident, "plan": plan, "why": why}
    _print(send_command(fields, Place(fleet, region, profile), url), as_json=as_json)


@app.command()
def pause(
    scope: Scope,
    why: Why,
    duration: Duration,
    fleet: FileOrName = "",
    profile: Credentials = "",
    region: Region = "",
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Pause fixes for a time; paging, inspection and closing continue. PagerDuty gets an alert."""
    until = datetime.now(UTC) + parse_duration(duration)
    fields = {"command": "pause", "scope": scope, "why": why, "until": until.isoformat()}
    _print(send_command(fields, Place(fleet, region, profile), url), as_json=as_json)


@app.command()
def resume(
    scope: Scope,
    why: Why,
    fleet: FileOrName = "",
    profile: Credentials = "",
    region: Region = "",
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """End a pause early."""
    fields = {"command": "resume", "scope": scope, "why": why}
    _print(send_command(fields, Place(fleet, region, profile), url), as_json=as_json)


@app.command()
def promote(
    action: Action,
    why: Why,
    fleet: FileOrName = "",
    profile: Credentials = "",
    region: Region = "",
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Make an action automatic again that was demoted because its fixes failed."""
    fields = {"command": "promote", "action": action, "why": why}
    _print(send_command(fields, Place(fleet, region, profile), url), as_json=as_json)


def parse_duration(text: str) -> timedelta:
    """Return the duration of *text*; raises `InvalidInput`."""
    match = re.fullmatch(r"([1-9][0-9]{0,3})([mhd])", text)
    if match is None:
        raise InvalidInput(f"--for {text}: give a number with m, h or d, such as 30m")
    return int(match[1]) * UNITS[match[2]]


def send_command(fields: dict[str, str], place: Place, url: str = "") -> CommandResult:
    """Validate *fields* locally, then send the command.

    With *url*, the address of an ``OperatorUrl``, no fleet is needed.
    """
    command: OperatorCommand = commands.parse_command(msgspec.json.encode(fields))
    if url:
        return operator_url.send(command, url, fleets.session(place))
    fleet = fleets.find(place)
    return operator_url.send(command, operator_url.find(fleet.name, fleet.session), fleet.session)


def _print(result: CommandResult, *, as_json: bool) -> None:
    if as_json:
        output.emit(result)
        return
    until = result.until.isoformat(timespec="seconds") if result.until else ""
    subject = f"{result.action} on {', '.join(result.targets)} for {result.incident}"
    pending = (
        "" if result.notified else "; PagerDuty has not received it yet: the next sweep retries"
    )
    text = {
        "approve": f"approved: {subject}, until {until}, if every guard passes then",
        "deny": f"denied: {subject}; the incident is escalated to on-call",
        "pause": f"paused: no fixes of {result.scope} before {until}{pending}",
        "resume": f"resumed: fixes of {result.scope} are allowed again{pending}",
        "promote": f"promoted: {result.action} has the autonomy of the fleet file again",
    }[result.command]
    notes = [_under_way(result.under_way)] if result.command == "pause" else []
    terminal.print_lines([f"{text} (recorded as {result.by})", *notes])


def _under_way(fix: commands.FixInProgress | Unknown | None) -> str:
    """Return a line on the fix that may still change a host."""
    if fix is None:
        return "in progress: no fix"
    if isinstance(fix, Unknown):
        return (
            f"in progress: unknown, the lease cannot be read ({fix.why}): check the incidents first"
        )
    until = fix.until.isoformat(timespec="seconds")
    what = f"{fix.action} on {fix.target} for {fix.incident}"
    return f"in progress: {what}, committed before; it may change its host until {until}"
