"""Context for a person, read once when an incident is escalated.

It compares metrics around the start with the days before (R20), and adds recent deployments (R21),
the network path from the hosts to NATS (R37, R38) and AWS Health (R13). It never permits a fix.
Unreadable parts are reported as such.

Each part is read separately, and all within twelve seconds. A value is unusual if it lies a fifth
beyond all of the seven days before, a rule that a person can check on the graph. The parts also
include parameters, the launch template, refreshes and CodeDeploy.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import Enum

import msgspec

from firstline.diagnosis.evidence import Unknown
from firstline.diagnosis.preflight import Deployments
from firstline.signal import SERVICE_CONDITIONS, Condition

COMPARISON_WINDOW = timedelta(minutes=15)
"""The quarter of an hour of the start and the next one are compared."""
DAYS_BEFORE = 7
DAYS_MIN = 3
"""With fewer days of data no value counts as usual."""
DEVIATION_SHARE_MIN = 0.2
"""How far beyond the days before a value must lie, as a share of their largest magnitude."""
CHANGE_LOOKBACK = timedelta(days=1)
"""Changes longer before the start are omitted."""


class Topic(Enum):
    """A topic of the investigation."""

    METRICS = "metrics"
    CHANGES = "changes"
    NETWORK = "network"
    HEALTH = "health"


SINGLE_SUBJECT = frozenset({Condition.USER_AFFECTED, Condition.SECURITY_FINDING})
"""Conditions about one user or one finding: no topic applies to them."""
NATS_CONDITIONS = frozenset({Condition.NATS_DISCONNECTED, Condition.NATS_BACKLOG})


def topics(condition: Condition, *, dependency: bool) -> frozenset[Topic]:
    """The topics for *condition*; *dependency* is true when no host reaches NATS."""
    if condition in SINGLE_SUBJECT:
        return frozenset()
    chosen = {Topic.HEALTH, Topic.METRICS}
    if condition in SERVICE_CONDITIONS or condition is Condition.UNCLASSIFIED:
        chosen.add(Topic.CHANGES)
    if condition in NATS_CONDITIONS or dependency:
        chosen.add(Topic.NETWORK)
    return frozenset(chosen)


class Series(msgspec.Struct, frozen=True):
    """One metric: its values around the start, and at the same time of each day before."""

    name: str
    around: tuple[float, ...]
    before: tuple[float, ...]


class Metrics(msgspec.Struct, frozen=True, tag="metrics"):
    """The metric of each alarm of the profile."""

    series: tuple[Series, ...] = ()


class Placement(msgspec.Struct, frozen=True, tag="placement"):
    """The hosts' networks and security groups."""

    vpcs: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class Route(msgspec.Struct, frozen=True):
    """A route from the hosts' networks over a peering connection; ``active`` or ``blackhole``."""

    destination: str
    peering: str
    state: str


class Routes(msgspec.Struct, frozen=True, tag="routes"):
    """All such routes."""

    known: tuple[Route, ...] = ()


class Peerings(msgspec.Struct, frozen=True, tag="peerings"):
    """The status of each requested peering connection."""

    statuses: dict[str, str] = {}


class Issues(msgspec.Struct, frozen=True, tag="issues"):
    """AWS Health's open issues in our Region: ``SERVICE: CODE``."""

    open: tuple[str, ...] = ()


class NetworkPath(msgspec.Struct, frozen=True, kw_only=True):
    """The path from the hosts to NATS; ``allowed`` is true where a rule lets its port out."""

    placement: Placement | Unknown
    allowed: bool | Unknown
    routes: Routes | Unknown
    peerings: Peerings | Unknown


class Investigation(msgspec.Struct, frozen=True, kw_only=True):
    """All results; None for a topic that was not read or that this fleet does not have."""

    metrics: Metrics | Unknown | None = None
    changes: tuple[Deployments | Unknown | None, ...] = ()
    releases: tuple[str, ...] | Unknown | None = None
    network_path: NetworkPath | None = None
    issues: Issues | Unknown | None = None


def describe(background: Investigation, started_at: datetime, port: int) -> tuple[str, ...]:
    """The results for people, a line each, with the runbook's step; *port* is NATS's."""
    return (
        *_health(background.issues),
        *_metrics(background.metrics),
        *_changes(background.changes, started_at),
        *_releases(background.releases),
        *(
            _network_path(background.network_path, port)
            if background.network_path is not None
            else ()
        ),
    )


def to_ledger(metrics: Metrics | Unknown | None) -> tuple[dict[str, object], ...]:
    """Each metric as an entry stores it: numbers as text, because an entry holds no floats."""
    series = metrics.series if isinstance(metrics, Metrics) else ()
    return tuple(
        {
            "name": each.name,
            "around": [f"{value:.6g}" for value in each.around],
            "before": [f"{value:.6g}" for value in each.before],
        }
        for each in series
    )


def describe_anomaly(series: Series) -> str | None:
    """The deviation of the values around the start from all days before; None if there is none."""
    if not series.around or len(series.before) < DAYS_MIN:
        return None
    low, high = min(series.before), max(series.before)
    margin = DEVIATION_SHARE_MIN * max(abs(low), abs(high))
    top, bottom = max(series.around), min(series.around)
    value = top if top > high + margin else bottom if bottom < low - margin else None
    if value is None:
        return None
    usual = f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"
    return f"{series.name} was {value:.3g}, and {usual} at that time of the days before"


def _health(issues: Issues | Unknown | None) -> Iterator[str]:
    if isinstance(issues, Unknown):
        yield f"R13 AWS Health cannot be read: {issues.why}"
    elif issues is not None and issues.open:
        yield f"R13 AWS Health has open issues: {', '.join(issues.open)}"
    elif issues is not None:
        yield "R13 AWS Health has no open issue in the Region"


def _metrics(metrics: Metrics | Unknown | None) -> Iterator[str]:
    if isinstance(metrics, Unknown):
        yield f"R20 the metrics cannot be read: {metrics.why}"
    elif metrics is not None:
        lines = [line for each in metrics.series if (line := describe_anomaly(each)) is not None]
        yield from (f"R20 {line}" for line in lines)
        if not lines:
            yield f"R20 nothing unusual in {len(metrics.series)} metrics around the start"


def _changes(
    changes: tuple[Deployments | Unknown | None, ...], started_at: datetime
) -> Iterator[str]:
    known = [each for each in changes if isinstance(each, Deployments)]
    yield from (
        f"R21 recent deployments cannot be read: {each.why}"
        for each in changes
        if isinstance(each, Unknown)
    )
    recent = [
        each for group in known for each in group.known if started_at - each.at <= CHANGE_LOOKBACK
    ]
    for each in recent:
        minutes = round((started_at - each.at) / timedelta(minutes=1))
        when = f"{minutes} min before the start" if minutes >= 0 else f"{-minutes} min after it"
        yield f"R21 {each.what} changed {when}"
    if known and not recent:
        yield "R21 no known deployment within a day before the start"


def _releases(releases: tuple[str, ...] | Unknown | None) -> Iterator[str]:
    if isinstance(releases, Unknown):
        yield f"R21 CodeDeploy's deployments cannot be read: {releases.why}"
    elif releases:
        yield f"R21 CodeDeploy made deployments since a day before the start: {', '.join(releases)}"


def _network_path(path: NetworkPath, port: int) -> Iterator[str]:
    if isinstance(path.allowed, Unknown):
        yield f"R37 the security groups cannot be read: {path.allowed.why}"
    elif path.allowed:
        yield f"R37 the hosts' security groups let port {port} out"
    else:
        yield f"R37 no security group of the hosts lets port {port} out"
    if isinstance(path.routes, Unknown):
        yield f"R38 the routes cannot be read: {path.routes.why}"
    elif not path.routes.known:
        yield "R38 no route of the hosts' network goes over a peering connection"
    else:
        for each in path.routes.known:
            if each.state != "active":
                yield f"R38 the route to {each.destination} over {each.peering} is {each.state}"
        yield from _peerings(path.peerings)


def _peerings(peerings: Peerings | Unknown) -> Iterator[str]:
    if isinstance(peerings, Unknown):
        yield f"R38 the peering connections cannot be read: {peerings.why}"
    else:
        for id_, status in sorted(peerings.statuses.items()):
            yield f"R38 the peering connection {id_} is {status}"
