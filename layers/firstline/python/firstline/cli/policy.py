"""``firstline policy``: the operator's file, checked and explained."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from firstline.cli import envelope, fleets
from firstline.cli.classify import MEANT
from firstline.cli.envelope import Account, Region
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
"""Columns of a fact's name."""
AsJson = Annotated[bool, typer.Option("--json", help="one JSON document")]


@app.callback()
def policy() -> None:
    """The operator's file, checked and explained."""


@app.command()
def check(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="the fleet file", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Load a profile and count what is in it; one that is refused is one line, and status 2.

    What AWS would not take is refused too, and what is left of the shipped example.
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
    told = (f"{count} {word}{'' if count == 1 else 's'}" for word, count in counts.items())
    terminal.say([f"{file}: holds together: {', '.join(told)}"])


@app.command()
def show(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="the fleet file", show_default=False)
    ],
) -> None:
    """Print the whole that a fleet file and its policy make, and where each line comes from."""
    raw = profile_file.read(file)
    found = profiles.parse_extension(raw, str(file))
    if found is None:
        profiles.parse(raw, str(file))
        print(raw.decode(), end="")
        return
    for line in provenance.annotate(found):
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
    """Tell which rule an event matched, and why the others did not."""
    home = envelope.home(account, region)
    loaded = profiles.load(fleets.choose_or_example(fleet))
    own = undeployed.alarms_by_arn(loaded, home)
    signal = with_profile_name(parse(envelope.read(event), home, undeployed.UNDATED), loaded, own)
    line = _explained(event, signal, loaded, home)
    if as_json:
        output.emit(line)
    else:
        terminal.say(_told(line), NAME_WIDTH + 1)


def _explained(event: Path, signal: Signal, profile: Profile, home: Home) -> ExplainLine:
    found = classify(signal, profile, home)
    meant = found.disposition in MEANT
    return ExplainLine(
        file=str(event),
        disposition=found.disposition,
        severity=found.severity if meant else None,
        condition=found.condition if meant else None,
        component=found.component if meant else None,
        scope=profile.fleet.group if meant else None,
        rule=found.rule or None,
        why=found.why,
        misses=tuple(_misses(signal, profile)),
    )


def _misses(signal: Signal, profile: Profile) -> list[MissLine]:
    """Every rule that did not decide: it does not fit, is for something else, or came too late."""
    found = match(signal, profile)
    asked = dict(found.misses)
    told = []
    for rule in profile.rules:
        if found.rule is not None and rule.name == found.rule.name:
            continue
        if (rule.source, rule.subject) != (signal.source, signal.subject):
            why = f"it is for {rule.source} {rule.subject!r}"
        else:
            why = asked.get(rule.name, "an earlier rule fits")
        told.append(MissLine(rule=rule.name, why=why))
    return told


def _told(line: ExplainLine) -> Iterator[str]:
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
