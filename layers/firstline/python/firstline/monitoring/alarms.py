"""Detection: which of a profile's alarms its fleet can have, and what the others lack.

A value ``$fact`` in an alarm stands for a fact of ``[fleet]``. An alarm of a fact that the fleet
does not have (no load balancer, no API) is left out, and whoever deploys is told.
"""

import copy
from collections.abc import Iterator
from operator import attrgetter
from typing import NamedTuple

from firstline.config.consistency import LOGS
from firstline.config.profile import MadeAlarm, Profile
from firstline.monitoring.nats_probe import NATS_METRICS

PROBED = "firstline"
"""The namespace of what the probe measures."""


class Lacking(NamedTuple):
    """An alarm that is not made, and the fact of the fleet that it would need."""

    alarm: MadeAlarm
    fact: str


def made(profile: Profile) -> tuple[MadeAlarm, ...]:
    """The alarms that the fleet can have, with its facts in their places."""
    return tuple(
        _placed(each, profile) for each in profile.alarms.made if not _missing(each, profile)
    )


def left_out(profile: Profile) -> tuple[Lacking, ...]:
    """The alarms that the fleet cannot have."""
    found = (Lacking(each, _missing(each, profile)) for each in profile.alarms.made)
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


def facts(alarm: MadeAlarm, profile: Profile) -> tuple[str, ...]:
    """What *alarm* needs: facts that it names, or the log that it counts does, or a probe."""
    values = [alarm.namespace, *alarm.dimensions.values()]
    if alarm.namespace == LOGS:
        values += [each.log_group for each in profile.logs if each.metric == alarm.metric]
    named = tuple(f"fleet.{each[1:]}" for each in values if each.startswith("$"))
    if alarm.namespace != PROBED:
        return named
    return (*named, "probe.nats" if alarm.metric in NATS_METRICS else "probe.health")


def placed(value: str, profile: Profile) -> str:
    """*value*, or the fact of the fleet that it names."""
    return str(getattr(profile.fleet, value[1:])) if value.startswith("$") else value


def _missing(alarm: MadeAlarm, profile: Profile) -> str:
    """The first fact that *alarm* needs and the fleet lacks; empty when it has all."""
    return next((fact for fact in facts(alarm, profile) if not attrgetter(fact)(profile)), "")


def _placed(alarm: MadeAlarm, profile: Profile) -> MadeAlarm:
    named = {key: placed(value, profile) for key, value in alarm.dimensions.items()}
    namespace = placed(alarm.namespace, profile)
    if namespace == LOGS:
        namespace = f"{LOGS}/{profile.fleet.name}"
    return copy.replace(alarm, namespace=namespace, dimensions=named)
