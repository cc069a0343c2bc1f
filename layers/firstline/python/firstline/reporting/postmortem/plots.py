"""Readings that the ledger has, as plots over the incident, and metrics beside earlier days."""

from collections.abc import Callable

from firstline.config.profile import MadeAlarm
from firstline.diagnosis import investigation as background
from firstline.diagnosis.evidence import Answering, HostReport
from firstline.diagnosis.health_checks import HostHealth
from firstline.ids import InstanceId
from firstline.ledger.entries import HandedOver, HostsInspected, MetricSeries
from firstline.reporting.events import events, timed
from firstline.reporting.postmortem.health import Known
from firstline.reporting.postmortem.record import Record
from firstline.reporting.postmortem.report import Comparison, Line, Plot, Point
from firstline.reporting.postmortem.words import number
from firstline.reporting.tones import Tone

type Value = Callable[[HostReport], int | None]
"""What a host's report says of one thing, if it does."""
type Together = Callable[[list[int]], int]
"""How the values of many hosts become one."""

_LIVES = (
    (HostHealth.SERVING, Tone.GOOD),
    (HostHealth.DEAD, Tone.BAD),
    (HostHealth.UNKNOWN, Tone.QUIET),
)
HOSTS_MAX = 6
"""With more hosts than these one line is drawn, of their sum or least."""


def plots(
    record: Record, found: tuple[Known, ...], alarms: tuple[Plot, ...] = ()
) -> tuple[Plot, ...]:
    """*alarms* and the others that have two readings or more; one is no course of time."""
    drawn = (*alarms, _hosts(found), _answering(found), _vaults(record), _memory(record))
    return tuple(each for each in drawn if any(len(line.points) > 1 for line in each.lines))


def _hosts(found: tuple[Known, ...]) -> Plot:
    told = [each for each in found if each.diagnosis.hosts]
    return Plot(
        title="Hosts in service",
        unit="hosts",
        note="as the readers proved them at each decision; unknown is never fine",
        lines=tuple(
            Line(
                name=str(life),
                tone=tone,
                points=tuple(Point(each.at, len(each.diagnosis.having(life))) for each in told),
            )
            for life, tone in _LIVES
        ),
    )


def _answering(found: tuple[Known, ...]) -> Plot:
    answers = dict.fromkeys(
        (each.seen.answering.at, each.seen.answering.answers)
        for each in found
        if isinstance(each.seen.answering, Answering)
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
        note="as each look counted them; a host that said nothing is left out",
        lines=_by_host(record, lambda report: report.vault_processes, sum),
    )


def _memory(record: Record) -> Plot:
    return Plot(
        title="Memory available on the host",
        unit="MiB",
        note="outside the enclave",
        lines=_by_host(record, lambda report: report.memory_available_mib, min),
    )


def _by_host(record: Record, value: Value, together: Together) -> tuple[Line, ...]:
    """A line a host; of many hosts one line for all that one look reached."""
    looks = [(at, _values(look, value)) for at, look in timed(record, HostsInspected)]
    hosts = sorted({host for _, values in looks for host in values})
    if len(hosts) > HOSTS_MAX:
        points = [Point(at, together(list(values.values()))) for at, values in looks if values]
        name = "all that were looked at" if together is sum else "the least of those looked at"
        return (Line(name=name, tone=Tone.PLAIN, points=tuple(points)),)
    return tuple(
        Line(
            name=host,
            tone=Tone.PLAIN,
            points=tuple(Point(at, values[host]) for at, values in looks if host in values),
        )
        for host in hosts
    )


def _values(told: HostsInspected, value: Value) -> dict[InstanceId, int]:
    reports = told.hosts.items()
    found = ((host, value(each)) for host, each in reports if isinstance(each, HostReport))
    return {host: each for host, each in found if each is not None}


def comparisons(record: Record, made: MadeAlarm | None = None) -> tuple[Comparison, ...]:
    """The metrics that were looked up for a hand-over, the unusual ones first (R20).

    That of the leading alarm *made* has its threshold.
    """
    series = (each for event in events(record, HandedOver) for each in event.metrics)
    found = (_comparison(each, made) for each in series)
    return tuple(sorted(found, key=lambda each: not each.unusual))


def _comparison(series: MetricSeries, made: MadeAlarm | None) -> Comparison:
    around, before = _numbers(series.around), _numbers(series.before)
    judged = background.describe_anomaly(background.Series(series.name, around, before))
    return Comparison(
        name=series.name,
        around=around,
        before=before,
        unusual=judged is not None,
        limit=float(made.threshold) if made is not None and _is_over(made, series) else None,
    )


def _is_over(made: MadeAlarm, series: MetricSeries) -> bool:
    """A sum depends on the period, and a share is of two metrics: neither can be compared."""
    comparable = made.statistic != "Sum" and not made.percent_of
    return comparable and series.name == f"{made.metric} ({made.statistic})"


def _numbers(texts: tuple[str, ...]) -> tuple[float, ...]:
    return tuple(value for each in texts if (value := number(each)) is not None)
