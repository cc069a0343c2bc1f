"""The dashboard: it shows what is emitted, of this fleet alone, and every alarm that there is."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import jsonschema
import pytest

from firstline import measures, probe
from firstline.profile import Profile
from tests.infra.made import Made

BY = {
    measures.OPENED: {"severity"},
    measures.ENDED: {"outcome"},
    measures.FIXES: {"action"},
    measures.FIXES_FAILED: {"action"},
    measures.DENIALS: {"guard"},
    "Probe": {"outcome"},
}
"""The dimensions of ours beside the fleet's; the other metrics have none."""
MEASURES = {
    value for name, value in vars(measures).items() if name.isupper() and isinstance(value, str)
}
PROBED = {"HealthAnswering", "HealthLatency"} | probe.NATS_METRICS

# CloudWatch API reference, "Dashboard body structure and syntax"
_NUMBER = {"type": "integer", "minimum": 0}
_METRIC_ROW = {"type": "array", "items": {"type": ["string", "object"]}, "minItems": 1}
_KINDS = {
    "metric": (
        ["metrics", "region"],
        {"metrics": {"type": "array", "items": _METRIC_ROW, "maxItems": 500}},
    ),
    "alarm": (["alarms"], {"alarms": {"type": "array", "items": {"type": "string"}}}),
    "log": (["query", "region"], {"query": {"type": "string"}}),
    "custom": (["endpoint"], {"endpoint": {"type": "string"}}),
}
SCHEMA = {
    "type": "object",
    "required": ["widgets"],
    "properties": {
        "widgets": {
            "type": "array",
            "maxItems": 500,
            "items": {
                "type": "object",
                "required": ["type", "x", "y", "width", "height", "properties"],
                "properties": {
                    "x": _NUMBER | {"maximum": 23},
                    "y": _NUMBER,
                    "width": _NUMBER | {"minimum": 1, "maximum": 24},
                    "height": _NUMBER | {"minimum": 1, "maximum": 1000},
                },
                "oneOf": [
                    {
                        "properties": {
                            "type": {"const": kind},
                            "properties": {"required": required, "properties": properties},
                        }
                    }
                    for kind, (required, properties) in _KINDS.items()
                ],
            },
        }
    },
}


class Shown(NamedTuple):
    """A metric on the dashboard."""

    namespace: str
    name: str
    dimensions: dict[str, str]


@pytest.fixture(scope="session")
def widgets(made: Made) -> list[dict[str, Any]]:
    """Give what the one dashboard shows."""
    (found,) = made.of("AWS::CloudWatch::Dashboard")
    body = json.loads(found.properties["DashboardBody"])
    jsonschema.validate(body, SCHEMA)
    shown: list[dict[str, Any]] = body["widgets"]
    return shown


def shown(widgets: list[dict[str, Any]]) -> Iterator[Shown]:
    """Every metric, also those that a search finds."""
    for each in widgets:
        for row in each["properties"].get("metrics", ()):
            texts = [cell for cell in row if isinstance(cell, str)]
            if texts:
                namespace, name, *pairs = texts
                yield Shown(namespace, name, dict(zip(pairs[::2], pairs[1::2], strict=True)))
            elif row[0]["expression"].startswith("SEARCH"):
                yield _searched(row[0]["expression"])


def _searched(expression: str) -> Shown:
    found = re.fullmatch(
        r"SEARCH\('\{(\w+),([\w,]+)\} MetricName=\"(\w+)\" service=\"([\w-]+)\"', 'Sum', \d+\)",
        expression,
    )
    assert found, expression
    namespace, names, metric, fleet = found.groups()
    return Shown(namespace, metric, dict.fromkeys(names.split(","), "*") | {"service": fleet})


def test_what_is_shown_is_what_is_emitted(widgets: list[dict[str, Any]], profile: Profile) -> None:
    """By its dimensions; a measure that nobody would see fails, and so does a misspelt one."""
    own = [each for each in shown(widgets) if each.namespace == "firstline"]
    assert MEASURES <= {each.name for each in own} <= MEASURES | PROBED
    for each in own:
        assert each.dimensions["service"] == profile.fleet.name
        assert each.dimensions.keys() == BY.get(each.name, set()) | {"service"}, each.name


def test_the_rest_are_metrics_of_what_the_stack_makes(
    widgets: list[dict[str, Any]], made: Made
) -> None:
    names = {
        "QueueName": {each.name for each in made.of("AWS::SQS::Queue")},
        "FunctionName": {each.name for each in made.of("AWS::Lambda::Function")},
    }
    others = [each for each in shown(widgets) if each.namespace != "firstline"]
    assert {each.namespace for each in others} == {"AWS/SQS", "AWS/Lambda"}
    for each in others:
        ((dimension, value),) = each.dimensions.items()
        assert value in names[dimension]
    functions = {each.dimensions.get("FunctionName") for each in others} - {None}
    assert functions == names["FunctionName"]


def test_every_alarm_is_on_it(widgets: list[dict[str, Any]], made: Made) -> None:
    """The profile's and firstline's own; composites repeat what these say."""
    alarms = {arn for each in widgets for arn in each["properties"].get("alarms", ())}
    assert alarms == {made.arn(each) for each in made.of("AWS::CloudWatch::Alarm")}


def test_the_console_is_on_top_and_is_asked_when_the_dashboard_is(
    widgets: list[dict[str, Any]], made: Made
) -> None:
    """Moving the dashboard about asks nothing."""
    first = widgets[0]
    (console,) = [
        made.arn(each)
        for each in made.of("AWS::Lambda::Function")
        if each.properties["Handler"] == "functions.console.handler"
    ]
    assert (first["type"], first["x"], first["y"]) == ("custom", 0, 0)
    assert first["properties"]["endpoint"] == console
    assert first["properties"]["updateOn"] == {
        "refresh": True,
        "resize": False,
        "timeRange": False,
    }


def test_the_rows_fill_the_width_and_none_overlaps(widgets: list[dict[str, Any]]) -> None:
    taken = [
        (x, each["y"]) for each in widgets for x in range(each["x"], each["x"] + each["width"])
    ]
    assert len(taken) == len(set(taken))
    assert len(taken) == 24 * len({each["y"] for each in widgets})
