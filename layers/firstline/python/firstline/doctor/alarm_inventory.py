"""Inventory of the alarms that doctor checks: those of the profile and those of the account.

It also lists the alarms that the fleet lacks the facts for.
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from firstline.config.consistency import LOG_NAMESPACE
from firstline.config.profile import AlarmDefinition, Profile
from firstline.doctor.facts import Account, Alarm, Metric, or_empty
from firstline.monitoring import alarms as detection
from firstline.monitoring.alarms import PROBE_NAMESPACE


class InventoryAlarm(msgspec.Struct, frozen=True):
    """An alarm; ``known_as`` is its name in the rules, None if no rule refers to it."""

    name: str
    known_as: str | None
    metrics: tuple[Metric, ...]
    missing: str


def stack_name(profile: Profile) -> str:
    """Return the app stack's name, which is the prefix of its alarms' names."""
    return f"firstline-{profile.fleet.name}-app"


def fleet_alarms(profile: Profile) -> Iterator[InventoryAlarm]:
    """Yield the alarms that the profile defines, deployed or not."""
    for each in detection.deployable_alarms(profile):
        yield InventoryAlarm(each.name, each.name, _metrics(each), each.missing_data)


def account_alarms(profile: Profile, account: Account) -> Iterator[InventoryAlarm]:
    """Yield the account's alarms that are not part of the app stack."""
    for each in foreign_alarms(profile, account):
        yield InventoryAlarm(each.name, profile.external(each.name), each.metrics, each.missing)


def foreign_alarms(profile: Profile, account: Account) -> Iterator[Alarm]:
    """Yield the same alarms as CloudWatch describes them."""
    own = stack_name(profile)
    return (each for each in or_empty(account.alarms) if not each.name.startswith(own))


def is_own_metric(metric: Metric) -> bool:
    """Return True if firstline publishes the metric itself, after its deployment."""
    return metric.namespace == PROBE_NAMESPACE or metric.namespace.startswith(LOG_NAMESPACE)


def _metrics(alarm: AlarmDefinition) -> tuple[Metric, ...]:
    names = [alarm.metric]
    if alarm.percent_of not in ("", "quota"):
        names.append(alarm.percent_of)
    given = tuple(sorted(alarm.dimensions.items()))
    return tuple(Metric(alarm.namespace, each, given) for each in names)


class OmittedAlarm(NamedTuple):
    """An alarm that is not created, and the missing fact of the fleet."""

    alarm: AlarmDefinition
    fact: str


def omitted_alarms(profile: Profile) -> tuple[OmittedAlarm, ...]:
    """Return the alarms that the fleet lacks a fact for."""
    found = (
        OmittedAlarm(each, detection.missing_fact(each, profile)) for each in profile.alarms.made
    )
    return tuple(each for each in found if each.fact)


def omission_lines(profile: Profile) -> Iterator[str]:
    """Yield a line for each missing fact: the omitted alarms and their runbook steps."""
    facts: dict[str, list[AlarmDefinition]] = {}
    for alarm, fact in omitted_alarms(profile):
        facts.setdefault(fact, []).append(alarm)
    for fact, alarms in facts.items():
        names = ", ".join(each.name for each in alarms)
        steps = ", ".join(sorted({step for each in alarms for step in each.steps}))
        yield f"left out because the fleet file has no {fact}: {names} ({steps or 'no step'})"
