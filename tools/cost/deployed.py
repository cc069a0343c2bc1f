"""Deployed: how many of each thing that is paid for a profile's stacks have.

Counted from the profile, with what every deployment has; a test holds it to the templates.
"""

import msgspec

from firstline.config.profile import Profile
from firstline.monitoring import alarms as detection
from firstline.signal import Severity

MEMORY_MB = {
    "archive": 512,
    "audit": 512,
    "console": 512,
    "ingest": 1024,
    "operator": 512,
    "probe_health": 256,
    "probe_nats": 256,
    "reconcile": 512,
    "sweep": 512,
}
"""By function."""
OWN_ALARM_METRICS = 23
"""Of alarms that every deployment has on itself, with the one that is drilled."""
ALARMS_A_FUNCTION = 2
DRILL_DAYS = 6
SECRETS, KEYS, DASHBOARDS, FED_QUEUES = 2, 1, 1, 2
"""``FED_QUEUES`` are those that Lambda polls."""


class Deployed(msgspec.Struct, frozen=True, kw_only=True):
    """``alarm_metrics``: CloudWatch asks for each metric of an alarm that has several."""

    functions: tuple[str, ...]
    alarm_metrics: int
    composites: int
    every_minute: tuple[str, ...]
    log_metrics: int


def deployed(profile: Profile) -> Deployed:
    """What the stacks of *profile* have."""
    asked = {"probe_nats": profile.probe.nats, "probe_health": profile.probe.health}
    probes = tuple(name for name, probe in asked.items() if probe)
    functions = tuple(name for name in MEMORY_MB if name not in asked or name in probes)
    made = detection.deployable_alarms(profile)
    heard = [each.name for each in made] + [each.known_as for each in profile.alarms.external]
    own = OWN_ALARM_METRICS + len(probes) + ALARMS_A_FUNCTION * len(functions)
    return Deployed(
        functions=functions,
        alarm_metrics=own + sum(_metrics(each.percent_of) for each in made),
        composites=sum(profile.severity_of(name) is Severity.P1 for name in heard),
        every_minute=("sweep", *probes),
        log_metrics=sum(
            bool(detection.resolve_fact(each.log_group, profile)) for each in profile.logs
        ),
    )


def _metrics(percent_of: str) -> int:
    """A share is of two metrics, but for the quota, which is no metric."""
    return 2 if percent_of not in {"", "quota"} else 1
