"""``firstline approve``, ``deny``, ``pause``, ``resume``, ``promote``: levers, by IAM."""

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
from firstline.controller.operators import commands as levers
from firstline.controller.operators.commands import CommandResult, OperatorCommand
from firstline.diagnosis.evidence import Unknown
from firstline.errors import InvalidInput

app = typer.Typer(add_completion=False, rich_markup_mode=None)

Incident = Annotated[
    str, typer.Argument(metavar="INCIDENT", help="the id that the page names", show_default=False)
]
Plan = Annotated[str, typer.Argument(metavar="PLAN", help="the hash that the page names")]
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
Url = Annotated[str, typer.Option(help="the stack's OperatorUrl, by default looked up")]
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
    """Allow a proposed plan, once; every guard is asked again before it is done."""
    order = {"lever": "approve", "incident": incident, "plan": plan, "why": why}
    _tell(pull(order, Place(fleet, region, profile), url), as_json=as_json)


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
    """Refuse a proposed plan: the incident is handed over to a person."""
    order = {"lever": "deny", "incident": incident, "plan": plan, "why": why}
    _tell(pull(order, Place(fleet, region, profile), url), as_json=as_json)


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
    """Stop fixes for a while; paging, looking and closing continue. PagerDuty gets an alert."""
    until = datetime.now(UTC) + length(duration)
    order = {"lever": "pause", "scope": scope, "why": why, "until": until.isoformat()}
    _tell(pull(order, Place(fleet, region, profile), url), as_json=as_json)


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
    """End a pause before its time."""
    order = {"lever": "resume", "scope": scope, "why": why}
    _tell(pull(order, Place(fleet, region, profile), url), as_json=as_json)


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
    """Let an action go by itself again that was demoted, for its fixes did not help."""
    order = {"lever": "promote", "action": action, "why": why}
    _tell(pull(order, Place(fleet, region, profile), url), as_json=as_json)


def length(text: str) -> timedelta:
    """How long *text* says; raises `InvalidInput`."""
    found = re.fullmatch(r"([1-9][0-9]{0,3})([mhd])", text)
    if found is None:
        raise InvalidInput(f"--for {text}: give a number with m, h or d, such as 30m")
    return int(found[1]) * UNITS[found[2]]


def pull(order: dict[str, str], place: Place, url: str = "") -> CommandResult:
    """Check *order* here, so that a mistake needs no network, and send it.

    With *url*, the address of an ``OperatorUrl``, the fleet need not be named.
    """
    lever: OperatorCommand = levers.parse_command(msgspec.json.encode(order))
    if url:
        return operator_url.send(lever, url, fleets.session(place))
    found = fleets.find(place)
    return operator_url.send(lever, operator_url.find(found.name, found.session), found.session)


def _tell(pulled: CommandResult, *, as_json: bool) -> None:
    if as_json:
        output.emit(pulled)
        return
    until = pulled.until.isoformat(timespec="seconds") if pulled.until else ""
    about = f"{pulled.action} on {', '.join(pulled.targets)} for {pulled.incident}"
    owed = "" if pulled.told else "; PagerDuty does not have it yet: the next sweep sends it"
    line = {
        "approve": f"approved: {about}, before {until}, if every guard lets it pass then",
        "deny": f"denied: {about}; the incident is handed over",
        "pause": f"paused: no fixes of {pulled.scope} before {until}{owed}",
        "resume": f"resumed: fixes of {pulled.scope} go on{owed}",
        "promote": f"promoted: {pulled.action} goes as far by itself as the profile says",
    }[pulled.lever]
    pause = [_under_way(pulled.under_way)] if pulled.lever == "pause" else []
    terminal.say([f"{line} (recorded as {pulled.by})", *pause])


def _under_way(fix: levers.FixInProgress | Unknown | None) -> str:
    """Whether a person may put hands on the hosts now."""
    if fix is None:
        return "under way: no fix"
    if isinstance(fix, Unknown):
        return f"under way: not known, since the lease cannot be read ({fix.why}): look first"
    until = fix.until.isoformat(timespec="seconds")
    what = f"{fix.action} on {fix.target} for {fix.incident}"
    return f"under way: {what}, committed before; it may change its host until {until}"
