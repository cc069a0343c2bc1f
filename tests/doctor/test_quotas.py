"""AWS's limits on a profile are checked by `policy check` and by `synth`."""

from pathlib import Path

import pytest

from firstline.cli.main import dispatch
from firstline.config import fleet_file
from firstline.doctor import quotas
from firstline.errors import InvalidInput
from tests.builders import deployable
from tests.config.test_profile import TEXT as SMALL

ALARM = """
[[alarms.made]]
name = "{name}"
namespace = "AWS/ApplicationELB"
metric = "HealthyHostCount"
dimensions = {{}}
statistic = "Minimum"
comparison = "<"
threshold = 1
unit = "count"
period_seconds = {period}
evaluation_periods = {periods}
missing_data = "breaching"

[[rules]]
name = "of {name}"
source = "cloudwatch.alarm"
subject = "{name}"
condition = "capacity"
severity = "P3"
component = "fleet"
"""
EXTERNAL = """
[[alarms.external]]
name = "{name}"
known_as = "healthy-hosts"
"""
MANY_MADE = "".join(ALARM.format(name=f"alarm-{n}", period=60, periods=3) for n in range(20))
MANY_EXTERNAL = "".join(EXTERNAL.format(name=f"{n:0>60}") for n in range(16))
MINOR = EXTERNAL.replace("healthy-hosts", "unhealthy-hosts")
MANY_ESCAPED = "".join(MINOR.format(name=f"{n:0>30}" + '\\"' * 50) for n in range(9))
DIMENSIONS = ", ".join(f'D{n} = "x"' for n in range(31))
MANY_DIMENSIONS = ALARM.format(name="wide", period=60, periods=3).replace(
    "dimensions = {}", f"dimensions = {{ {DIMENSIONS} }}"
)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (ALARM.format(name="odd", period=45, periods=3), "'odd': period_seconds must be 10, 20"),
        (ALARM.format(name="long", period=300, periods=300), "'long': period_seconds times"),
        (MANY_MADE, "22 alarms do not fit into a function's environment"),
        (MANY_EXTERNAL, "18 names do not fit into one event pattern"),
        (MANY_ESCAPED, "11 names do not fit into one event pattern"),
        (EXTERNAL.format(name='a \\"b\\"'), "the rule of its backstop cannot quote it"),
        (EXTERNAL.format(name="a\\\\b"), "the rule of its backstop cannot quote it"),
        (MANY_DIMENSIONS, "'wide': it has more than 30 dimensions"),
    ],
    ids=[
        "odd-period",
        "too-long",
        "too-many-made",
        "too-many-external",
        "too-much-escaped",
        "quoted",
        "escaped",
        "too-many-dimensions",
    ],
)
def test_a_profile_that_cannot_be_deployed_is_refused(
    tmp_path: Path, more: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """CloudFormation's later refusals are found before, also by `policy check`."""
    path = tmp_path / "fleet.toml"
    path.write_text(deployable(SMALL + more))
    with pytest.raises(InvalidInput, match=says) as refused:
        quotas.check(fleet_file.load(path), path)
    assert str(refused.value).startswith(str(path))
    assert "\n" not in str(refused.value)
    assert dispatch(["policy", "check", str(path)]) == 2
    assert capsys.readouterr().err == f"firstline: policy: {refused.value}\n"


def test_a_minor_alarm_may_have_any_name(tmp_path: Path) -> None:
    """Only a P1 has a backstop, whose rule must quote it."""
    path = tmp_path / "fleet.toml"
    path.write_text(deployable(SMALL + MINOR.format(name='a \\"b\\"')))
    profile = fleet_file.load(path)
    quotas.check(profile, path)
    assert profile.external('a "b"') == "unhealthy-hosts"


@pytest.mark.parametrize(("period", "periods"), [(10, 6), (60, 1440), (3600, 168)])
def test_a_profile_within_the_quotas_is_taken(tmp_path: Path, period: int, periods: int) -> None:
    """The widest that CloudWatch takes."""
    path = tmp_path / "fleet.toml"
    path.write_text(deployable(SMALL + ALARM.format(name="wide", period=period, periods=periods)))
    profile = fleet_file.load(path)
    quotas.check(profile, path)
    assert "wide" in [each.name for each in profile.alarms.made]
