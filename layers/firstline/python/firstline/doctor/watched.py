"""Watched: every alarm that is judged, as the profile makes it or as the account shows it.

And those that the profile's fleet cannot have, for the person who deploys.
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from firstline.config.consistency import LOGS
from firstline.config.profile import MadeAlarm, Profile
from firstline.doctor.facts import Account, Alarm, Metric, known
from firstline.monitoring import alarms as detection
from firstline.monitoring.alarms import PROBED


class Watched(msgspec.Struct, frozen=True):
    """An alarm; ``known_as`` is its name in the rules, None where firstline does not hear it."""

    name: str
    known_as: str | None
    metrics: tuple[Metric, ...]
    missing: str


def stack_name(profile: Profile) -> str:
    """The app stack, which CloudFormation begins its alarms' names with."""
    return f"firstline-{profile.fleet.name}-app"


def made(profile: Profile) -> Iterator[Watched]:
    """The alarms that the profile makes, deployed or not."""
    for each in detection.made(profile):
        yield Watched(each.name, each.name, _metrics(each), each.missing_data)


def others(profile: Profile, account: Account) -> Iterator[Watched]:
    """The alarms of the account that firstline did not make."""
    for each in of_others(profile, account):
        yield Watched(each.name, profile.external(each.name), each.metrics, each.missing)


def of_others(profile: Profile, account: Account) -> Iterator[Alarm]:
    """As the account shows them."""
    own = stack_name(profile)
    return (each for each in known(account.alarms) if not each.name.startswith(own))


def ours(metric: Metric) -> bool:
    """Whether firstline itself publishes it, which it does once it is deployed."""
    return metric.namespace == PROBED or metric.namespace.startswith(LOGS)


def _metrics(alarm: MadeAlarm) -> tuple[Metric, ...]:
    names = [alarm.metric]
    if alarm.percent_of not in ("", "quota"):
        names.append(alarm.percent_of)
    given = tuple(sorted(alarm.dimensions.items()))
    return tuple(Metric(alarm.namespace, each, given) for each in names)


class Lacking(NamedTuple):
    """An alarm that is not made, and the fact of the fleet that it would need."""

    alarm: MadeAlarm
    fact: str


def left_out(profile: Profile) -> tuple[Lacking, ...]:
    """The alarms that the fleet cannot have."""
    found = (Lacking(each, detection.missing(each, profile)) for each in profile.alarms.made)
    return tuple(each for each in found if each.fact)


def lacking(profile: Profile) -> Iterator[str]:
    """A line for each fact that the fleet lacks: which alarms are left out, and their steps."""
    facts: dict[str, list[MadeAlarm]] = {}
    for alarm, fact in left_out(profile):
        facts.setdefault(fact, []).append(alarm)
    for fact, alarms in facts.items():
        names = ", ".join(each.name for each in alarms)
        steps = ", ".join(sorted({step for each in alarms for step in each.steps}))
        yield f"left out, for the profile has no {fact}: {names} ({steps or 'no step'})"
