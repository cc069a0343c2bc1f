"""The cost page's counts equal the templates'."""

from pathlib import Path

import pytest

from firstline.config import fleet_file as profiles
from tests.builders import PROFILE_FILE
from tests.infra.listing import PROFILES, assembled
from tests.infra.made import Made
from tools.cost.cost import MIX
from tools.cost.resource_counts import (
    DASHBOARDS,
    DRILL_DAYS,
    FED_QUEUES,
    KEYS,
    MEMORY_MB,
    SECRETS,
    count_resources,
)
from tools.cost.usage import measure_usage

SCENARIOS = Path(__file__).parents[2] / "events" / "scenarios"


def functions(made: Made) -> dict[str, int]:
    """The memory of each function, by its name."""
    function_properties = (each.properties for each in made.of("AWS::Lambda::Function"))
    return {each["Handler"].split(".")[1]: each["MemorySize"] for each in function_properties}


def alarm_metrics(made: Made) -> int:
    """Return the billed metrics: an expression's metrics each, the expression none."""
    alarms = (each.properties for each in made.of("AWS::CloudWatch::Alarm"))
    return sum(
        sum("MetricStat" in metric for metric in each.get("Metrics", ({"MetricStat": {}},)))
        for each in alarms
    )


def schedules(made: Made) -> list[str]:
    """Return the period of each schedule."""
    return sorted(
        each.properties["ScheduleExpression"] for each in made.of("AWS::Scheduler::Schedule")
    )


@pytest.mark.parametrize("name", PROFILES)
def test_what_is_counted_is_what_is_deployed(name: str, tmp_path: Path) -> None:
    made = assembled(name, tmp_path)
    has = count_resources(profiles.load(PROFILE_FILE.with_name(f"{name}.toml")))
    assert functions(made) == {each: MEMORY_MB[each] for each in has.functions}
    assert alarm_metrics(made) == has.alarm_metrics
    assert len(made.of("AWS::CloudWatch::CompositeAlarm")) == has.composites
    assert len(made.of("AWS::Logs::MetricFilter")) == has.log_metrics
    minutes = ["rate(1 minute)"] * len(has.every_minute)
    assert schedules(made) == ["rate(1 hour)", *minutes, f"rate({DRILL_DAYS} days)"]
    assert len(made.of("AWS::SecretsManager::Secret")) == SECRETS
    assert len(made.of("AWS::KMS::Key")) == KEYS
    assert len(made.of("AWS::CloudWatch::Dashboard")) == DASHBOARDS
    sources = [each.properties for each in made.of("AWS::Lambda::EventSourceMapping")]
    assert sum(":sqs:" in each["EventSourceArn"] for each in sources) == FED_QUEUES
    layers = made.of("AWS::Lambda::LayerVersion")
    assert {tuple(each.properties["CompatibleArchitectures"]) for each in layers} == {("arm64",)}


def test_the_mix_is_of_a_thousand() -> None:
    assert sum(count for count, _ in MIX.values()) == 1000


def test_an_incident_is_counted_with_its_archive() -> None:
    """Each commit is a batch: policy, entries, and a checkpoint that is signed."""
    one = measure_usage(SCENARIOS / "drill.toml")
    batches = [each for each in one.ran if each.function == "archive"]
    assert batches
    assert all(each.calls.count("kms.Sign") == 1 for each in batches)
    assert all(each.calls.count("s3.PutObject") >= 3 for each in batches)
    assert one.archive_bytes > one.ledger_bytes > 0
    assert not any(each.function == "sweep" for each in one.ran)
    reads = {"dynamodb.Query", "dynamodb.GetItem", "cloudwatch.DescribeAlarms"}
    assert set(one.quiet.calls) == reads
