"""Deadlines of scenarios: the latest end of an incident, as a sum of the policy's numbers."""

import re
from datetime import timedelta
from pathlib import Path

from firstline.actions.catalogue import FIXES
from firstline.config import fleet_file
from firstline.config.profile import Profile, seconds
from firstline.controller.act import lease_duration
from firstline.errors import InvalidInput
from firstline.lab.twin.replay_result import ReplayResult
from firstline.lab.twin.scenario import Scenario

TERM = re.compile(r"(?:(?P<times>\d+) \* )?(?P<what>[a-z_]+|\d+)\Z")


def missed_deadlines(scenario: Scenario, replayed: ReplayResult, path: Path) -> list[str]:
    """Return the first incident's missed deadline, if any; raises `InvalidInput`.

    The terms are those of the profile at *path*.
    """
    within = scenario.expect.within if scenario.expect else ""
    held = next((each.incident for each in replayed.ledgers if each.incident), None)
    if held is None or not within:
        return []
    latest = replayed.start + deadline(within, fleet_file.load(path))
    if held.ended_at is not None and held.ended_at <= latest:
        return []
    return [f"within: expected {latest - replayed.start} ({within}), was {held.ended_at}"]


def deadline(text: str, profile: Profile) -> timedelta:
    """Return the sum in *text*: terms joined by `` + ``, each perhaps ``N * TERM``.

    A term is a number of seconds of the scenario's own timeline, a key of the policy that ends in
    ``_seconds``, or an action: the longest time from its intent to its verdict. Raises
    `InvalidInput`.
    """
    return sum((_term(each, profile) for each in text.split(" + ")), timedelta())


def _term(text: str, profile: Profile) -> timedelta:
    found = TERM.match(text)
    if found is None:
        raise InvalidInput(f"no term of a deadline: {text!r}")
    return int(found["times"] or 1) * _duration(found["what"], profile)


def _duration(what: str, profile: Profile) -> timedelta:
    if what.isdigit():
        return seconds(int(what))
    if what in FIXES:
        return lease_duration(FIXES[what]) + profile.verify_timeout(what)
    if what.endswith("_seconds") and hasattr(profile.policy, what):
        return seconds(getattr(profile.policy, what))
    raise InvalidInput(f"a deadline's term is an action or the policy's, not {what!r}")
