"""``firstline backtest``: differences as text and JSON, and statuses for a pipeline."""

import hashlib
import json
from pathlib import Path

import pytest

import firstline
from firstline.cli.main import dispatch
from firstline.cli.output.progress import bar
from firstline.config import fleet_file

RUNBOOK = Path(firstline.__file__).parent / "profiles" / "runbook.toml"
VETTID = RUNBOOK.with_name("vettid.toml")
OUTAGE = "events/cloudwatch.healthy-hosts-zero.json"


@pytest.fixture(scope="module")
def stricter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped policy with one attempt for each host."""
    path = tmp_path_factory.mktemp("policy") / "stricter.toml"
    text = fleet_file.read(RUNBOOK).decode()
    path.write_text(text.replace("attempts_per_target_max = 2", "attempts_per_target_max = 1"))
    return path


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ledger of a run in which restarts do not help."""
    path = tmp_path_factory.mktemp("export") / "run.jsonl"
    assert dispatch(["simulate", "--seed", "2", "--export", str(path)]) == 0
    return path


def test_the_same_policy_gives_an_empty_difference(capsys: pytest.CaptureFixture[str]) -> None:
    """Over the whole corpus; nothing is to fail on."""
    call = ["backtest", "--policy", str(RUNBOOK), "events", "--json", "--fail-on", "any"]
    assert dispatch(call) == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["changed"], line["decisions"]) == (0, [])
    assert line["events"] == len(list(Path("events").glob("*.json")))
    assert line["pages"] == line["fixes"] == {"gained": 0, "lost": 0}


def test_the_shipped_profiles_part_over_the_corpus(capsys: pytest.CaptureFixture[str]) -> None:
    """Each flip has both sides, and the rule."""
    assert dispatch(["backtest", "--policy", str(VETTID), "events", "--json"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert line["changed"] == len(line["decisions"]) > 0
    first = next(each for each in line["decisions"] if each["sort"] == "signal")
    assert set(first) == {"sort", "where", "incident", "at", "from", "to", "why"}
    assert first["from"] != first["to"]
    assert Path(first["where"]).is_file()


def test_a_recorded_incident_is_compared_with_its_policy(
    export: Path, stricter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The guard that would have stopped it is named, and that the rest is not known."""
    assert dispatch(["backtest", "--policy", str(stricter), str(export)]) == 0
    output = capsys.readouterr().out
    assert "attempts_are_left" in output or "fix-changed" in output
    assert "diverged from their record: their later events are unknown" in output


def test_a_kind_of_flip_fails_a_pipeline(
    export: Path, stricter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only the kinds that were named."""
    call = ["backtest", "--policy", str(stricter), str(export)]
    assert dispatch([*call, "--fail-on", "page-lost"]) == 0
    assert dispatch([*call, "--fail-on", "page-lost", "--fail-on", "any"]) == 1
    capsys.readouterr()


def test_a_stream_is_read_a_line_at_a_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line that is no JSON is an unclassified event, as in production."""
    body = json.dumps(json.loads(Path(OUTAGE).read_bytes()))
    path = tmp_path / "events.jsonl"
    path.write_text(f"{body}\n{body}\nnot json\n")
    assert dispatch(["backtest", "--policy", str(VETTID), str(path), "--json"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert line["events"] == 3
    assert line["decisions"][0]["where"] == f"{path}:1"


def test_deployed_alarms_go_by_their_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The stack's alarms have names that CloudFormation made."""
    event = json.loads(Path(OUTAGE).read_bytes())
    arn = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:stack-HealthyHosts-1A2B"
    event["detail"]["alarmName"], event["resources"] = "stack-HealthyHosts-1A2B", [arn]
    path, names = tmp_path / "event.json", tmp_path / "alarms.json"
    path.write_text(json.dumps(event))
    names.write_text(json.dumps({arn: "healthy-hosts"}))
    call = ["backtest", "--policy", str(VETTID), "--against", str(RUNBOOK), str(path), "--json"]
    assert dispatch([*call, "--alarms", str(names)]) == 0
    (flip, *_) = json.loads(capsys.readouterr().out)["decisions"]
    assert flip["from"]["condition"] == "complete-outage"
    names.write_text("[]")
    assert dispatch([*call, "--alarms", str(names)]) == 2
    assert "is not a JSON object of ARNs to names" in capsys.readouterr().err


BAD = [
    (["--policy", "gone.toml", OUTAGE], "gone.toml"),
    (["--policy", str(RUNBOOK), "gone.json"], "gone.json: cannot be read"),
    (["--policy", str(RUNBOOK), "infra"], "infra: has no .json or .jsonl in it"),
    (["--policy", str(RUNBOOK), OUTAGE, "--fail-on", "luck"], "--fail-on luck: give any of"),
    (["--policy", str(RUNBOOK)], "Missing argument"),
]


@pytest.mark.parametrize(("arguments", "why"), BAD)
def test_a_bad_call_is_one_clear_line(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And status 2."""
    assert dispatch(["backtest", *arguments]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert why in captured.err


def test_two_recorded_policies_must_be_chosen_from(
    export: Path, stricter: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The old one is not guessed."""
    policy = json.dumps({"policy": _digest(stricter), "text": stricter.read_text()})
    both = tmp_path / "both.jsonl"
    both.write_text(f"{export.read_text()}{policy}\n")
    assert dispatch(["backtest", "--policy", str(RUNBOOK), str(both)]) == 2
    assert "2 policies are recorded: name one by --against" in capsys.readouterr().err


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


BARS = {0: "[........................]   0%", 0.5: "[############............]  50%"}


@pytest.mark.parametrize("share", BARS)
def test_a_bar_says_how_far_it_is(share: float) -> None:
    """Of one width, whatever the share."""
    assert bar(share) == BARS[share]
    assert bar(1) == f"[{'#' * 24}] 100%"
