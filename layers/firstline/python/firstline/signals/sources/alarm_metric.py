"""Alarm metric: the one metric that an alarm is about, also where it watches an expression.

An alarm is about one metric where all that it reads is of one namespace and name: an anomaly band,
arithmetic, use against ``SERVICE_QUOTA``, or a query of Metrics Insights (CloudWatch user guide,
"Metrics Insights query components and syntax"). Of several metrics none is the alarm's.
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
    """What one part of an alarm reads; ``returned`` says that the part itself is judged."""

    name: str
    dimensions: dict[str, str]
    namespace: str = ""
    returned: bool = True


NONE = AlarmMetric("", {})
"""Of an alarm that is about no metric, or about several."""


def query(expression: str, *, returned: bool = True) -> AlarmMetric | None:
    """What *expression* reads, if it is a query; its dimensions are those that it asks to equal."""
    found = _QUERY.match(expression)
    if found is None:
        return None
    name, namespace = (each.strip('"') for each in found.groups())
    asked = _EQUALS.findall(expression, found.end())
    return AlarmMetric(name, {key.strip('"'): value for key, value in asked}, namespace, returned)


def about(parts: Sequence[AlarmMetric]) -> AlarmMetric:
    """The metric of the part that is judged, or the one that all *parts* are of.

    Several parts of one metric have the dimensions in which they agree.
    """
    returned = [each for each in parts if each.returned]
    parts = returned if len(returned) == 1 else parts
    if len({(each.namespace, each.name) for each in parts}) != 1:
        return NONE
    agreed = set.intersection(*(set(each.dimensions.items()) for each in parts))
    return AlarmMetric(parts[0].name, dict(agreed), parts[0].namespace)
