"""The dashboard: it shows what is emitted, of this fleet alone, and every alarm that there is."""

import ast
import json
import operator
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import jsonschema
import pytest

from firstline.config.profile import Profile
from firstline.controller import metrics as measures
from firstline.monitoring import nats_probe as probe
from tests.infra.made import Made

BY = {
    measures.OPENED: {"severity"},
    measures.ENDED: {"outcome"},
    measures.FIXES: {"action"},
    measures.FIXES_FAILED: {"action"},
    measures.DENIALS: {"guard"},
    "Probe": {"outcome"},
}
"""The dimensions besides the fleet's; the other metrics have none."""
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
    """By dimensions; an unshown or misspelt measure fails."""
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


def computed(expression: str, values: dict[str, float]) -> float | None:
    """Return CloudWatch's values of one hour: none without data, or for a divisor of 0."""
    try:
        return _value(ast.parse(expression, mode="eval").body, values)
    except (KeyError, ZeroDivisionError):
        return None


OPERATORS = {
    ast.Add: operator.add,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def _value(node: ast.expr, values: dict[str, float]) -> float:
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.Name(id=name):
            return values[name]
        case ast.BinOp(left=left, op=op, right=right):
            return float(OPERATORS[type(op)](_value(left, values), _value(right, values)))
        case ast.Call(func=ast.Name(id="FILL"), args=[ast.Name(id=name), ast.Constant(value=0)]):
            return values.get(name, 0)
        case _:
            raise AssertionError(ast.dump(node))


class Mathed(NamedTuple):
    """An expression on the dashboard, and the statistic of each metric that it reads, by id."""

    expression: str
    reads: dict[str, str]


def expressions(widgets: list[dict[str, Any]]) -> dict[str, Mathed]:
    """Return the expressions by label."""
    found = {}
    for each in widgets:
        rows = each["properties"].get("metrics", ())
        reads = {
            row[-1]["id"]: (row[1], row[-1].get("stat", "Average"))
            for row in rows
            if isinstance(row[0], str) and isinstance(row[-1], dict) and "id" in row[-1]
        }
        for row in rows:
            if not isinstance(row[0], str) and not row[0]["expression"].startswith("SEARCH"):
                metrics_ = {name: f"{stat} {metric}" for name, (metric, stat) in reads.items()}
                found[row[0]["label"]] = Mathed(row[0]["expression"], metrics_)
    return found


@pytest.mark.parametrize(
    ("label", "values", "expected"),
    [
        (
            "Incidents fixed without a person, percent of those that needed a fix",
            {"alone": 0.75},
            75,
        ),
        ("Incidents fixed without a person, percent of those that needed a fix", {"alone": 0}, 0),
        ("Incidents fixed without a person, percent of those that needed a fix", {}, None),
        ("AWS calls for an incident", {"calls": 90, "p1": 2, "p4": 1}, 30),
        ("AWS calls for an incident", {"calls": 90}, None),
        ("AWS calls for an incident", {"p2": 1}, None),
        ("dollars of AWS calls for an incident", {"cost": 6_000_000_000, "p2": 2, "p3": 1}, 2),
    ],
)
def test_what_is_computed(
    widgets: list[dict[str, Any]], label: str, values: dict[str, float], expected: float | None
) -> None:
    """An hour without an incident has no value, and never a false one."""
    math = expressions(widgets)[label]
    assert values.keys() <= math.reads.keys()
    assert computed(math.expression, values) == expected


def test_each_expression_reads_what_it_is_called_for(widgets: list[dict[str, Any]]) -> None:
    """The share is an average of noughts and ones; the rest are sums."""
    found = expressions(widgets)
    opened = dict.fromkeys(("p1", "p2", "p3", "p4"), f"Sum {measures.OPENED}")
    costs = {"calls": f"Sum {measures.CALLS}", "cost": f"Sum {measures.CALLS_COST}"}
    assert {label: each.reads for label, each in found.items()} == {
        ("Incidents fixed without a person, percent of those that needed a fix"): {
            "alone": f"Average {measures.RESOLVED_ALONE}"
        },
        "AWS calls for an incident": opened | costs,
        "dollars of AWS calls for an incident": opened | costs,
    }


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
