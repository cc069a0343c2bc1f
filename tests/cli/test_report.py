"""``firstline report`` as a person and as a script meet it."""

import json
from pathlib import Path

import pytest
from icalendar import Calendar

from firstline.cli import report as reporting
from firstline.cli.main import dispatch
from firstline.config import fleet_file
from firstline.ledger.export import entry_line, policy_line
from firstline.remediation.kill_switch import CHAIN
from tests.builders import PROFILE_FILE
from tests.reporting.chains import chain, decision, opening, outage

SCENARIOS = Path(__file__).parents[2] / "events" / "scenarios"


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the page and the ledger of one replay."""
    folder = tmp_path_factory.mktemp("report")
    files = ["--html", str(folder / "page.html"), "--export", str(folder / "ledger.jsonl")]
    assert dispatch(["replay", str(SCENARIOS / "one-dead-host.toml"), *files]) == 0
    return folder


@pytest.fixture(scope="module")
def export(replayed: Path) -> str:
    """The ledger of one replay."""
    return str(replayed / "ledger.jsonl")


def test_a_replay_writes_the_page_of_what_it_did(
    replayed: Path, export: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same as the report of its ledger; its path is printed."""
    again = replayed / "again.html"
    assert dispatch(["report", export, "--html", str(again)]) == 0
    assert capsys.readouterr().err == f"{again}: written\n"
    assert again.read_text() == (replayed / "page.html").read_text()
    assert "resolved after" in again.read_text()


def test_an_export_that_is_replayed_has_its_page_too(
    replayed: Path, export: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same as of the replay that wrote it."""
    again = replayed / "third.html"
    assert dispatch(["replay", export, "--html", str(again)]) == 0
    assert f"{again}: written\n" in capsys.readouterr().err
    assert again.read_text() == (replayed / "page.html").read_text()


MIXED = [
    ([], "no input: name an EXPORT"),
    (["--since", "7d", "--html", "x.html"], "--since reports across incidents"),
    (["--since", "7d", "--incident", "inc-1"], "--since reports across incidents"),
    (["EXPORT", "--until", "7d"], "--until requires --since"),
]


@pytest.mark.parametrize(("arguments", "why"), MIXED)
def test_one_incident_or_a_time(
    arguments: list[str], why: str, export: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One command, two questions, and no mixture of both."""
    given = [export if each == "EXPORT" else each for each in arguments]
    assert dispatch(["report", *given]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert why in err


def test_it_is_printed_on_the_terminal(export: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The title, the figures, the timeline, and what follows."""
    assert dispatch(["report", export]) == 0
    out = capsys.readouterr().out
    for text in ("P2 enclave-down: resolved", "First page", "helped", "Next steps", "R43"):
        assert text in out


def test_a_script_gets_one_document_an_incident(
    export: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing else on standard output."""
    assert dispatch(["report", export, "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    output = json.loads(line)
    assert (output["severity"], output["outcome"]) == ("P2", "resolved")
    assert output["moments"][0]["word"] == "receives"


def test_files_are_written_and_nothing_is_printed(
    replayed: Path, export: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Markdown for a ticket, and a meeting that a calendar takes."""
    markdown, ics = replayed / "report.md", replayed / "meeting.ics"
    assert dispatch(["report", export, "--markdown", str(markdown), "--ics", str(ics)]) == 0
    assert capsys.readouterr().out == ""
    assert markdown.read_text().startswith("# P2 enclave-down: resolved after")
    (event,) = Calendar.from_ical(ics.read_bytes()).walk("VEVENT")
    assert "Post-mortem: P2 enclave-down" in str(event["SUMMARY"])


def made(path: Path, *lines: bytes) -> str:
    """An export of these lines."""
    path.write_bytes(b"".join(lines))
    return str(path)


def several(number: int) -> list[bytes]:
    """The openings of so many incidents, each in a chain of its own."""
    bodies = (entry_line(each) for each in chain(opening()))
    return [
        line.replace(b"inc-0123456789abcdef0123", b"inc-%020x" % count)
        for line in bodies
        for count in range(number)
    ]


POLICY = policy_line(fleet_file.read(PROFILE_FILE).decode())
P3 = [entry_line(each) for each in chain(opening(severity="P3"), decision(9, "close"))]
MISTAKES = [
    ([b"{}\n"], [], "line 1 is neither an entry"),
    ([POLICY], [], "contains no entry of an incident"),
    (several(1), ["--incident", "inc-x"], "contains no incident 'inc-x'"),
    (several(reporting.INCIDENTS_MAX + 1), [], "name one with --incident"),
    (P3, ["--ics", "OUT"], "only a P1 or P2"),
]


@pytest.mark.parametrize(("lines", "options", "why"), MISTAKES)
def test_a_mistake_is_one_clear_line(
    lines: list[bytes],
    options: list[str],
    why: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Status 2, and the file's name where it is the file's."""
    given = [each.replace("OUT", str(tmp_path / "out")) for each in options]
    assert dispatch(["report", made(tmp_path / "e.jsonl", *lines), *given]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert why in err
    assert not (tmp_path / "out").exists()


def test_an_export_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    """As any file."""
    assert dispatch(["report", "nowhere.jsonl"]) == 2
    assert "nowhere.jsonl: cannot be read" in capsys.readouterr().err


def test_an_invitation_is_to_one_meeting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of two incidents one must be named."""
    lines = (
        line.replace(b'"policy":"' + b"p" * 64, b'"policy":"' + POLICY[11:75])
        for line in several(2)
    )
    export = made(tmp_path / "e.jsonl", *lines, POLICY)
    assert dispatch(["report", export, "--ics", str(tmp_path / "x.ics")]) == 2
    assert "give --incident" in capsys.readouterr().err
    one = ["--incident", f"inc-{1:020x}", "--ics", str(tmp_path / "x.ics")]
    assert dispatch(["report", export, *one]) == 0


def test_signals_without_an_incident_are_reported_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is left out if there is an incident; the kill switch's chain always is."""
    noted = [entry_line(each) for each in chain(opening(disposition="ignored"))]
    control = noted[0].replace(b"inc-0123456789abcdef0123", CHAIN.encode())
    assert dispatch(["report", made(tmp_path / "e.jsonl", *noted, control), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["outcome"] == "ignored"
    both = made(tmp_path / "e.jsonl", *noted, control, *several(1))
    assert dispatch(["report", both, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["outcome"] == "open"


def test_a_policy_of_another_version_is_left_out(tmp_path: Path) -> None:
    """The report stands without it."""
    text = "nothing = 1"
    old = policy_line(text)
    lines = (entry_line(each).replace(b"p" * 64, old[11:75]) for each in chain(*outage()))
    (report,) = reporting.reports_of(Path(made(tmp_path / "e.jsonl", *lines, old)))
    assert (report.outcome, report.meeting) == ("resolved", None)


def test_a_replay_of_which_nothing_was_recorded_has_no_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is an error, and no file is written."""
    page = tmp_path / "page.html"
    assert dispatch(["replay", str(SCENARIOS / "store-down.toml"), "--html", str(page)]) == 2
    assert "no incident was recorded" in capsys.readouterr().err
    assert not page.exists()


def test_the_whole_of_an_outage_is_one_chain(tmp_path: Path) -> None:
    """Read from the file as it was written."""
    lines = (entry_line(each) for each in chain(*outage()))
    (report,) = reporting.reports_of(Path(made(tmp_path / "e.jsonl", *lines)))
    assert report.entries == len(outage())
