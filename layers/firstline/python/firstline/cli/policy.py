"""``firstline policy``: check, show and explain a fleet file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from firstline.cli import event_files, fleets
from firstline.cli.classify import CONDITION_DISPOSITIONS
from firstline.cli.event_files import Account, Region
from firstline.cli.fleets import FileOrExample
from firstline.cli.output import lines as output
from firstline.cli.output import terminal
from firstline.cli.output.lines import ExplainLine, MissLine, PolicyLine
from firstline.config import fleet_file as profiles
from firstline.config import profile_file, provenance
from firstline.config.profile import Profile
from firstline.config.settings import Home
from firstline.doctor import quotas
from firstline.lab.twin import undeployed
from firstline.signal import Signal
from firstline.signals.classify import classify, with_profile_name
from firstline.signals.rules import match
from firstline.signals.sources.envelope import parse

app = typer.Typer(add_completion=False, rich_markup_mode=None)

NAME_WIDTH = 12
"""Columns of a field's name."""
AsJson = Annotated[bool, typer.Option("--json", help="one JSON document")]


@app.callback()
def policy() -> None:
    """Check, show and explain a fleet file."""


@app.command()
def check(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="the fleet file", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Load a fleet file and count its contents; each fault is one line, and status 2.

    Values that AWS would reject are invalid too, and so are values left from the shipped example.
    """
    profile = profiles.load(file)
    quotas.check(profile, file)
    line = PolicyLine(
        file=str(file),
        name=profile.name,
        digest=profile.digest,
        alarms=len(profile.alarms.made) + len(profile.alarms.external),
        rules=len(profile.rules),
        ladders=len(profile.ladders),
        actions=len(profile.actions),
    )
    if as_json:
        output.emit(line)
        return
    counts = {"alarm": line.alarms, "rule": line.rules}
    counts |= {"ladder": line.ladders, "action": line.actions}
    counted = (f"{count} {word}{'' if count == 1 else 's'}" for word, count in counts.items())
    terminal.print_lines([f"{file}: is consistent: {', '.join(counted)}"])


@app.command()
def show(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="the fleet file", show_default=False)
    ],
) -> None:
    """Print the complete profile of a fleet file and its policy, with each line's origin."""
    raw = profile_file.read(file)
    extended = profiles.parse_extension(raw, str(file))
    if extended is None:
        profiles.parse(raw, str(file))
        print(raw.decode(), end="")
        return
    for line in provenance.annotate(extended):
        print(line)


@app.command()
def explain(
    event: Annotated[
        Path, typer.Argument(metavar="EVENT", help="one envelope", show_default=False)
    ],
    fleet: FileOrExample = "",
    account: Account = "111122223333",
    region: Region = "us-east-1",
    as_json: AsJson = False,
) -> None:
    """Print which rule an event matched, and why the others did not."""
    home = event_files.home(account, region)
    loaded = profiles.load(fleets.choose_or_example(fleet))
    own = undeployed.alarms_by_arn(loaded, home)
    signal = with_profile_name(
        parse(event_files.read(event), home, undeployed.UNDATED), loaded, own
    )
    line = _explain_line(event, signal, loaded, home)
    if as_json:
        output.emit(line)
    else:
        terminal.print_lines(_explain_text(line), NAME_WIDTH + 1)


def _explain_line(event: Path, signal: Signal, profile: Profile, home: Home) -> ExplainLine:
    classification = classify(signal, profile, home)
    has_condition = classification.disposition in CONDITION_DISPOSITIONS
    return ExplainLine(
        file=str(event),
        disposition=classification.disposition,
        severity=classification.severity if has_condition else None,
        condition=classification.condition if has_condition else None,
        component=classification.component if has_condition else None,
        scope=profile.fleet.group if has_condition else None,
        rule=classification.rule or None,
        why=classification.why,
        misses=tuple(_misses(signal, profile)),
    )


def _misses(signal: Signal, profile: Profile) -> list[MissLine]:
    """Return every rule that did not decide: it does not match, or an earlier rule did."""
    matched = match(signal, profile)
    reasons = dict(matched.misses)
    lines = []
    for rule in profile.rules:
        if matched.rule is not None and rule.name == matched.rule.name:
            continue
        if (rule.source, rule.subject) != (signal.source, signal.subject):
            why = f"it is for {rule.source} {rule.subject!r}"
        else:
            why = reasons.get(rule.name, "an earlier rule fits")
        lines.append(MissLine(rule=rule.name, why=why))
    return lines


def _explain_text(line: ExplainLine) -> Iterator[str]:
    facts = {
        "disposition": line.disposition,
        "why": line.why,
        "severity": line.severity,
        "condition": line.condition,
        "component": line.component,
        "scope": line.scope,
        "rule": line.rule or "none",
    }
    yield from (f"{name:<{NAME_WIDTH}} {value}" for name, value in facts.items() if value)
    yield from (f"{'not':<{NAME_WIDTH}} {each.rule!r}: {each.why}" for each in line.misses)
