"""``firstline audit list`` and ``show`` on exports: their output, and their memory."""

import json
import re
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from firstline.cli.analysis.selection import summaries
from firstline.cli.main import dispatch
from firstline.ids import IncidentId
from firstline.ledger.chain import Chain, Data, Kind, append
from firstline.ledger.export import DecodedEntry, decode_entry
from tests.builders import BY, ID, NOW, OTHER, A
from tests.cli.exports import written
from tests.reporting.ledgers import Said, chain, closed, decided, fixed, heard

SCENARIOS = Path(__file__).parents[2] / "events" / "scenarios"
NAMES = ("approved", "alarm-ok", "two-troubles-at-once")


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Return two incidents, a day apart: one resolved, one handed over."""
    mended = chain(heard(severity="P2"), *fixed(5, "a"), closed(90))
    given = chain(
        heard(condition="capacity"), decided("escalate", 60, "kms_is_calm"), incident=OTHER, days=1
    )
    noted = chain(heard(disposition="ignored"), incident=IncidentId("inc-noted"))
    return written(tmp_path / "ledger.jsonl", mended, given, noted)


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert dispatch(["audit", "list", *arguments, "--json"]) == 0
    return [json.loads(each) for each in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("name", NAMES)
def test_the_list_says_what_the_replay_came_to(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the entries alone: the same outcome, severity, fixes and denials."""
    path = tmp_path / "ledger.jsonl"
    dispatch(["replay", str(SCENARIOS / f"{name}.toml"), "--export", str(path), "--json"])
    replayed = [json.loads(each) for each in capsys.readouterr().out.splitlines()]
    outcomes = [f"--outcome={each}" for each in ("open", "resolved", "escalated", "ignored")]
    more = [f"--outcome={each}" for each in ("self-recovered", "recorded", "rejected")]
    output = listed(capsys, str(path), *outcomes, *more)
    assert [
        (each["outcome"], each["entries"], len(each["fixes"]), each["whole"]) for each in output
    ] == [
        (
            each["outcome"],
            each["entries"],
            sum(1 for action in each["actions"] if action["kind"] == "fix"),
            True,
        )
        for each in replayed
    ]
    no = {
        (each["guard"], each["action"], each["target"]) for it in replayed for each in it["denials"]
    }
    assert no == {tuple(each.values()) for it in output for each in it["denials"]}


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ((), [ID, OTHER]),
        (("--severity", "P1"), [OTHER]),
        (("--severity", "P1", "--severity", "P2"), [ID, OTHER]),
        (("--condition", "enclave-down"), [ID]),
        (("--host", A), [ID]),
        (("--outcome", "escalated"), [OTHER]),
        (("--outcome", "ignored"), ["inc-noted"]),
        (("--since", "2026-03-12"), [OTHER]),
        (("--until", "2026-03-12T00:00Z"), [ID]),
        (("--since", "2h"), []),
        (("--last", "1"), [OTHER]),
    ],
)
def test_the_list_is_of_what_is_asked_for(
    arguments: tuple[str, ...], found: list[str], ledger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [each["incident"] for each in listed(capsys, str(ledger), *arguments)] == found


def test_an_incident_is_one_line(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Plain in a pipe, one line each."""
    assert dispatch(["audit", "list", str(ledger)]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.split() == [
        *("2026-03-11", "04:20:00", "P2", "enclave-down", "resolved", "1:30"),
        *("1", "of", "1", "fix", "helped", ID),
    ]
    assert "escalated" in second
    assert second.endswith(OTHER)


def test_a_narrow_terminal_has_two_lines_each(
    ledger: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"TTY_COMPATIBLE": "1", "COLUMNS": "72", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    assert dispatch(["audit", "list", str(ledger)]) == 0
    lines = re.sub(r"\x1b\[[0-9]*m", "", capsys.readouterr().out).splitlines()
    assert len(lines) == 4
    assert max(map(len, lines)) <= 72
    assert ID in lines[1]


def test_show_prints_every_entry(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With each guard's answer."""
    assert dispatch(["audit", "show", OTHER, str(ledger)]) == 0
    shown = capsys.readouterr().out
    assert "   1  2026-03-12 04:20:00  signal        healthy-hosts" in shown
    assert f"decision      escalate  restart_enclave {A} (plan p1)" in shown
    assert "      denied by kms_is_calm: so\n" in shown
    assert "      passed by mode_enforces\n" in shown


def test_show_as_json_is_the_entries(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One document an entry, each the stored body with its hash."""
    assert dispatch(["audit", "show", ID, str(ledger), "--json"]) == 0
    output = [json.loads(each) for each in capsys.readouterr().out.splitlines()]
    bodies = [json.loads(each) for each in ledger.read_text().splitlines()][: len(output)]
    assert len(output) == 5
    for each, body in zip(output, bodies, strict=True):
        assert each.pop("hash") != each["previous"]
        assert each == body


def test_a_look_is_printed_host_by_host(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Unknown and empty fields are left out, and false ones are not."""
    report = {"parent_unit": "active", "nats_reachable": False, "enclave_state": None}
    data: Data = {
        "hosts": {A: report | {"log_counts": {"kms_denied": 2, "nats_auth": 0}}},
        "none": [],
    }
    quiet = Said(Kind.OUTCOME, {"hosts": {A: {"counts": {"nats_auth": 0}}}})
    many = Said(
        Kind.SIGNAL, {"joined": [{"state": "OK", "deep": {"er": {"x": 1}}}, {"state": "B"}]}
    )
    path = written(tmp_path / "x", chain(Said(Kind.OUTCOME, data), quiet, many))
    assert dispatch(["audit", "show", ID, str(path)]) == 0
    lines = [each.strip() for each in capsys.readouterr().out.splitlines()]
    assert lines == [
        "1  2026-03-11 04:20:00  outcome",
        "hosts:",
        f"{A}:",
        "log_counts: kms_denied 2",
        "nats_reachable: False",
        "parent_unit: active",
        "2  2026-03-11 04:20:00  outcome",
        "hosts:",
        f"{A}:",
        "3  2026-03-11 04:20:00  signal",
        "joined 1:",
        "deep:",
        "er: x 1",
        "state: OK",
        "joined 2: state B",
    ]


def test_no_word_of_an_entry_steers_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor the name of a field, nor one that turns the direction of writing."""
    evil = "a\x1b[2Jb\u202ec\rd"
    text = Said(Kind.SIGNAL, {**heard(condition=evil, subject=evil).data, evil: evil})
    path = written(tmp_path / "x", chain(text, decided("fix", 1, evil)))
    assert dispatch(["audit", "show", ID, str(path)]) == 0
    assert dispatch(["audit", "list", str(path)]) == 0
    out = capsys.readouterr().out
    assert "a\ufffd[2Jb\ufffdc\ufffdd" in out
    assert all(each.isprintable() for each in out.replace("\n", ""))


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        (["list", "FILE", "--severity", "P5"], "--severity P5: give one of P1, P2, P3, P4"),
        (["list", "FILE", "--outcome", "fine"], "--outcome fine: give one of open, resolved,"),
        (["list", "FILE", "--since", "soon"], "--since soon: give 2h, 7d, a date or an instant"),
        (["list", "gone"], "gone: cannot be read: No such file"),
        (["show", "inc-1", "FILE"], "there is no incident inc-1 in"),
    ],
)
def test_a_bad_call_is_one_clear_line(
    arguments: list[str], output: str, ledger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = [str(ledger) if each == "FILE" else each for each in arguments]
    assert dispatch(["audit", *named]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert output in line


def endless(incidents: int) -> Iterator[DecodedEntry]:
    """Chains of ten entries, made as they are read."""
    for number in range(incidents):
        before, id_ = Chain(), IncidentId(f"inc-{number:020}")
        for text in (heard(), *(decided("wait", at) for at in range(8)), closed(9)):
            at = NOW + timedelta(seconds=text.seconds)
            before, entry = append(before, id_, text.kind, at, BY, text.data)
            yield decode_entry(entry)


def test_the_list_holds_one_incident_at_a_time() -> None:
    """Ten times the entries need no more memory."""
    peaks = []
    for incidents in (50, 500):
        tracemalloc.start()
        assert sum(1 for _ in summaries(endless(incidents))) == incidents
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # entries that were kept would be megabytes; what is not collected yet is some 50 KB
    assert peaks[1] < 1.2 * peaks[0] + 200_000
