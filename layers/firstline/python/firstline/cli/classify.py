"""``firstline classify``, ``generate``: what events mean by a profile, and an event of its own."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from firstline.cli import envelope, fleets
from firstline.cli.envelope import Account, Region, Unread
from firstline.cli.fleets import FileOrExample
from firstline.cli.output import lines as output
from firstline.cli.output import terminal
from firstline.cli.output.lines import ClassifyLine
from firstline.cli.shell import values
from firstline.config import fleet_file as profiles
from firstline.config.profile import Profile
from firstline.config.settings import Home
from firstline.lab.twin import undeployed
from firstline.signal import Disposition
from firstline.signals.classify import classify, with_profile_name
from firstline.signals.sources.envelope import parse
from firstline.signals.sources.user import with_pseudonym

MEANT = (Disposition.INCIDENT, Disposition.RECOVERY)
"""Only these are about a condition of the fleet."""

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command("classify")
def run(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="envelopes, or folders of them", show_default=False),
    ],
    fleet: FileOrExample = "",
    account: Account = "111122223333",
    region: Region = "us-east-1",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document an event")] = False,
) -> int:
    """Tell what each EventBridge envelope (.json, or a folder of them) means, and why.

    A file that cannot be read is named in a line of its own; the status is then 2.
    """
    home = envelope.home(account, region)
    loaded = profiles.load(fleets.choose_or_example(fleet))
    unread, lines = Unread("classify"), list[ClassifyLine]()
    for path in envelope.files(paths, (".json",), unread):
        with unread.past():
            lines.append(_line(path, envelope.read(path), loaded, home))
    if as_json:
        for line in lines:
            output.emit(line)
    elif lines:
        terminal.say(*table(lines))
    return unread.status()


@app.command("generate")
def make(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="an alarm or a rule",
            show_default=False,
            autocompletion=values.alarms,
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="the file; else standard output")
    ] = None,
    fleet: FileOrExample = "",
    account: Account = "111122223333",
    region: Region = "us-east-1",
) -> None:
    """Make the event of an alarm or a rule of the fleet file, to classify or replay it.

    It is dated now, and matches the rule that it was made for.
    """
    from firstline.cli import exported
    from firstline.lab.generate import generate

    loaded = profiles.load(fleets.choose_or_example(fleet))
    home = envelope.home(account, region)
    body = json.dumps(json.loads(generate(name, loaded, home, datetime.now(UTC))), indent=2)
    if output is None:
        print(body)
        return
    exported.write([f"{body}\n".encode()], output)
    print(f"{output}: written; see classify and replay", file=sys.stderr)


def _line(path: Path, body: bytes, profile: Profile, home: Home) -> ClassifyLine:
    own = undeployed.alarms_by_arn(profile, home)
    signal = with_profile_name(
        with_pseudonym(parse(body, home, undeployed.UNDATED), "local"), profile, own
    )
    found = classify(signal, profile, home)
    meant = found.disposition in MEANT
    return ClassifyLine(
        file=str(path),
        disposition=found.disposition,
        severity=found.severity if meant else None,
        condition=found.condition if meant else None,
        component=found.component if meant else None,
        scope=profile.fleet.group if meant else None,
        key=signal.key,
        rule=found.rule or None,
        why=found.why,
    )


def table(lines: list[ClassifyLine]) -> tuple[list[str], int]:
    """A row for each event: what it is, how bad, of what kind, and its reason below.

    With the column at which names and reasons begin.
    """
    rows = [(each.disposition, each.severity or "-", each.condition or "-") for each in lines]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    told, begin = list[str](), sum(widths) + 6
    for row, each in zip(rows, lines, strict=True):
        cells = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        told += [f"{cells}  {Path(each.file).name}", f"{'':{begin}}{each.why}"]
    return told, begin
