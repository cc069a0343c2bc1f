"""Readings of the ledger as plots over the incident, and metrics compared with earlier days."""

from collections.abc import Callable

from firstline.config.profile import AlarmDefinition
from firstline.diagnosis import investigation
from firstline.diagnosis.evidence import Answering, HostReport
from firstline.diagnosis.health_checks import HostHealth
from firstline.ids import InstanceId
from firstline.ledger.entries import HostsInspected, IncidentEscalated, MetricSeries
from firstline.reporting.events import events, timed
from firstline.reporting.postmortem.formatting import parse_number
from firstline.reporting.postmortem.health import FleetKnowledge
from firstline.reporting.postmortem.record import Record
from firstline.reporting.postmortem.report import Comparison, Line, Plot, Point
from firstline.reporting.tones import Tone

type Value = Callable[[HostReport], int | None]
"""Reads one value of a host's report; None if it has none."""
type Combine = Callable[[list[int]], int]
"""Combines the values of many hosts."""

_HEALTH_TONES = (
    (HostHealth.SERVING, Tone.GOOD),
    (HostHealth.DEAD, Tone.BAD),
    (HostHealth.UNKNOWN, Tone.QUIET),
)
HOSTS_MAX = 6
"""With more hosts one line is drawn, of their sum or minimum."""


def plots(
    record: Record, knowledge: tuple[FleetKnowledge, ...], alarms: tuple[Plot, ...] = ()
) -> tuple[Plot, ...]:
    """*alarms* and the other plots with at least two readings."""
    drawn = (*alarms, _hosts(knowledge), _answering(knowledge), _vaults(record), _memory(record))
    return tuple(each for each in drawn if any(len(line.points) > 1 for line in each.lines))


def _hosts(knowledge: tuple[FleetKnowledge, ...]) -> Plot:
    with_hosts = [each for each in knowledge if each.diagnosis.hosts]
    return Plot(
        title="Hosts in service",
        unit="hosts",
        note="as proven by the health checks at each decision; unknown is not serving",
        lines=tuple(
            Line(
                name=str(health),
                tone=tone,
                points=tuple(
                    Point(each.at, len(each.diagnosis.having(health))) for each in with_hosts
                ),
            )
            for health, tone in _HEALTH_TONES
        ),
    )


def _answering(knowledge: tuple[FleetKnowledge, ...]) -> Plot:
    answers = dict.fromkeys(
        (each.fleet.answering.at, each.fleet.answering.answers)
        for each in knowledge
        if isinstance(each.fleet.answering, Answering)
    )
    points = tuple(Point(at, int(yes)) for at, yes in answers)
    return Plot(
        title="End-to-end probe",
        unit="1 answered, 0 silent",
        note="each reading at the probe's own minute",
        lines=(Line(name="answers", tone=Tone.PLAIN, points=points),),
    )


def _vaults(record: Record) -> Plot:
    return Plot(
        title="Vault processes",
        unit="processes",
        note="as counted by each inspection; hosts without a report are left out",
        lines=_by_host(record, lambda report: report.vault_processes, sum),
    )


def _memory(record: Record) -> Plot:
    return Plot(
        title="Memory available on the host",
        unit="MiB",
        note="outside the enclave",
        lines=_by_host(record, lambda report: report.memory_available_mib, min),
    )


def _by_host(record: Record, value: Value, together: Combine) -> tuple[Line, ...]:
    """One line for each host; for many hosts one line for all hosts of a look."""
    looks = [(at, _values(look, value)) for at, look in timed(record, HostsInspected)]
    hosts = sorted({host for _, values in looks for host in values})
    if len(hosts) > HOSTS_MAX:
        points = [Point(at, together(list(values.values()))) for at, values in looks if values]
        name = "all inspected hosts" if together is sum else "the lowest of the inspected hosts"
        return (Line(name=name, tone=Tone.PLAIN, points=tuple(points)),)
    return tuple(
        Line(
            name=host,
            tone=Tone.PLAIN,
            points=tuple(Point(at, values[host]) for at, values in looks if host in values),
        )
        for host in hosts
    )


def _values(inspected: HostsInspected, value: Value) -> dict[InstanceId, int]:
    reports = inspected.hosts.items()
    read = ((host, value(each)) for host, each in reports if isinstance(each, HostReport))
    return {host: each for host, each in read if each is not None}


def comparisons(record: Record, made: AlarmDefinition | None = None) -> tuple[Comparison, ...]:
    """The metrics of the escalations' investigations, the unusual ones first (R20).

    The metric of the leading alarm *made* has its threshold.
    """
    series = (each for event in events(record, IncidentEscalated) for each in event.metrics)
    compared = (_comparison(each, made) for each in series)
    return tuple(sorted(compared, key=lambda each: not each.unusual))


def _comparison(series: MetricSeries, made: AlarmDefinition | None) -> Comparison:
    around, before = _numbers(series.around), _numbers(series.before)
    anomaly = investigation.describe_anomaly(investigation.Series(series.name, around, before))
    return Comparison(
        name=series.name,
        around=around,
        before=before,
        unusual=anomaly is not None,
        limit=float(made.threshold) if made is not None and _is_over(made, series) else None,
    )


def _is_over(made: AlarmDefinition, series: MetricSeries) -> bool:
    """True if comparable with the threshold: a sum depends on the period, a share on two."""
    comparable = made.statistic != "Sum" and not made.percent_of
    return comparable and series.name == f"{made.metric} ({made.statistic})"


def _numbers(texts: tuple[str, ...]) -> tuple[float, ...]:
    return tuple(value for each in texts if (value := parse_number(each)) is not None)
