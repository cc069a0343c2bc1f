"""The alarms of a profile that its fleet can have.

``$fact`` in an alarm refers to a fact of ``[fleet]``. An alarm whose fact is missing (no load
balancer, no API) is omitted, and ``doctor/alarm_inventory.py`` lists it.

A P1 alarm is known by its rule, and so is its backstop; no separate key can be forgotten.
``percent_of`` needs a minimum count, so that one error at night pages no one. An alarm that treats
silence as trouble has CloudWatch's warm-up: it is not evaluated for ten minutes after a change, or
until its window is full. A deployment that changes a P1 alarm during a silent outage delays it, and
its backstop, by as much. A first evaluation without data opens nothing. Log patterns match console
text and JSON.
"""

import copy
from operator import attrgetter

from firstline.config.consistency import LOG_NAMESPACE
from firstline.config.profile import AlarmDefinition, Profile
from firstline.monitoring.nats_probe import NATS_METRICS

QUOTA = "quota"
"""The value of ``percent_of`` for the account's quota."""
PROBE_NAMESPACE = "firstline"
"""The namespace of the probe's metrics."""


def deployable_alarms(profile: Profile) -> tuple[AlarmDefinition, ...]:
    """Return the alarms that the fleet can have, with facts inserted."""
    return tuple(
        _resolve(each, profile) for each in profile.alarms.made if not missing_fact(each, profile)
    )


def find_alarm(name: str, profile: Profile) -> AlarmDefinition | None:
    """Return the alarm *name* of the profile, if the fleet can have it."""
    return next((each for each in deployable_alarms(profile) if each.name == name), None)


def percent_expression(alarm: AlarmDefinition) -> str:
    """Return the expression of an alarm with ``percent_of``, over ``part`` and ``whole``.

    A quota is in calls per second. Below the minimum count the value is 0.
    """
    if alarm.percent_of == QUOTA:
        return "100 * (part / PERIOD(part)) / SERVICE_QUOTA(part)"
    return f"IF(whole >= {alarm.percent_of_min}, 100 * part / whole, 0)"


def required_facts(alarm: AlarmDefinition, profile: Profile) -> tuple[str, ...]:
    """Return the facts that *alarm* or its log group names, and the probe that it needs."""
    values = [alarm.namespace, *alarm.dimensions.values()]
    if alarm.namespace == LOG_NAMESPACE:
        values += [each.log_group for each in profile.logs if each.metric == alarm.metric]
    facts = tuple(f"fleet.{each[1:]}" for each in values if each.startswith("$"))
    if alarm.namespace != PROBE_NAMESPACE:
        return facts
    return (*facts, "probe.nats" if alarm.metric in NATS_METRICS else "probe.health")


def resolve_fact(value: str, profile: Profile) -> str:
    """Return *value*, or the fact of the fleet that it names."""
    return str(getattr(profile.fleet, value[1:])) if value.startswith("$") else value


def missing_fact(alarm: AlarmDefinition, profile: Profile) -> str:
    """Return the first fact that the fleet lacks for *alarm*; empty if it has all."""
    return next(
        (fact for fact in required_facts(alarm, profile) if not attrgetter(fact)(profile)), ""
    )


def _resolve(alarm: AlarmDefinition, profile: Profile) -> AlarmDefinition:
    dimensions = {key: resolve_fact(value, profile) for key, value in alarm.dimensions.items()}
    namespace = resolve_fact(alarm.namespace, profile)
    if namespace == LOG_NAMESPACE:
        namespace = f"{LOG_NAMESPACE}/{profile.fleet.name}"
    return copy.replace(alarm, namespace=namespace, dimensions=dimensions)
