"""Investigate: read context for the on-call engineer once, when an incident ends.

It never delays the end or its pages: whatever takes too long is unknown.
"""

from collections.abc import Callable, Collection, Iterator
from datetime import timedelta

from firstline.config.profile import AlarmDefinition
from firstline.controller.observe import read
from firstline.controller.unit_of_work import IncidentUnitOfWork
from firstline.diagnosis import investigation as background
from firstline.diagnosis.evidence import Refreshes, Unknown
from firstline.diagnosis.investigation import Investigation, NetworkPath, Peerings, Routes, Topic
from firstline.diagnosis.preflight import Deployment, Deployments
from firstline.monitoring import alarm_metric, alarms
from firstline.remediation.situation import Situation

INVESTIGATION_DURATION_MAX = timedelta(seconds=12)
"""The limit of all reads together; with it an escalation ends within the function's timeout."""


def investigate(
    work: IncidentUnitOfWork, situation: Situation
) -> tuple[tuple[str, ...], tuple[dict[str, object], ...]]:
    """Return the investigation in lines, and its metrics for the ledger (R20)."""
    dependency = situation.diagnosis.dependency is not None
    topics = background.topics(situation.incident.condition, dependency=dependency)
    investigation = _TimedReader(work).read(situation, topics)
    nats = situation.profile.fleet.nats
    lines = background.describe(investigation, situation.incident.signalled_at, nats.port)
    return lines, background.to_ledger(investigation.metrics)


def record_alarm_metric(work: IncidentUnitOfWork) -> None:
    """Record the metric of the leading alarm for the report.

    An external alarm can have the name of a stack's own alarm, so the ARN decides. A metric that
    cannot be read, or only after `INVESTIGATION_DURATION_MAX`, leaves no entry.
    """
    if work.system.ports.clock.now() >= work.now + INVESTIGATION_DURATION_MAX:
        return
    own = work.system.settings.alarms.get(work.incident.alarm_arn, "")
    alarm = alarms.find_alarm(own, work.system.profile)
    if alarm is not None:
        _record_own_alarm(work, alarm)
    elif work.incident.alarm_arn:
        _record_external_alarm(work)


def _record_own_alarm(work: IncidentUnitOfWork, alarm: AlarmDefinition) -> None:
    reader = work.system.ports.investigation
    window = alarm_metric.window(alarm, work.incident.signalled_at, work.now)
    values = read(lambda: reader.alarm_metric(alarm, window))
    if not isinstance(values, Unknown):
        work.append_entry(alarm_metric.to_ledger(alarm, window, values))


def _record_external_alarm(work: IncidentUnitOfWork) -> None:
    reader, incident = work.system.ports.investigation, work.incident
    arn, since = incident.alarm_arn, incident.signalled_at
    metric = read(lambda: reader.external_metric(arn, since, work.now))
    if metric is not None and not isinstance(metric, Unknown):
        work.append_entry(alarm_metric.external_to_ledger(incident.alarm, metric))


class _TimedReader:
    """Read one topic after another until the time limit."""

    def __init__(self, work: IncidentUnitOfWork) -> None:
        self._ports = work.system.ports
        self._until = self._ports.clock.now() + INVESTIGATION_DURATION_MAX

    def read(self, situation: Situation, topics: frozenset[Topic]) -> Investigation:
        """Read all *topics*."""
        reader, start = self._ports.investigation, situation.incident.signalled_at
        needs_path = Topic.NETWORK in topics and bool(situation.profile.fleet.nats.host)

        def read_if_needed[T](topic: Topic, call: Callable[[], T | None]) -> T | Unknown | None:
            return self._read_in_time(call) if topic in topics else None

        return Investigation(
            issues=read_if_needed(Topic.HEALTH, reader.issues),
            metrics=read_if_needed(Topic.METRICS, lambda: reader.metrics(start)),
            changes=tuple(self._changes(situation)) if Topic.CHANGES in topics else (),
            releases=read_if_needed(
                Topic.CHANGES, lambda: reader.releases(start - background.CHANGE_LOOKBACK)
            ),
            network_path=self._network_path(situation) if needs_path else None,
        )

    def _changes(self, situation: Situation) -> Iterator[Deployments | Unknown | None]:
        yield self._read_in_time(self._ports.preflight.stack)
        yield self._read_in_time(self._ports.preflight.parameters)
        yield self._read_in_time(self._ports.investigation.launch_template)
        refreshes = self._read_in_time(self._ports.scaling.refreshes)
        ours = {each.command for each in situation.incident.attempts}
        yield refreshes if isinstance(refreshes, Unknown) else _other_refreshes(refreshes, ours)

    def _network_path(self, situation: Situation) -> NetworkPath:
        reader = self._ports.investigation
        hosts = tuple(each.id for each in situation.incident.targets)
        port = situation.profile.fleet.nats.port
        placement = self._read_in_time(lambda: reader.placement(hosts))
        if isinstance(placement, Unknown):
            return NetworkPath(
                placement=placement, allowed=placement, routes=placement, peerings=placement
            )
        allowed = self._read_in_time(lambda: reader.lets_out(placement.groups, port))
        routes = self._read_in_time(lambda: reader.routes(placement.vpcs))
        return NetworkPath(
            placement=placement,
            allowed=allowed,
            routes=routes,
            peerings=routes if isinstance(routes, Unknown) else self._peerings(routes),
        )

    def _peerings(self, routes: Routes) -> Peerings | Unknown:
        ids = tuple(sorted({each.peering for each in routes.known}))
        return (
            self._read_in_time(lambda: self._ports.investigation.peerings(ids))
            if ids
            else Peerings()
        )

    def _read_in_time[T](self, call: Callable[[], T]) -> T | Unknown:
        if self._ports.clock.now() >= self._until:
            return Unknown("the time limit was reached")
        return read(call)


def _other_refreshes(refreshes: Refreshes, ours: Collection[str | None]) -> Deployments:
    """Refreshes that firstline did not start; its own are listed as attempts."""
    return Deployments(
        tuple(
            Deployment(what=f"the group, by the refresh {each.id},", at=each.started_at)
            for each in refreshes.known
            if each.started_at is not None and each.id not in ours
        )
    )
