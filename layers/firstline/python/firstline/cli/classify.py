"""``firstline classify``, ``generate``: the classification of events, and a test event."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from firstline.cli import event_files, fleets
from firstline.cli.event_files import Account, Region, SkippedFiles
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

CONDITION_DISPOSITIONS = (Disposition.INCIDENT, Disposition.RECOVERY)
"""The dispositions that concern a condition of the fleet."""

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
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document per event")] = False,
) -> int:
    """Classify each EventBridge envelope (.json, or a folder of them), with the reason.

    A file that cannot be read is reported in a line of its own; the status is then 2.
    """
    home = event_files.home(account, region)
    loaded = profiles.load(fleets.choose_or_example(fleet))
    skipped, lines = SkippedFiles("classify"), list[ClassifyLine]()
    for path in event_files.files(paths, (".json",), skipped):
        with skipped.skipping():
            lines.append(_line(path, event_files.read(path), loaded, home))
    if as_json:
        for line in lines:
            output.emit(line)
    elif lines:
        terminal.print_lines(*table(lines))
    return skipped.status()


@app.command("generate")
def generate_event(
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
    """Generate the event of an alarm or a rule of the fleet file, to classify or replay it.

    It has the current time, and matches the rule that it was made for.
    """
    from firstline.cli import export_files
    from firstline.lab.generate import generate

    loaded = profiles.load(fleets.choose_or_example(fleet))
    home = event_files.home(account, region)
    body = json.dumps(json.loads(generate(name, loaded, home, datetime.now(UTC))), indent=2)
    if output is None:
        print(body)
        return
    export_files.write([f"{body}\n".encode()], output)
    print(f"{output}: written; use it with classify and replay", file=sys.stderr)


def _line(path: Path, body: bytes, profile: Profile, home: Home) -> ClassifyLine:
    own = undeployed.alarms_by_arn(profile, home)
    signal = with_profile_name(
        with_pseudonym(parse(body, home, undeployed.UNDATED), "local"), profile, own
    )
    classification = classify(signal, profile, home)
    has_condition = classification.disposition in CONDITION_DISPOSITIONS
    return ClassifyLine(
        file=str(path),
        disposition=classification.disposition,
        severity=classification.severity if has_condition else None,
        condition=classification.condition if has_condition else None,
        component=classification.component if has_condition else None,
        scope=profile.fleet.group if has_condition else None,
        key=signal.key,
        rule=classification.rule or None,
        why=classification.why,
    )


def table(lines: list[ClassifyLine]) -> tuple[list[str], int]:
    """Return a row for each event: disposition, severity, condition, and its reason below.

    The second value is the column of names and reasons.
    """
    rows = [(each.disposition, each.severity or "-", each.condition or "-") for each in lines]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows_of_text, begin = list[str](), sum(widths) + 6
    for row, each in zip(rows, lines, strict=True):
        cells = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        rows_of_text += [f"{cells}  {Path(each.file).name}", f"{'':{begin}}{each.why}"]
    return rows_of_text, begin
