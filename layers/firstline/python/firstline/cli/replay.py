"""``firstline replay``: an event or a scenario through the whole system, on the twin."""

import contextlib
import copy
import io
import json
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from firstline.cli import event_files, export_files, fleets, replay_export, report
from firstline.cli.event_files import PROFILES, Account, Region
from firstline.cli.fleets import FileOrExample
from firstline.cli.output import lines as output
from firstline.cli.output import replay_lines, replay_text
from firstline.cli.output.lines import ReplayLine
from firstline.config import fleet_file as profiles
from firstline.config.profile import Profile as LoadedProfile
from firstline.config.settings import Home
from firstline.diagnosis.evidence import AlarmState
from firstline.errors import InvalidInput
from firstline.event_sources import ALARM
from firstline.ids import digest
from firstline.lab.twin import alarm_events
from firstline.lab.twin import scenario as scenarios
from firstline.lab.twin.deadline import missed_deadlines
from firstline.lab.twin.replay_result import ALARM_METRICS, ReplayedEvent, ReplayResult
from firstline.lab.twin.scenario import EventPlan, Scenario
from firstline.lab.twin.undeployed import UNDATED
from firstline.ledger import export as exports
from firstline.reporting.postmortem.report import Report
from firstline.reporting.postmortem.write import write_report
from firstline.signals.sources.envelope import parse

app = typer.Typer(add_completion=False, rich_markup_mode=None)


ReplayPath = Annotated[
    Path,
    typer.Argument(metavar="PATH", help="an event, a scenario or an export", show_default=False),
]
World = Annotated[Path | None, typer.Option(help="a scenario whose world replaces the default")]
Export = Annotated[Path | None, typer.Option(help="write the ledger there, for audit and report")]
Html = Annotated[Path | None, typer.Option(help="write its report there, as one HTML page")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON document per incident")]


@app.command("replay")
def run(
    path: ReplayPath,
    world: World = None,
    fleet: FileOrExample = "",
    export: Export = None,
    html: Html = None,
    as_json: AsJson = False,
    account_id: Account = "111122223333",
    region: Region = "us-east-1",
) -> int:
    """Replay an EventBridge envelope (.json) or a scenario (.toml), or re-decide an export.

    A dead letter of firstline's and Lambda's failure record are replayed as the envelope in them.
    """
    if replay_export.is_export(path):
        if world is not None or fleet or export is not None:
            raise InvalidInput(f"{path}: an export has its own world and policy; use backtest")
        if html is not None:
            _write_page(report.reports_of(path), html)
        return replay_export.run(path, as_json=as_json)
    home = event_files.home(account_id, region)
    scenario, events, profile = read(path, home, fleet)
    if world is not None:
        scenario = copy.replace(scenario, hosts=scenarios.load(world).hosts)
    replayed = _replay(scenario, events, profile, home)
    lines = replay_lines.lines(replayed)
    if export is not None:
        _export(replayed, export)
    if html is not None:
        _report(replayed, profile, html)
    if as_json:
        for line in lines:
            output.emit(line)
    else:
        replay_text.print_replay(scenario, replayed, lines)
    faults = [
        *replayed.refused,
        *unmet_expectations(scenario, lines),
        *missed_deadlines(scenario, replayed, profile),
    ]
    for each in faults:
        print(f"{path}: {each}", file=sys.stderr)
    return 1 if faults else 0


def read(
    path: Path, home: Home, fleet: str = ""
) -> tuple[Scenario, tuple[ReplayedEvent, ...], Path]:
    """Return the scenario of *path*, or one that fits its event, with its events and profile.

    A scenario has its own profile, which only *fleet* replaces.
    """
    if path.suffix == ".toml":
        scenario = scenarios.load(path)
        profile = Path(fleet) if fleet else PROFILES / f"{scenario.profile}.toml"
        if not scenario.events:
            raise InvalidInput(f"{path}: has no events: add [[events]] with a file or an alarm")
        policy, begins = profiles.load(profile), scenario.begins
        events = tuple(_event(path, each, policy, home, begins) for each in scenario.events)
        return scenario, events, profile
    body, profile = event_files.event(path), fleets.choose_or_example(fleet)
    return scenario_for(path.name, body, home), (ReplayedEvent(body, timedelta(0)),), profile


def _event(
    path: Path, plan: EventPlan, policy: LoadedProfile, home: Home, begins: datetime
) -> ReplayedEvent:
    """Return the event that the scenario in *path* plans, as it is delivered."""
    if bool(plan.file) == bool(plan.alarm):
        raise InvalidInput(f"{path}: an event has either a file or an alarm: give one of them")
    after = timedelta(seconds=plan.at_seconds)
    if plan.file:
        body = event_files.read(path.parent / plan.file)
        body = body if plan.dated else _redated(body, begins + after)
        return ReplayedEvent(body, after, plan.counts, plan.lost)
    body = alarm_events.alarm_event(plan.alarm, plan.state, begins + after, policy, home)
    return ReplayedEvent(body, after, lost=plan.lost)


def _redated(body: bytes, at: datetime) -> bytes:
    """Return the envelope with *at* as EventBridge's time."""
    return json.dumps(json.loads(body) | {"time": at.strftime("%Y-%m-%dT%H:%M:%SZ")}).encode()


def scenario_for(name: str, body: bytes, home: Home) -> Scenario:
    """Return a scenario for the event: three hosts, down where its alarm says so."""
    signal = parse(body, home, UNDATED)
    firing = signal.source == ALARM and signal.state != AlarmState.OK
    counted = ALARM_METRICS.get(signal.metric) if firing else None
    down = {"healthy": 3, "answering": 3, "unhealthy": 1}.get(counted or "", 0)
    hosts = tuple(
        copy.replace(each, enclave="down" if number < down else "up")
        for number, each in enumerate(scenarios.DEFAULT_HOSTS)
    )
    return Scenario(name=name, hosts=hosts)


def _replay(
    scenario: Scenario, events: tuple[ReplayedEvent, ...], profile: Path, home: Home
) -> ReplayResult:
    """Run the scenario; the handlers' logs are dropped, as standard output is the command's."""
    from firstline.lab.twin.replay import replay

    with (
        replay_text.virtual_time_progress(scenario.name) as progress,
        contextlib.redirect_stdout(io.StringIO()),
    ):
        return replay(scenario, events, profile, home, progress)


def _export(replayed: ReplayResult, path: Path) -> None:
    """Write the ledgers, and the profile that their entries name."""
    texts = {digest(replayed.policy.encode()): replayed.policy}
    chains = (*(ledger.entries for ledger in replayed.ledgers), replayed.control)
    entries = (entry for chain in chains for entry in chain)
    export_files.write(exports.write(entries, texts.get), path)


def _report(replayed: ReplayResult, profile: Path, path: Path) -> None:
    """Write the reports of all ledgers on one page; raises `InvalidInput` without a ledger."""
    if not replayed.ledgers:
        raise InvalidInput("--html: no incident was recorded, so there is no report")
    policy = profiles.load(profile)
    reports = tuple(write_report(ledger.entries, policy) for ledger in replayed.ledgers)
    _write_page(reports, path)


def _write_page(reports: tuple[Report, ...], path: Path) -> None:
    export_files.write([report.page_of(reports).encode()], path)
    print(f"{path}: written", file=sys.stderr)


def _fixes(lines: tuple[ReplayLine, ...]) -> list[str]:
    """Return every fix of every incident, in order of time."""
    fixes = [each for line in lines for each in line.actions if each.kind == "fix"]
    return [each.action for each in sorted(fixes, key=lambda each: each.at_seconds)]


def _denials(lines: tuple[ReplayLine, ...]) -> list[str]:
    return [each.guard for line in lines for each in line.denials]


def _notifications(lines: tuple[ReplayLine, ...]) -> int:
    return sum(page.notified is True for line in lines for page in line.pages)


def unmet_expectations(scenario: Scenario, lines: tuple[ReplayLine, ...]) -> list[str]:
    """Return the differences from the ending that the scenario expects."""
    if scenario.expect is None:
        return []
    first, expect = next((it for it in lines if it.incident), lines[0]), scenario.expect
    fixes = [each for each in first.actions if each.kind == "fix"]
    pages = tuple(
        f"{each.event_action}{each.dedup_key.removeprefix(first.incident or '')}"
        for each in first.pages
    )
    comparisons = {
        "outcome": (expect.outcome, first.outcome),
        "fixes": (expect.fixes, tuple(each.target for each in fixes)),
        "all_actions": (expect.all_actions, tuple(_fixes(lines))),
        "all_denied": (expect.all_denied, tuple(dict.fromkeys(_denials(lines)))),
        "incidents": (expect.incidents, sum(1 for each in lines if each.incident)),
        "actions": (expect.actions, tuple(each.action for each in fixes)),
        "denied": (expect.denied, tuple(dict.fromkeys(each.guard for each in first.denials))),
        "pages": (expect.pages, pages),
        "notifications": (expect.notifications, _notifications(lines)),
    }
    page_text = "\n".join(json.dumps(page.body, ensure_ascii=False) for page in first.pages)
    return [
        *(
            f"{name}: expected {expected}, was {actual}"
            for name, (expected, actual) in comparisons.items()
            if expected is not None and expected != actual
        ),
        *(
            f"page_texts: no page contains {each!r}"
            for each in expect.page_texts
            if each not in page_text
        ),
        *_unmet_updates(expect.updates, first),
        *_unmet_page_time(expect.paged_from_seconds, first),
    ]


def _unmet_updates(expected: tuple[str, ...] | None, first: ReplayLine) -> list[str]:
    """Return a fault unless each expected update came, in order, with its words."""
    actual = [each.summary for each in first.updates]
    if expected is None:
        return []
    if len(expected) == len(actual) and all(map(str.__contains__, actual, expected)):
        return []
    return [f"updates: expected {expected}, was {actual}"]


def _unmet_page_time(since_seconds: int | None, first: ReplayLine) -> list[str]:
    """Return a fault unless the first page came within a minute of its expected time."""
    at = min((each.at_seconds for each in first.pages), default=None)
    if since_seconds is None or (at is not None and since_seconds <= at <= since_seconds + 60):
        return []
    return [f"paged_from_seconds: expected {since_seconds}, was {at}"]
