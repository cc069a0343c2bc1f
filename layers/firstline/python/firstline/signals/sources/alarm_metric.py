"""Alarm metric: the one metric that an alarm watches, also through an expression.

An alarm has one metric where everything that it reads has one namespace and name: an anomaly band,
arithmetic, use against ``SERVICE_QUOTA``, or a query of Metrics Insights (CloudWatch user guide,
"Metrics Insights query components and syntax"). An alarm on several metrics has none.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

_NAME = r'("[^"]+"|\w+)'
_QUERY = re.compile(
    rf"\s*SELECT\s+(?:AVG|COUNT|MAX|MIN|SUM)\s*\(\s*{_NAME}\s*\)\s*FROM\s+(?:SCHEMA\s*\(\s*)?{_NAME}",
    re.IGNORECASE | re.ASCII,
)
_EQUALS = re.compile(rf"\b(?:WHERE|AND)\s+{_NAME}\s*=\s*'([^']*)'", re.IGNORECASE | re.ASCII)


class AlarmMetric(NamedTuple):
    """The metric that one part of an alarm reads; ``returned`` is true for the judged part."""

    name: str
    dimensions: dict[str, str]
    namespace: str = ""
    returned: bool = True


NO_METRIC = AlarmMetric("", {})
"""An alarm without a metric, or with several."""


def parse_query(expression: str, *, returned: bool = True) -> AlarmMetric | None:
    """The metric and the dimensions that *expression* queries; None for no query."""
    matched = _QUERY.match(expression)
    if matched is None:
        return None
    name, namespace = (each.strip('"') for each in matched.groups())
    asked = _EQUALS.findall(expression, matched.end())
    return AlarmMetric(name, {key.strip('"'): value for key, value in asked}, namespace, returned)


def common_metric(parts: Sequence[AlarmMetric]) -> AlarmMetric:
    """The metric of the judged part, or the one that all *parts* share.

    Several parts of one metric have the dimensions in which they agree.
    """
    returned = [each for each in parts if each.returned]
    parts = returned if len(returned) == 1 else parts
    if len({(each.namespace, each.name) for each in parts}) != 1:
        return NO_METRIC
    agreed = set.intersection(*(set(each.dimensions.items()) for each in parts))
    return AlarmMetric(parts[0].name, dict(agreed), parts[0].namespace)
