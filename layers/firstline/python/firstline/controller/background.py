"""Background, looked up for people when an incident ends: once, part by part, in bounded time.

Nothing here may keep an end or its pages back: what takes too long is left unknown.
"""

from collections.abc import Callable, Collection, Iterator
from datetime import timedelta

from firstline.config.profile import MadeAlarm
from firstline.controller.observe import read
from firstline.controller.unit_of_work import IncidentUnitOfWork
from firstline.diagnosis import investigation as background
from firstline.diagnosis.evidence import Refreshes, Unknown
from firstline.diagnosis.investigation import Investigation, NetworkPath, Peerings, Routes, Topic
from firstline.diagnosis.preflight import Deployment, Deployments
from firstline.monitoring import alarm_metric
from firstline.monitoring import alarms as detection
from firstline.remediation.situation import Situation

WITHIN = timedelta(seconds=12)
"""The whole of it. With what was read before, a hand-over still ends in the function's time."""


def look_up(
    draft: IncidentUnitOfWork, about: Situation
) -> tuple[tuple[str, ...], tuple[dict[str, object], ...]]:
    """What a person looks up first, in lines; and the metrics among it, for the record (R20)."""
    dependency = about.diagnosis.dependency is not None
    wanted = background.topics(about.incident.condition, dependency=dependency)
    found = _Reader(draft).read(about, wanted)
    nats = about.profile.fleet.nats
    lines = background.describe(found, about.incident.signalled_at, nats.port)
    return lines, background.to_ledger(found.metrics)


def record_alarm_metric(draft: IncidentUnitOfWork) -> None:
    """Record the metric of the leading alarm for the report.

    An alarm that others made may have the name of one that the stack makes: its ARN tells them
    apart. What cannot be read, or only after `WITHIN` of the turn, leaves no entry.
    """
    if draft.system.ports.clock.now() >= draft.now + WITHIN:
        return
    own = draft.system.settings.alarms.get(draft.incident.alarm_arn, "")
    alarm = detection.named(own, draft.system.profile)
    if alarm is not None:
        _record_made(draft, alarm)
    elif draft.incident.alarm_arn:
        _record_external(draft)


def _record_made(draft: IncidentUnitOfWork, alarm: MadeAlarm) -> None:
    looks_around = draft.system.ports.background
    around = alarm_metric.window(alarm, draft.incident.signalled_at, draft.now)
    values = read(lambda: looks_around.alarm_metric(alarm, around))
    if not isinstance(values, Unknown):
        draft.record(alarm_metric.event(alarm, around, values))


def _record_external(draft: IncidentUnitOfWork) -> None:
    looks_around, incident = draft.system.ports.background, draft.incident
    arn, since = incident.alarm_arn, incident.signalled_at
    found = read(lambda: looks_around.external_metric(arn, since, draft.now))
    if found is not None and not isinstance(found, Unknown):
        draft.record(alarm_metric.external_event(incident.alarm, found))


class _Reader:
    """Reads one thing after the other, until its time is over."""

    def __init__(self, draft: IncidentUnitOfWork) -> None:
        self._ports = draft.system.ports
        self._until = self._ports.clock.now() + WITHIN

    def read(self, about: Situation, wanted: frozenset[Topic]) -> Investigation:
        """All that is wanted."""
        looks_around, start = self._ports.background, about.incident.signalled_at
        way = Topic.NETWORK in wanted and bool(about.profile.fleet.nats.host)

        def of[T](topic: Topic, reading: Callable[[], T | None]) -> T | Unknown | None:
            return self._one(reading) if topic in wanted else None

        return Investigation(
            issues=of(Topic.HEALTH, looks_around.issues),
            metrics=of(Topic.METRICS, lambda: looks_around.metrics(start)),
            changes=tuple(self._changes(about)) if Topic.CHANGES in wanted else (),
            releases=of(
                Topic.CHANGES, lambda: looks_around.releases(start - background.CHANGE_LOOKBACK)
            ),
            network_path=self._way(about) if way else None,
        )

    def _changes(self, about: Situation) -> Iterator[Deployments | Unknown | None]:
        yield self._one(self._ports.around.stack)
        yield self._one(self._ports.around.parameters)
        yield self._one(self._ports.background.launch_template)
        refreshes = self._one(self._ports.scaling.refreshes)
        ours = {each.command for each in about.incident.attempts}
        yield refreshes if isinstance(refreshes, Unknown) else _others(refreshes, ours)

    def _way(self, about: Situation) -> NetworkPath:
        looks_around = self._ports.background
        hosts = tuple(each.id for each in about.incident.targets)
        port = about.profile.fleet.nats.port
        placement = self._one(lambda: looks_around.placement(hosts))
        if isinstance(placement, Unknown):
            return NetworkPath(
                placement=placement, allowed=placement, routes=placement, peerings=placement
            )
        allowed = self._one(lambda: looks_around.lets_out(placement.groups, port))
        routes = self._one(lambda: looks_around.routes(placement.vpcs))
        return NetworkPath(
            placement=placement,
            allowed=allowed,
            routes=routes,
            peerings=routes if isinstance(routes, Unknown) else self._peerings(routes),
        )

    def _peerings(self, routes: Routes) -> Peerings | Unknown:
        ids = tuple(sorted({each.peering for each in routes.known}))
        return self._one(lambda: self._ports.background.peerings(ids)) if ids else Peerings()

    def _one[T](self, reading: Callable[[], T]) -> T | Unknown:
        if self._ports.clock.now() >= self._until:
            return Unknown("no time was left")
        return read(reading)


def _others(refreshes: Refreshes, ours: Collection[str | None]) -> Deployments:
    """Refreshes that somebody else began: what we did is told as what was tried."""
    return Deployments(
        tuple(
            Deployment(what=f"the group, by the refresh {each.id},", at=each.started_at)
            for each in refreshes.known
            if each.started_at is not None and each.id not in ours
        )
    )
