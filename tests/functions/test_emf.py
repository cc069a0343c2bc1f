"""The output of the functions: metrics, and the lines of their log."""

import json

import pytest
from aws_lambda_powertools.metrics import MetricValueError

from firstline.monitoring.metric import Metric
from functions.emf import emit
from functions.log import logger


def test_what_a_fault_left_is_in_no_later_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A value that is no number ends one line's making; the next holds its own metrics alone."""
    by = (("severity", "P1"),)
    with pytest.raises(MetricValueError):
        emit("vettid", (Metric("Good", 1, "Count", by), Metric("Bad", "x", "Count", by)), ["i"])  # type: ignore[arg-type]
    emit("vettid", (Metric("Later", 2, "Seconds"),))
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["service"]]
    assert directive["Metrics"] == [{"Name": "Later", "Unit": "Seconds"}]
    assert (line["service"], line["Later"]) == ("vettid", [2.0])
    assert "incident" not in line


def test_a_line_of_the_log_holds_what_json_does_not_know(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is written as text, and no line is lost."""
    logger().info("told", why=ValueError("a fault"))
    formatter = logger().registered_formatter
    assert json.loads(formatter.format(caplog.records[-1]))["why"] == "a fault"
