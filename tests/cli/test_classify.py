"""``firstline classify`` as a person and as a script meet it."""

import json
from pathlib import Path

import pytest

from firstline.cli.main import dispatch

EVENTS = Path(__file__).parents[2] / "events"
OUTAGE = EVENTS / "cloudwatch.healthy-hosts-zero.json"
ARN = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:vettid-prod-enclave-healthy-hosts"


def test_json_is_one_document_an_event_of_the_stable_shape(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The fields that scripts read, in their order, and nothing else on standard output."""
    assert dispatch(["classify", str(OUTAGE), "--json"]) == 0
    (text,) = capsys.readouterr().out.splitlines()
    line = json.loads(text)
    key = line.pop("key")
    assert key.startswith(f"{ARN}|-|ALARM|")
    assert list(line.items()) == [
        ("file", str(OUTAGE)),
        ("disposition", "incident"),
        ("severity", "P1"),
        ("condition", "complete-outage"),
        ("component", "fleet"),
        ("scope", "VettID-Nitro-EnclaveASG"),
        ("rule", "all vaults inaccessible"),
        ("why", "rule 'all vaults inaccessible' fits the alarm 'healthy-hosts'"),
    ]


def test_what_opens_nothing_has_no_severity(capsys: pytest.CaptureFixture[str]) -> None:
    """Its fields are null."""
    foreign = EVENTS / "cloudwatch.foreign-account.json"
    assert dispatch(["classify", str(foreign), "--json"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert line["disposition"] == "rejected"
    nulls = ("severity", "condition", "component", "scope", "rule")
    assert [line[name] for name in nulls] == [None] * 5


def test_a_folder_is_every_envelope_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the order of their names; what is no .json is left alone."""
    for name in ("b.json", "a.json", "notes.md"):
        (tmp_path / name).write_bytes(OUTAGE.read_bytes())
    assert dispatch(["classify", str(tmp_path), str(OUTAGE), "--json"]) == 0
    lines = [json.loads(each) for each in capsys.readouterr().out.splitlines()]
    assert [each["file"] for each in lines] == [
        str(tmp_path / "a.json"),
        str(tmp_path / "b.json"),
        str(OUTAGE),
    ]


def test_another_home_makes_an_event_foreign(capsys: pytest.CaptureFixture[str]) -> None:
    """The home is an option of the command line."""
    for option, value in (("--account", "999988887777"), ("--region", "eu-west-1")):
        assert dispatch(["classify", str(OUTAGE), option, value, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["disposition"] == "rejected"


def test_text_is_a_table_with_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    """Disposition, severity, condition and file; the reason is below."""
    foreign = EVENTS / "cloudwatch.foreign-account.json"
    assert dispatch(["classify", str(OUTAGE), str(foreign)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "incident  P1  complete-outage  cloudwatch.healthy-hosts-zero.json",
        f"{'':31}rule 'all vaults inaccessible' fits the alarm 'healthy-hosts'",
        "rejected  -   -                cloudwatch.foreign-account.json",
        f"{'':31}the account is 999988887777, not 111122223333",
    ]


BAD_CALLS = [
    ([], "Missing argument 'PATH...'"),
    (["gone.json"], "gone.json: cannot be read"),
    ([str(OUTAGE), "gone.json"], "gone.json: cannot be read"),
    ([str(EVENTS.parent / "functions")], "has no .json in it"),
    ([str(EVENTS / "SOURCES.md")], "is not JSON"),
    ([str(OUTAGE), "--account", "12"], "give the 12 digits"),
    ([str(OUTAGE), "--fleet", "gone.toml"], "gone.toml: cannot be read"),
]


@pytest.mark.parametrize(("arguments", "why"), BAD_CALLS)
def test_a_bad_call_is_one_clear_line(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 2; the readable files are still printed."""
    assert dispatch(["classify", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (bool(out), err.count("\n")) == (arguments == [str(OUTAGE), "gone.json"], 1)
    assert why in err
