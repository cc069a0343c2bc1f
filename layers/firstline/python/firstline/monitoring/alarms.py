"""Detection: which of a profile's alarms its fleet can have.

A value ``$fact`` in an alarm stands for a fact of ``[fleet]``. An alarm of a fact that the fleet
does not have (no load balancer, no API) is left out, and ``doctor/watched.py`` lists it.
"""

import copy
from operator import attrgetter

from firstline.config.consistency import LOGS
from firstline.config.profile import MadeAlarm, Profile
from firstline.monitoring.nats_probe import NATS_METRICS

QUOTA = "quota"
"""What ``percent_of`` says for the account's quota of the metric's own usage."""
PROBED = "firstline"
"""The namespace of what the probe measures."""


def made(profile: Profile) -> tuple[MadeAlarm, ...]:
    """The alarms that the fleet can have, with its facts in their places."""
    return tuple(
        _placed(each, profile) for each in profile.alarms.made if not missing(each, profile)
    )


def named(name: str, profile: Profile) -> MadeAlarm | None:
    """The alarm that the profile calls *name*, if its fleet can have it."""
    return next((each for each in made(profile) if each.name == name), None)


def share(alarm: MadeAlarm) -> str:
    """The expression of an alarm with ``percent_of``, over its ``part`` and the ``whole``.

    A quota is of calls in a second. Too few to be a share of are no trouble: 0.
    """
    if alarm.percent_of == QUOTA:
        return "100 * (part / PERIOD(part)) / SERVICE_QUOTA(part)"
    return f"IF(whole >= {alarm.percent_of_min}, 100 * part / whole, 0)"


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


def missing(alarm: MadeAlarm, profile: Profile) -> str:
    """The first fact that *alarm* needs and the fleet lacks; empty when it has all."""
    return next((fact for fact in facts(alarm, profile) if not attrgetter(fact)(profile)), "")


def _placed(alarm: MadeAlarm, profile: Profile) -> MadeAlarm:
    named = {key: placed(value, profile) for key, value in alarm.dimensions.items()}
    namespace = placed(alarm.namespace, profile)
    if namespace == LOGS:
        namespace = f"{LOGS}/{profile.fleet.name}"
    return copy.replace(alarm, namespace=namespace, dimensions=named)
