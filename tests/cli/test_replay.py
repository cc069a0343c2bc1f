"""``firstline replay`` as a person and as a script meet it."""

import json
from pathlib import Path

import pytest

from firstline.cli.main import dispatch

EVENTS = Path(__file__).parents[2] / "events"
OUTAGE = EVENTS / "cloudwatch.healthy-hosts-zero.json"

BAD_INPUT = [
    (b'{"version": "0", "id": ', "is not JSON"),
    (b"", "is not JSON"),
    (b"\xff\xfe\x00", "is not JSON"),
    (b"[1, 2]", "is not a JSON object"),
    (b"[" * 100_000, "is not JSON"),
]


@pytest.mark.parametrize(("content", "why"), BAD_INPUT)
def test_an_unreadable_event_is_one_clear_line(
    content: bytes, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing on standard output, one line that names the file and what is wrong, status 2."""
    path = tmp_path / "event.json"
    path.write_bytes(content)
    assert dispatch(["replay", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert why in err
    assert str(path) in err


BAD_SCENARIOS = [
    ("", "missing required field `name`"),
    ('name = "x"', "has no events"),
    ('name = "x"\nstorry = "y"', "unknown field `storry`"),
    ('name = "x"\n[[events]]\nfile = "gone.json"', "cannot be read"),
    ('name = "x"\n[[faults]]\ndependency = "moon"\nuntil_seconds = 1', "Invalid enum value"),
    ("name = ", "is not TOML"),
]


@pytest.mark.parametrize(("content", "why"), BAD_SCENARIOS)
def test_a_bad_scenario_is_one_clear_line(
    content: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 2, and a line with the remedy."""
    path = tmp_path / "scenario.toml"
    path.write_text(content)
    assert dispatch(["replay", str(path)]) == 2
    err = capsys.readouterr().err
    assert why in err
    assert err.count("\n") == 1


def test_a_bad_profile_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The operator's file is named."""
    profile = tmp_path / "mine.toml"
    profile.write_text("name = 3")
    assert dispatch(["replay", str(OUTAGE), "--fleet", str(profile)]) == 2
    assert str(profile) in capsys.readouterr().err


BAD_CALLS = [
    ([], "Missing argument 'PATH'"),
    ([str(OUTAGE), "extra"], "unexpected extra argument"),
    ([str(OUTAGE), "--bogus"], "No such option: --bogus"),
    ([str(OUTAGE), "--account", "12"], "give the 12 digits"),
    ([str(OUTAGE), "--world", "gone.toml"], "gone.toml: cannot be read"),
    ([str(OUTAGE), "--export", "gone/ledger"], "gone/ledger: cannot be written"),
    ([str(EVENTS)], "cannot be read"),
]


@pytest.mark.parametrize(("arguments", "why"), BAD_CALLS)
def test_a_bad_call_is_one_clear_line(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 2, nothing on standard output."""
    assert dispatch(["replay", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert why in err


def test_json_is_one_document_of_the_stable_shape(capsys: pytest.CaptureFixture[str]) -> None:
    """The complete outage: nothing else on standard output, and the fields that scripts read."""
    assert dispatch(["replay", str(OUTAGE), "--json"]) == 0
    (text,) = capsys.readouterr().out.splitlines()
    line = json.loads(text)
    assert list(line) == [
        "incident",
        "severity",
        "condition",
        "disposition",
        "outcome",
        "pages",
        "updates",
        "actions",
        "denials",
        "entries",
        "ledger_head",
        "virtual_seconds",
    ]
    assert (line["severity"], line["condition"]) == ("P1", "complete-outage")
    assert (line["disposition"], line["outcome"]) == ("incident", "resolved")
    trigger, resolve = line["pages"]
    assert (trigger["event_action"], trigger["severity"]) == ("trigger", "critical")
    assert trigger["at_seconds"] == 0
    assert trigger["dedup_key"] == resolve["dedup_key"] == line["incident"]
    assert "routing_key" not in trigger["body"]
    fixes = [each for each in line["actions"] if each["kind"] == "fix"]
    assert [each["outcome"] for each in fixes] == ["done"] * 3
    assert len({each["target"] for each in fixes}) == 3


ENDINGS = [
    ("cloudwatch.healthy-hosts-zero.json", "resolved"),
    ("cloudwatch.unhealthy-hosts.json", "resolved"),
    ("cloudwatch.healthy-hosts-ok.json", "ignored"),
    ("cloudwatch.first-evaluation-without-data.json", "ignored"),
    ("cloudwatch.foreign-account.json", "rejected"),
    ("custom.forged-source.json", "rejected"),
    ("cloudwatch.replayed-from-archive.json", "recorded"),
    ("cloudwatch.muted.json", "recorded"),
    ("cloudwatch.no-state-value.json", "escalated"),
    ("cloudwatch.unlisted-http-api-5xx.json", "escalated"),
]


@pytest.mark.parametrize(("name", "outcome"), ENDINGS)
def test_each_event_of_the_corpus_ends(
    name: str, outcome: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only an incident has pages or actions; what is not understood pages and is never fixed."""
    assert dispatch(["replay", str(EVENTS / name), "--json"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert line["outcome"] == outcome
    assert bool(line["pages"]) is (line["disposition"] == "incident")
    if outcome != "resolved":
        assert [each for each in line["actions"] if each["kind"] == "fix"] == []


def test_text_ends_with_the_outcome_and_is_plain_in_a_pipe(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The last line is the outcome; no colour codes reach a pipe."""
    assert dispatch(["replay", str(EVENTS / "scenarios" / "one-dead-host.toml")]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1].startswith("resolved after ")
    assert "\x1b" not in out
    assert "restart_enclave on i-0a1b2c3d4e5f60712" in out


def test_no_word_of_an_event_steers_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even one of another account, whose detail type is printed as it came."""
    path = tmp_path / "foreign.json"
    event = json.loads((EVENTS / "cloudwatch.foreign-account.json").read_text())
    path.write_text(json.dumps(event | {"detail-type": "\x1b[2Jgone\r"}))
    assert dispatch(["replay", str(path)]) == 0
    out = capsys.readouterr().out
    assert "gone" in out
    assert "\x1b" not in out
    assert "\r" not in out


def test_another_ending_than_the_expected_one_is_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A scenario is a check: it reports where the ending differs."""
    path = tmp_path / "wrong.toml"
    event = EVENTS / "cloudwatch.healthy-hosts-ok.json"
    path.write_text(
        f'name = "wrong"\n[[events]]\nfile = "{event}"\n[expect]\noutcome = "resolved"\n'
    )
    assert dispatch(["replay", str(path)]) == 1
    assert "outcome: expected resolved, was ignored" in capsys.readouterr().err


@pytest.mark.parametrize(("since", "status"), [(0, 1), (60, 0), (120, 0), (121, 1)])
def test_a_first_page_at_another_time_is_status_1(
    since: int, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Too soon, or more than a minute later; here a sweep pages after two minutes."""
    scenario = tmp_path / "late.toml"
    lost = 'alarm = "healthy-hosts"\nat_seconds = 30\nlost = true'
    expected = f'outcome = "resolved"\npaged_from_seconds = {since}'
    world = 'id = "i-0a1b2c3d4e5f60711"'
    scenario.write_text(
        f'name = "late"\nlasts_seconds = 200\n[[hosts]]\n{world}\n[[events]]\n{lost}\n'
        f"[expect]\n{expected}\n"
    )
    assert dispatch(["replay", str(scenario)]) == status
    line = f"paged_from_seconds: expected {since}, was 120"
    assert (line in capsys.readouterr().err) == (status == 1)


def test_another_world_and_another_home(capsys: pytest.CaptureFixture[str]) -> None:
    """--world gives the hosts of a scenario to an event; --account makes the event foreign."""
    world = str(EVENTS / "scenarios" / "healthy-world.toml")
    assert dispatch(["replay", str(OUTAGE), "--world", world, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["outcome"] == "self-recovered"
    assert dispatch(["replay", str(OUTAGE), "--account", "999988887777", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["outcome"] == "rejected"
