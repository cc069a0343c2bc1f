"""The number of each billed resource in a profile's stacks.

They are counted from the profile, plus the constant parts; a test compares them with the templates.
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
"""Memory by function."""
OWN_ALARM_METRICS = 23
"""The metrics of every deployment's alarms on itself, including the drill's alarm."""
ALARMS_A_FUNCTION = 2
DRILL_DAYS = 6
SECRETS, KEYS, DASHBOARDS, FED_QUEUES = 2, 1, 1, 2
"""The queues that Lambda polls."""


class ResourceCounts(msgspec.Struct, frozen=True, kw_only=True):
    """``alarm_metrics``: CloudWatch bills each metric of an alarm that has several."""

    functions: tuple[str, ...]
    alarm_metrics: int
    composites: int
    every_minute: tuple[str, ...]
    log_metrics: int


def count_resources(profile: Profile) -> ResourceCounts:
    """Return the resource counts of *profile*'s stacks."""
    asked = {"probe_nats": profile.probe.nats, "probe_health": profile.probe.health}
    probes = tuple(name for name, probe in asked.items() if probe)
    functions = tuple(name for name in MEMORY_MB if name not in asked or name in probes)
    made = detection.deployable_alarms(profile)
    names = [each.name for each in made] + [each.known_as for each in profile.alarms.external]
    own = OWN_ALARM_METRICS + len(probes) + ALARMS_A_FUNCTION * len(functions)
    return ResourceCounts(
        functions=functions,
        alarm_metrics=own + sum(_metrics(each.percent_of) for each in made),
        composites=sum(profile.severity_of(name) is Severity.P1 for name in names),
        every_minute=("sweep", *probes),
        log_metrics=sum(
            bool(detection.resolve_fact(each.log_group, profile)) for each in profile.logs
        ),
    )


def _metrics(percent_of: str) -> int:
    """Return the alarm's number of metrics: two for a share, one for a quota's share."""
    return 2 if percent_of not in {"", "quota"} else 1
