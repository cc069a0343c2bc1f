"""Invalid files: each is one line, the others are read, and the status is 0, 1 or 2."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firstline.cli.event_files import RUNBOOK
from firstline.cli.main import dispatch
from tests.events import ABSENT, EVENTS, body, edited
from tests.strategies import CALM, JSON

OUTAGE = body("healthy-hosts-zero")
LETTER = (EVENTS / "sqs.dead-letter.json").read_bytes()
FAILURE = (EVENTS / "lambda.on-failure.json").read_bytes()
STRANGE: dict[str, Callable[[Path], object]] = {
    "a-folder.json": Path.mkdir,
    "broken-link.json": lambda path: path.symlink_to("nowhere"),
    "deep.json": lambda path: path.write_text("[" * 100_000),
    "empty.json": Path.touch,
    "list.json": lambda path: path.write_text("[1]"),
    "long-number.json": lambda path: path.write_text('{"a": %s}' % ("9" * 5000)),
    "no-json.json": lambda path: path.write_text("# README"),
    "no-utf-8.json": lambda path: path.write_bytes(b'{"a": "\xff"}'),
}
"""Other things in a folder of events, and how to make them."""
READ_ALL = [["classify"], ["backtest", "--policy", str(RUNBOOK)]]
READ_ONE = [
    *(["replay"], ["policy", "explain"], ["report"], ["audit", "list"], ["audit", "verify"]),
    *(["audit", "show", "inc-0"], ["console", "--port", "0"]),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of one event and of everything that is strange."""
    for name, make in STRANGE.items():
        make(tmp_path / name)
    (tmp_path / "outage.json").write_bytes(OUTAGE)
    return tmp_path


@pytest.mark.parametrize("command", READ_ALL, ids=lambda each: each[0])
def test_each_unreadable_file_of_a_folder_is_one_line(
    command: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The valid event is read, and the status says that not all was."""
    assert dispatch([*command, str(folder), "gone.json", "--json"]) == 2
    out, err = capsys.readouterr()
    named = [line.split(": ")[2] for line in err.splitlines()]
    assert sorted(named) == sorted([*(str(folder / each) for each in STRANGE), "gone.json"])
    (output,) = map(json.loads, out.splitlines())
    assert output.get("events", 1) == 1


@pytest.mark.parametrize("command", READ_ALL, ids=lambda each: each[0])
def test_an_empty_folder_is_one_line(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is printed for no event."""
    assert dispatch([*command, str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert f"{tmp_path}: has no .json" in err


def test_a_folder_that_cannot_be_listed_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is gone, or another's, by the time that it is read."""

    def denied(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", denied)
    assert dispatch(["classify", str(tmp_path)]) == 2
    assert capsys.readouterr().err.endswith(f"{tmp_path}: cannot be read: Permission denied\n")


@pytest.mark.parametrize("command", READ_ONE, ids=lambda each: " ".join(each[:2]))
@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_file_is_one_line(
    command: list[str], name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each command that reads one file names it."""
    path = tmp_path / name
    STRANGE[name](path)
    status = dispatch([*command, str(path)])
    out, err = capsys.readouterr()
    if (command[-1], name) == ("list", "empty.json"):  # an export of nothing lists nothing
        assert (status, out, err) == (0, "", "")
    else:
        assert (out + err).count("\n") == 1
        assert status in {1, 2}
        assert str(path) in out + err


def test_an_export_that_is_none_is_one_finding(capsys: pytest.CaptureFixture[str]) -> None:
    """Not one for each of its lines."""
    assert dispatch(["audit", "verify", "README.md"]) == 1
    output = "README.md: is not an export: no line is an entry, a policy or a checkpoint\n"
    assert capsys.readouterr() == (output, "")


@pytest.mark.parametrize("text", ["{}", '{"a": 1}', '{"name": "x", "dependencies": {}}'])
@pytest.mark.parametrize("command", ["replay", "console"])
def test_an_object_that_is_no_event_is_refused(
    command: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A deployment pages for it; on a command line it is the wrong file."""
    path = tmp_path / "package.json"
    path.write_text(text)
    assert dispatch([command, str(path)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert f"{path}: is not an event: give an EventBridge envelope, a dead letter" in err
    assert dispatch(["classify", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["severity"] == "P2"


def wrapped(raw: bytes, body: bytes) -> bytes:
    """The dead letter or failure record *raw* around *body*."""
    if raw == LETTER:
        return edited(raw, {"Records.0.body": body.decode()})
    return edited(raw, {"requestPayload": json.loads(body)})


WITHOUT_ID = edited(OUTAGE, {"id": ABSENT})
WRAPPED = {
    "a dead letter without id": wrapped(LETTER, WITHOUT_ID),
    "a failure record": wrapped(FAILURE, OUTAGE),
    "the failure record of a dead letter": wrapped(FAILURE, LETTER),
}


@pytest.mark.parametrize("raw", WRAPPED.values(), ids=WRAPPED)
def test_an_event_is_replayed_whatever_holds_it(
    raw: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The alarm behind it goes on ringing, until it is OK."""
    path = tmp_path / "event.json"
    path.write_bytes(raw)
    assert dispatch(["replay", str(path), "--json"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["severity"], line["outcome"]) == ("P1", "resolved")


@pytest.mark.parametrize(
    ("year", "name", "outcomes"),
    [
        ("0001", "foreign-account", ["rejected"]),
        # a sweep opens what the event could not: its alarm is in ALARM
        ("0050", "healthy-hosts-zero", ["self-recovered", "resolved"]),
        ("9999", "foreign-account", ["rejected"]),
    ],
)
def test_an_event_of_a_year_that_cannot_be_is_replayed(
    year: str, name: str, outcomes: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it would be today: what is ours is watched, and a person has it in the end."""
    at = {"time": f"{year}-01-01T00:00:00Z", "detail.state.timestamp": f"{year}-01-01T00:00:00Z"}
    path = tmp_path / "event.json"
    path.write_bytes(edited(body(name), dict(at)))
    assert dispatch(["replay", str(path), "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(each)["outcome"] for each in lines] == outcomes


BYTES = st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode())
"""Anything that a file may hold."""
COMMANDS = [*READ_ALL, *READ_ONE[1:-1]]


@settings(CALM, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(BYTES)
def test_no_file_is_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], raw: bytes
) -> None:
    """Each command reports any invalid file in one line."""
    path = tmp_path / "file.json"
    path.write_bytes(raw)
    for command in COMMANDS:
        assert dispatch([*command, str(path)]) in {0, 1, 2}, command
        assert capsys.readouterr().err.count("\n") <= 1, command


@settings(CALM, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(BYTES.filter(lambda raw: b"detail-type" not in raw))
def test_nothing_but_an_event_is_replayed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], raw: bytes
) -> None:
    """One line, and status 2."""
    path = tmp_path / "file.json"
    path.write_bytes(raw)
    for command in ("replay", "console"):
        assert dispatch([command, str(path)]) == 2
        assert capsys.readouterr().err.count("\n") == 1
