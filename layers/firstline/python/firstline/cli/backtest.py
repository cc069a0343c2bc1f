"""``firstline backtest``: what another policy would have done with what was recorded."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from firstline.cli import envelope, exported, replay_export
from firstline.cli.envelope import RUNBOOK, Account, Region, Unread
from firstline.cli.output import lines as output
from firstline.cli.output import progress, terminal
from firstline.cli.output.past import BacktestLine, FlipLine, GainedLine
from firstline.cli.output.progress import bar
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
"""As many flips as are told one by one; all are counted."""
HANG = 17
"""The column of a flip's words, behind its sort."""
TELL_EVERY = 5_000

New = Annotated[Path, typer.Option("--policy", help="the new profile", show_default=False)]
Old = Annotated[
    Path | None,
    typer.Option("--against", help="the old one; else the recorded one, or runbook.toml"),
]
Paths = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATH...", help="events, folders of them, or exports", show_default=False
    ),
]
Alarms = Annotated[
    Path | None, typer.Option(help="JSON: the deployed alarms' ARNs to their names in the profile")
]
FailOn = Annotated[
    list[str] | None, typer.Option(help=f"exit 1 for such a flip: any, {', '.join(FLIP_KINDS)}")
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
    """Take recorded events (.json, .jsonl, folders) or exports through both policies, and tell.

    A file that cannot be read is named in a line of its own; the status is then 2.
    """
    wanted = _wanted(fail_on or [])
    home, unread = envelope.home(account, region), Unread("backtest")
    files, recorded = _recorded(_files(paths, unread), unread)
    before = _old(against, recorded)
    after = profiles.load(policy)
    flips: list[Flip] = []

    def tell(flip: Flip) -> None:
        if len(flips) < FLIPS_MAX:
            flips.append(flip)

    old, new = (
        PolicyRun(each, home, _names(each, home, alarms), EARLIEST) for each in (before, after)
    )
    pair = PolicyPair(old, new, tell)
    with progress.counting() as say:
        for file in files:
            with unread.past():
                _through(file, pair, home, say)
        totals = pair.finish()
    line = _line(totals, flips)
    if line.events or not unread.lines:
        output.emit(line) if as_json else _say(line)
    return unread.status(int(bool(wanted & {sort for sort, some in totals.flips.items() if some})))


def _wanted(fail_on: list[str]) -> set[str]:
    for each in fail_on:
        if each not in (*FLIP_KINDS, "any"):
            raise InvalidInput(f"--fail-on {each}: give any of: any, {', '.join(FLIP_KINDS)}")
    return set(FLIP_KINDS) if "any" in fail_on else set(fail_on)


def _files(paths: list[Path], unread: Unread) -> list[Path]:
    """The files that *paths* name, of a folder each in it, in the order in which they begin."""
    begins: dict[Path, datetime] = {}
    for path in envelope.files(paths, (".json", ".jsonl"), unread):
        with unread.past():
            begins[path] = _begins(path)
    return sorted(begins, key=lambda each: (begins[each], each.name))


def _begins(path: Path) -> datetime:
    """The instant of the first event or entry; a file in which none is readable comes first."""
    try:
        if path.suffix == ".json":
            return recorded_events.event_time(path.read_bytes()) or EARLIEST
        with path.open("rb") as file:
            return next(filter(None, map(recorded_events.event_time, file)), EARLIEST)
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be read: {error.strerror}") from error


def _recorded(files: list[Path], unread: Unread) -> tuple[list[Path], dict[Digest, Profile]]:
    """Those of *files* whose policies can be read, and these policies: only exports have some."""
    found: dict[Digest, Profile] = {}
    readable: list[Path] = []
    for file in files:
        with unread.past():
            found |= replay_export.policies(file) if replay_export.holds(file) else {}
            readable.append(file)
    return readable, found


def _old(against: Path | None, recorded: dict[Digest, Profile]) -> Profile:
    """The policy to compare with: as told, as recorded, or the shipped one."""
    if against is not None:
        return profiles.load(against)
    if len(recorded) > 1:
        raise InvalidInput(f"{len(recorded)} policies are recorded: say which by --against")
    return next(iter(recorded.values()), None) or profiles.load(RUNBOOK)


def _names(profile: Profile, home: Home, alarms: Path | None) -> dict[str, str]:
    """The profile's own alarms by their ARNs: as deployed, or under their plain names."""
    if alarms is not None:
        try:
            return msgspec.json.decode(alarms.read_bytes(), type=dict[str, str])
        except (OSError, msgspec.DecodeError, UnicodeError) as error:
            raise InvalidInput(f"{alarms}: is no JSON object of ARNs to names: {error}") from error
    return undeployed.alarms_by_arn(profile, home)


def _through(file: Path, pair: PolicyPair, home: Home, say: Callable[[str], None]) -> None:
    """One file: an export, a stream of events, or one event."""

    def far(done: int, of: int) -> None:
        flips, share = sum(pair.totals.flips.values()), done / max(of, 1)
        say(f"{bar(share)} {file.name}: {pair.totals.events:,} signals, {flips:,} flips")

    try:
        if replay_export.holds(file):
            with exported.understood(file):
                recorded_events.replay_export(file, pair, far)
        elif file.suffix == ".json":
            recorded_events.replay_event(envelope.read(file), pair, home, str(file))
        else:
            _stream(file, pair, home, far)
    except OSError as error:
        raise InvalidInput(f"{file}: cannot be read: {error.strerror}") from error


def _stream(file: Path, pair: PolicyPair, home: Home, far: Callable[[int, int], None]) -> None:
    size, done = file.stat().st_size, 0
    with file.open("rb") as lines:
        for number, body in enumerate(lines, start=1):
            recorded_events.replay_event(body.rstrip(), pair, home, f"{file}:{number}")
            done += len(body)
            if number % TELL_EVERY == 0:
                far(done, size)


def _line(totals: Totals, flips: list[Flip]) -> BacktestLine:
    counted = totals.flips
    return BacktestLine(
        events=totals.events,
        changed=sum(counted.values()),
        incidents=dict(zip(("old", "new"), totals.incidents, strict=True)),
        pages=GainedLine(gained=counted["page-gained"], lost=counted["page-lost"]),
        fixes=GainedLine(
            gained=counted["fix-gained"] + counted["fix-changed"],
            lost=counted["fix-lost"] + counted["fix-changed"],
        ),
        unrecorded=dict(sorted(totals.unrecorded.items())),
        left=totals.diverged,
        decisions=tuple(map(_flip, flips)),
    )


def _flip(flip: Flip) -> FlipLine:
    return FlipLine(
        sort=flip.kind,
        where=flip.where,
        incident=flip.incident,
        at=flip.at,
        before=msgspec.to_builtins(flip.before),
        after=msgspec.to_builtins(flip.after),
        why=flip.why,
    )


def _say(line: BacktestLine) -> None:
    terminal.say((text for each in line.decisions for text in _flipped(each)), HANG)
    terminal.say(_summary(line))


def _flipped(flip: FlipLine) -> Iterator[str]:
    yield f"{flip.sort:<16} {flip.at:%Y-%m-%d %H:%M:%S}  {flip.where}"
    yield f"{'':{HANG}}from {_said(flip.before)} to {_said(flip.after)}"
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
    if line.left:
        yield f"{line.left} incidents parted from their record: what came after is not known"
    if line.unrecorded:
        asked = ", ".join(f"{name} ({count})" for name, count in line.unrecorded.items())
        yield f"never recorded, and so unknown to both: {asked}"


def _said(held: object) -> str:
    """One side in a few words."""
    match held:
        case {"disposition": disposition, **rest}:
            what = (disposition, rest["severity"], rest["condition"], rest["rule"])
            return " ".join(str(each) for each in what if each)
        case {"step": step, "action": action, "target": target}:
            return " ".join(str(each) for each in (step, action, target) if each)
        case None:
            return "nothing"
        case _:
            return str(held)
