"""``firstline policy`` as a person and as a script meet it."""

import json
from pathlib import Path

import pytest

from firstline.cli.event_files import RUNBOOK
from firstline.cli.main import dispatch
from firstline.config import fleet_file
from firstline.ids import digest
from tests.builders import deployable
from tests.config.test_profile import SMALL

EVENTS = Path(__file__).parents[2] / "events"
OUTAGE = EVENTS / "cloudwatch.healthy-hosts-zero.json"
ZONE_RULE = """
[[rules]]
name = "one zone"
source = "cloudwatch.alarm"
subject = "healthy-hosts"
when = { Zone = { prefix = "us-" } }
condition = "capacity"
severity = "P3"
component = "fleet"
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A whole profile, and how it is deployed."""
    path = tmp_path / "small.toml"
    path.write_text(deployable(SMALL.read_text()))
    return path


def test_what_keeps_a_file_from_its_account_is_reported_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The example's host, and an alarm that CloudWatch would refuse."""
    path = tmp_path / "my.toml"
    text = RUNBOOK.read_text().replace('group = "VettID-Nitro-EnclaveASG"', 'group = "vaults"')
    path.write_text(text.replace("period_seconds = 60", "period_seconds = 61", 1))
    assert dispatch(["policy", "check", str(path)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert any("deployment.team_email: team@example.com is the shipped" in it for it in lines)
    assert any("probe.health.host: api.example.com is the shipped example's" in it for it in lines)
    assert lines[-1].endswith(
        "'backlog-pending': period_seconds must be 10, 20, 30 or a multiple of 60"
    )


def test_each_fault_is_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the policy and of the deployment; a line break in one is none on the terminal."""
    path = tmp_path / "my\nfleet.toml"
    path.write_text(f"{SMALL.read_text()}\n[deployment]\nmode = 'watch'\nemail = 'x'\n")
    assert dispatch(["policy", "check", str(path)]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("firstline: policy: ")
    assert "deployment.mode: is 'watch': use one of dry-run, enforce" in first
    assert "deployment.email: is not a key here: did you mean" in second


def test_a_profile_that_holds_together_is_counted(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, status 0."""
    assert dispatch(["policy", "check", str(small)]) == 0
    counts = "4 alarms, 2 rules, 2 ladders, 1 action"
    assert capsys.readouterr().out == f"{small}: is consistent: {counts}\n"


def test_the_counts_as_json(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the digest that ledger entries name."""
    assert dispatch(["policy", "check", str(small), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "file": str(small),
        "name": "runbook",
        "digest": digest(fleet_file.read(small)),
        "alarms": 4,
        "rules": 2,
        "ladders": 2,
        "actions": 1,
    }


def test_a_refused_profile_is_one_located_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """File, line, key and what to mend; status 2, and nothing on standard output."""
    path = tmp_path / "my.toml"
    text = (
        fleet_file.read(RUNBOOK)
        .decode()
        .replace("cooldown_seconds = 60", 'cooldown_seconds = "60"')
    )
    path.write_text(text)
    line = text[: text.index("cooldown_seconds")].count("\n") + 1
    assert dispatch(["policy", "check", str(path)]) == 2
    out, err = capsys.readouterr()
    where = f"{path}:{line}: policy.cooldown_seconds"
    assert (out, err) == ("", f"firstline: policy: {where}: is '60': give a whole number\n")


def test_an_event_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """Which rule matched, what follows from it, and why each other rule did not."""
    assert dispatch(["policy", "explain", str(OUTAGE), "--fleet", str(SMALL)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "disposition  incident",
        "why          rule 'all vaults inaccessible' fits the alarm 'healthy-hosts'",
        "severity     P1",
        "condition    complete-outage",
        "component    fleet",
        "scope        VettID-Nitro-EnclaveASG",
        "rule         all vaults inaccessible",
        "not          'some hosts do not answer': it is for cloudwatch.alarm 'unhealthy-hosts'",
    ]


@pytest.mark.parametrize(
    ("first", "why"),
    [(True, "Zone does not begin with 'us-'"), (False, "an earlier rule fits")],
    ids=["before", "after"],
)
def test_each_miss_has_its_reason(
    first: object, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rule of the same alarm missed, or an earlier one matched."""
    text, path = fleet_file.read(RUNBOOK).decode(), tmp_path / "my.toml"
    there = text.index("[[rules]]")
    general = 'name = "all vaults inaccessible"\n'
    if first:
        path.write_text(text[:there] + ZONE_RULE + text[there:])
    else:
        metric = 'when = { metric = "HealthyHostCount" }\n'
        path.write_text(text.replace(general, general + metric) + ZONE_RULE)
    assert dispatch(["policy", "explain", str(OUTAGE), "--fleet", str(path), "--json"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert line["rule"] == "all vaults inaccessible"
    assert {"rule": "one zone", "why": why} in line["misses"]


def test_an_event_that_no_rule_is_for_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """As JSON: nulls where nothing is known, and every rule among the misses."""
    event = EVENTS / "custom.forged-source.json"
    assert dispatch(["policy", "explain", str(event), "--fleet", str(SMALL), "--json"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["disposition"], line["rule"], line["severity"]) == ("rejected", None, None)
    assert [each["rule"] for each in line["misses"]] == [
        "all vaults inaccessible",
        "some hosts do not answer",
    ]


BAD_CALLS = [
    (["check"], "Missing argument 'FILE'"),
    (["check", "gone.toml"], "gone.toml: cannot be read"),
    (["explain", "gone.json"], "gone.json: cannot be read"),
    (["explain", str(RUNBOOK)], "is not JSON"),
    (["explain", str(OUTAGE), "--fleet", "gone.toml"], "gone.toml: cannot be read"),
    (["chek"], "No such command"),
]


@pytest.mark.parametrize(("arguments", "why"), BAD_CALLS)
def test_a_bad_call_is_one_clear_line(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 2, nothing on standard output."""
    assert dispatch(["policy", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert why in err
