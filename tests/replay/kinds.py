"""One scenario of each kind: of each condition with each way in which it may end."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from firstline.cli.replay import read
from firstline.config import fleet_file as profiles
from firstline.config.settings import Home
from firstline.lab.twin.scenario import load
from firstline.lab.twin.undeployed import UNDATED
from firstline.signals.classify import classify, with_profile_name
from firstline.signals.sources.envelope import parse
from firstline.signals.sources.user import with_pseudonym


def of_each_kind(paths: Iterable[Path], home: Home) -> set[Path]:
    """One scenario of each kind that *paths* have: first those that show a known failure.

    Of several, the one with the least that goes on beside, then the one of the shortest file.
    """
    first: dict[tuple[str, str], Path] = {}
    for path in sorted(paths, key=_order):
        first.setdefault(kind(path, home), path)
    return set(first.values())


@cache
def kind(path: Path, home: Home) -> tuple[str, str]:
    """The condition that the scenario's first event means, and how the scenario must end."""
    scenario, (event, *_), policy = read(path, home)
    profile = _profile(policy)
    signal = with_pseudonym(parse(event.body, home, UNDATED), "key")
    known = with_profile_name(signal, profile, {signal.arn: scenario.events[0].alarm})
    found = classify(known, profile, home)
    return found.condition, scenario.expect.outcome if scenario.expect else ""


_profile = cache(profiles.load)


def _order(path: Path) -> tuple[bool, int, int, str]:
    it = load(path)
    return not it.shows, len((*it.operator_commands, *it.faults)), path.stat().st_size, path.name
