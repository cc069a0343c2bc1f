"""Lacking: the alarms of a profile that its fleet cannot have, for the person who deploys."""

from collections.abc import Iterator
from typing import NamedTuple

from firstline.config.profile import MadeAlarm, Profile
from firstline.monitoring.alarms import missing


class Lacking(NamedTuple):
    """An alarm that is not made, and the fact of the fleet that it would need."""

    alarm: MadeAlarm
    fact: str


def left_out(profile: Profile) -> tuple[Lacking, ...]:
    """The alarms that the fleet cannot have."""
    found = (Lacking(each, missing(each, profile)) for each in profile.alarms.made)
    return tuple(each for each in found if each.fact)


def told(profile: Profile) -> Iterator[str]:
    """A line for each fact that the fleet lacks: which alarms are left out, and their steps."""
    facts: dict[str, list[MadeAlarm]] = {}
    for alarm, fact in left_out(profile):
        facts.setdefault(fact, []).append(alarm)
    for fact, alarms in facts.items():
        names = ", ".join(each.name for each in alarms)
        steps = ", ".join(sorted({step for each in alarms for step in each.steps}))
        yield f"left out, for the profile has no {fact}: {names} ({steps or 'no step'})"
