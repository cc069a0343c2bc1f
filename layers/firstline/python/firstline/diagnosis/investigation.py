"""Background: what a person looks up first, read once, when an incident is handed over.

Metrics around the start beside the same time of the days before (R20), what was deployed lately
(R21), the way from the hosts to NATS (R37, R38), AWS Health (R13). None of it licenses a fix; it is
told in lines of our own words, and what cannot be read is told as such.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import Enum

import msgspec

from firstline.diagnosis.evidence import Unknown
from firstline.diagnosis.preflight import Deployments
from firstline.signal import SERVICE_CONDITIONS, Condition

QUARTER = timedelta(minutes=15)
"""The start's own quarter of an hour and the one after it are compared."""
DAYS_BEFORE = 7
DAYS_MIN = 3
"""With fewer days of data nothing is called usual."""
CLEARLY = 0.2
"""How far beyond all of the days before a value must lie, as a share of their widest."""
LATELY = timedelta(days=1)
"""What changed longer before the start is not told."""


class Topic(Enum):
    """What may be looked up."""

    METRICS = "metrics"
    CHANGES = "changes"
    NETWORK = "network"
    HEALTH = "health"


NOBODY_ELSES = frozenset({Condition.USER_AFFECTED, Condition.SECURITY_FINDING})
"""Conditions that are about one user or one finding: nothing here says anything of them."""
OF_NATS = frozenset({Condition.NATS_DISCONNECTED, Condition.NATS_BACKLOG})


def topics(condition: Condition, *, dependency: bool) -> frozenset[Topic]:
    """What is looked up for *condition*; *dependency* says that no host reaches NATS."""
    if condition in NOBODY_ELSES:
        return frozenset()
    found = {Topic.HEALTH, Topic.METRICS}
    if condition in SERVICE_CONDITIONS or condition is Condition.UNCLASSIFIED:
        found.add(Topic.CHANGES)
    if condition in OF_NATS or dependency:
        found.add(Topic.NETWORK)
    return frozenset(found)


class Series(msgspec.Struct, frozen=True):
    """One metric: its values around the start, and at the same time of each day before."""

    name: str
    around: tuple[float, ...]
    before: tuple[float, ...]


class Metrics(msgspec.Struct, frozen=True, tag="metrics"):
    """Each metric that an alarm of the profile is over."""

    series: tuple[Series, ...] = ()


class Placement(msgspec.Struct, frozen=True, tag="placement"):
    """Where hosts are: their networks and their security groups."""

    vpcs: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class Route(msgspec.Struct, frozen=True):
    """A route from the hosts' networks over a peering connection; ``active`` or ``blackhole``."""

    destination: str
    peering: str
    state: str


class Routes(msgspec.Struct, frozen=True, tag="routes"):
    """All of them."""

    known: tuple[Route, ...] = ()


class Peerings(msgspec.Struct, frozen=True, tag="peerings"):
    """Each peering connection that was asked for, with its status."""

    statuses: dict[str, str] = {}


class Issues(msgspec.Struct, frozen=True, tag="issues"):
    """AWS Health's open issues in our Region: ``SERVICE: CODE``."""

    open: tuple[str, ...] = ()


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """The way from the hosts to NATS; ``allowed``: whether a rule lets its port out."""

    placement: Placement | Unknown
    allowed: bool | Unknown
    routes: Routes | Unknown
    peerings: Peerings | Unknown


class Investigation(msgspec.Struct, frozen=True, kw_only=True):
    """All that was looked up; None was not asked for, or is nothing that this fleet has."""

    metrics: Metrics | Unknown | None = None
    changes: tuple[Deployments | Unknown | None, ...] = ()
    releases: tuple[str, ...] | Unknown | None = None
    way: Way | None = None
    issues: Issues | Unknown | None = None


def told(background: Investigation, started_at: datetime, port: int) -> tuple[str, ...]:
    """What it says, a line each, with the runbook's step; *port* is NATS's."""
    return (
        *_health(background.issues),
        *_metrics(background.metrics),
        *_changes(background.changes, started_at),
        *_releases(background.releases),
        *(_way(background.way, port) if background.way is not None else ()),
    )


def recorded(metrics: Metrics | Unknown | None) -> tuple[dict[str, object], ...]:
    """Each metric as an entry tells it: numbers as text, for an entry holds no floats."""
    series = metrics.series if isinstance(metrics, Metrics) else ()
    return tuple(
        {
            "name": each.name,
            "around": [f"{value:.6g}" for value in each.around],
            "before": [f"{value:.6g}" for value in each.before],
        }
        for each in series
    )


def unusual(series: Series) -> str | None:
    """How the values around the start lie beyond all those of the days before, if they do."""
    if not series.around or len(series.before) < DAYS_MIN:
        return None
    low, high = min(series.before), max(series.before)
    margin = CLEARLY * max(abs(low), abs(high))
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
        yield "R13 AWS Health knows of no open issue in the Region"


def _metrics(metrics: Metrics | Unknown | None) -> Iterator[str]:
    if isinstance(metrics, Unknown):
        yield f"R20 the metrics cannot be read: {metrics.why}"
    elif metrics is not None:
        lines = [line for each in metrics.series if (line := unusual(each)) is not None]
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
    lately = [each for found in known for each in found.known if started_at - each.at <= LATELY]
    for each in lately:
        minutes = round((started_at - each.at) / timedelta(minutes=1))
        when = f"{minutes} min before the start" if minutes >= 0 else f"{-minutes} min after it"
        yield f"R21 {each.what} changed {when}"
    if known and not lately:
        yield "R21 nothing that is known was deployed within a day before the start"


def _releases(releases: tuple[str, ...] | Unknown | None) -> Iterator[str]:
    if isinstance(releases, Unknown):
        yield f"R21 CodeDeploy's deployments cannot be read: {releases.why}"
    elif releases:
        yield f"R21 CodeDeploy made deployments since a day before the start: {', '.join(releases)}"


def _way(way: Way, port: int) -> Iterator[str]:
    if isinstance(way.allowed, Unknown):
        yield f"R37 the security groups cannot be read: {way.allowed.why}"
    elif way.allowed:
        yield f"R37 the hosts' security groups let port {port} out"
    else:
        yield f"R37 no security group of the hosts lets port {port} out"
    if isinstance(way.routes, Unknown):
        yield f"R38 the routes cannot be read: {way.routes.why}"
    elif not way.routes.known:
        yield "R38 no route of the hosts' network goes over a peering connection"
    else:
        for each in way.routes.known:
            if each.state != "active":
                yield f"R38 the route to {each.destination} over {each.peering} is {each.state}"
        yield from _peerings(way.peerings)


def _peerings(peerings: Peerings | Unknown) -> Iterator[str]:
    if isinstance(peerings, Unknown):
        yield f"R38 the peering connections cannot be read: {peerings.why}"
    else:
        for id_, status in sorted(peerings.statuses.items()):
            yield f"R38 the peering connection {id_} is {status}"
