"""``firstline backtest``: compare two policies on recorded events and incidents."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from firstline.cli import event_files, export_files, replay_export
from firstline.cli.event_files import RUNBOOK, Account, Region, SkippedFiles
from firstline.cli.output import lines as output
from firstline.cli.output import progress, terminal
from firstline.cli.output.progress import bar
from firstline.cli.output.redecide_lines import BacktestLine, FlipLine, GainedLine
from firstline.config import fleet_file as profiles
from firstline.config.profile import Profile
from firstline.config.settings import Home
from firstline.errors import InvalidInput
from firstline.ids import Digest
from firstline.lab.redecide import recorded_events
from firstline.lab.redecide.policy_diff import FLIP_KINDS, Flip, Totals
from firstline.lab.redecide.policy_pair import PolicyPair
from firstline.lab.redecide.policy_run import PolicyRun
from firstline.lab.twin import undeployed
from firstline.signal import EARLIEST

app = typer.Typer(add_completion=False, rich_markup_mode=None)

FLIPS_MAX = 10_000
"""Maximum number of differences that are printed; all are counted."""
HANG = 17
"""The column of a difference's text, after its sort."""
PROGRESS_INTERVAL_LINES = 5_000

New = Annotated[Path, typer.Option("--policy", help="the new fleet file", show_default=False)]
Old = Annotated[
    Path | None,
    typer.Option("--against", help="the old one; default: the recorded one, or runbook.toml"),
]
Paths = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATH...", help="events, folders of them, or exports", show_default=False
    ),
]
Alarms = Annotated[
    Path | None,
    typer.Option(help=("JSON: the deployed alarms' ARNs to their names in the fleet file")),
]
FailOn = Annotated[
    list[str] | None,
    typer.Option(help=(f"exit 1 on a flip of this kind: any, {', '.join(FLIP_KINDS)}")),
]


@app.command("backtest")
def run(
    paths: Paths,
    policy: New,
    against: Old = None,
    alarms: Alarms = None,
    fail_on: FailOn = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
    account: Account = "111122223333",
    region: Region = "us-east-1",
) -> int:
    """Compare two policies on recorded events (.json, .jsonl, folders of them) or exports.

    A file that cannot be read is reported in a line of its own; the status is then 2.
    """
    failing_sorts = _failing_sorts(fail_on or [])
    home, skipped = event_files.home(account, region), SkippedFiles("backtest")
    files, recorded = _recorded_policies(_files(paths, skipped), skipped)
    old_policy = _old_policy(against, recorded)
    new_policy = profiles.load(policy)
    flips: list[Flip] = []

    def keep_flip(flip: Flip) -> None:
        if len(flips) < FLIPS_MAX:
            flips.append(flip)

    old, new = (
        PolicyRun(each, home, _alarm_names(each, home, alarms), EARLIEST)
        for each in (old_policy, new_policy)
    )
    pair = PolicyPair(old, new, keep_flip)
    with progress.status_line() as update:
        for file in files:
            with skipped.skipping():
                _run_file(file, pair, home, update)
        totals = pair.finish()
    line = _line(totals, flips)
    if line.events or not skipped.messages:
        output.emit(line) if as_json else _print(line)
    return skipped.status(
        int(bool(failing_sorts & {sort for sort, some in totals.flips.items() if some}))
    )


def _failing_sorts(fail_on: list[str]) -> set[str]:
    for each in fail_on:
        if each not in (*FLIP_KINDS, "any"):
            raise InvalidInput(f"--fail-on {each}: give any of: any, {', '.join(FLIP_KINDS)}")
    return set(FLIP_KINDS) if "any" in fail_on else set(fail_on)


def _files(paths: list[Path], skipped: SkippedFiles) -> list[Path]:
    """Return the files that *paths* name, including those in folders, by their first instant."""
    first_times: dict[Path, datetime] = {}
    for path in event_files.files(paths, (".json", ".jsonl"), skipped):
        with skipped.skipping():
            first_times[path] = _first_time(path)
    return sorted(first_times, key=lambda each: (first_times[each], each.name))


def _first_time(path: Path) -> datetime:
    """Return the instant of the first event or entry; the earliest one if none is readable."""
    try:
        if path.suffix == ".json":
            return recorded_events.event_time(path.read_bytes()) or EARLIEST
        with path.open("rb") as file:
            return next(filter(None, map(recorded_events.event_time, file)), EARLIEST)
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be read: {error.strerror}") from error


def _recorded_policies(
    files: list[Path], skipped: SkippedFiles
) -> tuple[list[Path], dict[Digest, Profile]]:
    """Return the readable files of *files*, and the policies of those that are exports."""
    policies: dict[Digest, Profile] = {}
    readable: list[Path] = []
    for file in files:
        with skipped.skipping():
            policies |= replay_export.policies(file) if replay_export.is_export(file) else {}
            readable.append(file)
    return readable, policies


def _old_policy(against: Path | None, recorded: dict[Digest, Profile]) -> Profile:
    """Return the policy to compare with: the named one, else the recorded or the shipped one."""
    if against is not None:
        return profiles.load(against)
    if len(recorded) > 1:
        raise InvalidInput(f"{len(recorded)} policies are recorded: name one by --against")
    return next(iter(recorded.values()), None) or profiles.load(RUNBOOK)


def _alarm_names(profile: Profile, home: Home, alarms: Path | None) -> dict[str, str]:
    """Return the profile's alarm names by ARN: the deployed ARNs, or ARNs made of plain names."""
    if alarms is not None:
        try:
            return msgspec.json.decode(alarms.read_bytes(), type=dict[str, str])
        except (OSError, msgspec.DecodeError, UnicodeError) as error:
            raise InvalidInput(
                f"{alarms}: is not a JSON object of ARNs to names: {error}"
            ) from error
    return undeployed.alarms_by_arn(profile, home)


def _run_file(file: Path, pair: PolicyPair, home: Home, update: Callable[[str], None]) -> None:
    """Run one file: an export, a stream of events, or one event."""

    def report_progress(done: int, total: int) -> None:
        flips, share = sum(pair.totals.flips.values()), done / max(total, 1)
        update(f"{bar(share)} {file.name}: {pair.totals.events:,} signals, {flips:,} flips")

    try:
        if replay_export.is_export(file):
            with export_files.decoding(file):
                recorded_events.replay_export(file, pair, report_progress)
        elif file.suffix == ".json":
            recorded_events.replay_event(event_files.read(file), pair, home, str(file))
        else:
            _run_stream(file, pair, home, report_progress)
    except OSError as error:
        raise InvalidInput(f"{file}: cannot be read: {error.strerror}") from error


def _run_stream(
    file: Path, pair: PolicyPair, home: Home, report_progress: Callable[[int, int], None]
) -> None:
    size, done = file.stat().st_size, 0
    with file.open("rb") as lines:
        for number, body in enumerate(lines, start=1):
            recorded_events.replay_event(body.rstrip(), pair, home, f"{file}:{number}")
            done += len(body)
            if number % PROGRESS_INTERVAL_LINES == 0:
                report_progress(done, size)


def _line(totals: Totals, flips: list[Flip]) -> BacktestLine:
    counts = totals.flips
    return BacktestLine(
        events=totals.events,
        changed=sum(counts.values()),
        incidents=dict(zip(("old", "new"), totals.incidents, strict=True)),
        pages=GainedLine(gained=counts["page-gained"], lost=counts["page-lost"]),
        fixes=GainedLine(
            gained=counts["fix-gained"] + counts["fix-changed"],
            lost=counts["fix-lost"] + counts["fix-changed"],
        ),
        unrecorded=dict(sorted(totals.unrecorded.items())),
        diverged=totals.diverged,
        decisions=tuple(map(_flip_line, flips)),
    )


def _flip_line(flip: Flip) -> FlipLine:
    return FlipLine(
        sort=flip.kind,
        where=flip.where,
        incident=flip.incident,
        at=flip.at,
        before=msgspec.to_builtins(flip.before),
        after=msgspec.to_builtins(flip.after),
        why=flip.why,
    )


def _print(line: BacktestLine) -> None:
    terminal.print_lines((row for each in line.decisions for row in _flip_text(each)), HANG)
    terminal.print_lines(_summary(line))


def _flip_text(flip: FlipLine) -> Iterator[str]:
    yield f"{flip.sort:<16} {flip.at:%Y-%m-%d %H:%M:%S}  {flip.where}"
    yield f"{'':{HANG}}from {_describe(flip.before)} to {_describe(flip.after)}"
    yield f"{'':{HANG}}{flip.why}"


def _summary(line: BacktestLine) -> Iterator[str]:
    if line.changed > len(line.decisions):
        yield f"and {line.changed - len(line.decisions):,} more flips"
    yield (
        f"{line.events:,} signals, {line.incidents['old']:,} incidents before and"
        f" {line.incidents['new']:,} after: {line.changed:,} flips"
    )
    yield (
        f"pages: {line.pages.gained} gained, {line.pages.lost} lost;"
        f" fixes: {line.fixes.gained} gained, {line.fixes.lost} lost"
    )
    if line.diverged:
        count = line.diverged
        yield f"{count} incidents diverged from their record: their later events are unknown"
    if line.unrecorded:
        facts = ", ".join(f"{name} ({count})" for name, count in line.unrecorded.items())
        yield f"never recorded, and unknown to both policies: {facts}"


def _describe(side: object) -> str:
    """Return one side of a difference in a few words."""
    match side:
        case {"disposition": disposition, **rest}:
            words = (disposition, rest["severity"], rest["condition"], rest["rule"])
            return " ".join(str(each) for each in words if each)
        case {"step": step, "action": action, "target": target}:
            return " ".join(str(each) for each in (step, action, target) if each)
        case None:
            return "nothing"
        case _:
            return str(side)
