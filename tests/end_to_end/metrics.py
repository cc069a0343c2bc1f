"""Metrics: what the functions printed, and what AWS itself would measure, with its time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, NamedTuple

type Dimensions = frozenset[tuple[str, str]]

STATISTICS: dict[str, Callable[[list[float]], float]] = {
    "Average": lambda values: sum(values) / len(values),
    "Maximum": max,
    "Minimum": min,
    "Sum": sum,
}


class Metric(NamedTuple):
    """Which metric."""

    namespace: str
    name: str
    dimensions: Dimensions


class Sample(NamedTuple):
    """One value of a metric."""

    at: datetime
    value: float


class Metrics:
    """All samples; any thread may put and read."""

    def __init__(self) -> None:
        self._samples: dict[Metric, list[Sample]] = {}
        self._lock = Lock()

    def put(self, metric: Metric, value: float, at: datetime) -> None:
        """One value at one time."""
        with self._lock:
            self._samples.setdefault(metric, []).append(Sample(at, value))

    def take_emf(self, line: dict[str, Any]) -> None:
        """Every metric of a line in embedded metric format."""
        at = datetime.fromtimestamp(line["_aws"]["Timestamp"] / 1000, UTC)
        for directive in line["_aws"]["CloudWatchMetrics"]:
            for names in directive["Dimensions"]:
                by = frozenset((name, str(line[name])) for name in names)
                for each in directive["Metrics"]:
                    metric = Metric(directive["Namespace"], each["Name"], by)
                    values = line[each["Name"]]
                    for value in values if isinstance(values, list) else [values]:
                        self.put(metric, float(value), at)

    def values(self, metric: Metric, until: datetime, length: timedelta) -> list[float]:
        """The values of the period of that *length* before *until*."""
        with self._lock:
            samples = self._samples.get(metric, [])
            return [each.value for each in samples if until - length <= each.at < until]

    def latest(self, metric: Metric, since: datetime) -> Sample | None:
        """The last sample of *metric* that is not older than *since*."""
        with self._lock:
            samples = self._samples.get(metric, [])
        return max((each for each in samples if each.at >= since), default=None)

    def all(self, namespace: str, name: str) -> list[Sample]:
        """Every sample of a metric, whatever its dimensions, the earliest first."""
        with self._lock:
            return sorted(
                sample
                for metric, samples in self._samples.items()
                if (metric.namespace, metric.name) == (namespace, name)
                for sample in samples
            )
