"""``firstline report --since``: across the incidents of an export."""

import json
from pathlib import Path

import pytest

from firstline.cli.main import dispatch
from firstline.ids import IncidentId
from firstline.ledger.chain import Kind
from firstline.remediation.kill_switch import CHAIN
from tests.builders import ID, OTHER
from tests.cli.exports import written
from tests.reporting.ledgers import Said, chain, closed, decided, fixed, heard, joined, paged

DEMOTED = Said(Kind.DEMOTION, {"action": "restart_enclave", "failed": 3}, 80)
PROMOTED = Said(Kind.PROMOTION, {"action": "scale_out", "by": "arn:of:alice"}, 9)
LATE = Said(Kind.RESPONSE, {"severity": "P1", "met": False}, 3)
FLAPS = joined(4, *["recovery"] * 4, severity="P1", condition="enclave-down")
ALLOWED = Said(Kind.APPROVAL, {"plan": "p1", "granted": True, "counts": True}, 2)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Seven incidents of two days, the second's in want of its first entry."""
    grown = [
        chain(
            *(heard(), ALLOWED, *fixed(9, "a", action="replace_instance"), closed(90)),
            incident=IncidentId(f"inc-{number}"),
        )
        for number in range(5)
    ]
    return written(
        tmp_path / "ledger.jsonl",
        chain(heard(), paged(4), LATE, FLAPS, *fixed(10, "a", helped=False), DEMOTED, closed(3800)),
        chain(heard(), decided("escalate", 9, "kms_is_calm"), incident=OTHER, days=1)[1:],
        chain(PROMOTED, incident=CHAIN),
        *grown,
    )


def test_the_review_is_printed_in_lines(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch(["report", "--since", "2026-03-01", str(ledger)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "7 incidents since 2026-03-01 00:00: P1 6, none 1",
        "  conditions: enclave-down 6, none 1",
        "  fixed without a person: 0, 0 % of the incidents that needed a fix",
        "  fixed after an approval: 5",
        "  recovered without a fix: 1",
        "  escalated: 1; still open: 0",
        "",
        "                   incidents    median       p90",
        "time to page               1      0:04      0:04",
        "time to first fix          6      0:09      0:10",
        "time to recover            6      1:30   1:03:20",
        "response targets missed: P1 1",
        "5 P1 and P2 have no page in the ledger",
        "of 1 incidents entries are missing: run audit verify",
        "",
        "fixes                  tried    helped    failed  approved",
        "replace_instance           5         5         0         5",
        "restart_enclave            1         0         1         0",
        "",
        "denials by guard                 fixes incidents",
        "kms_is_calm                          1         1",
        (
            "noisy: healthy-hosts: 6 incidents, 1 recovered without a fix,"
            " 3 recoveries that did not last"
        ),
        (
            "may be promoted: replace_instance: it helped 5 of 5 times, each after an approval"
            '; [[actions]] name = "replace_instance": autonomy = "auto"'
        ),
        "2026-03-11 04:20 scale_out was promoted by arn:of:alice",
        (
            "2026-03-11 04:21 restart_enclave was demoted automatically: 3 of its fixes "
            "in a row did"
            f" not help ({ID})"
        ),
        (
            "demoted: restart_enclave requires an approval each time, until an operator runs:"
            ' firstline promote restart_enclave --why "..." --fleet NAME'
        ),
    ]


def test_a_quiet_time_is_reported_as_such(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--since", "2026-02-01", "--until", "2026-02-02"]
    assert dispatch(["report", *arguments, str(ledger)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "0 incidents since 2026-02-01 00:00 until 2026-02-02 00:00"
    assert "time to page               0         -         -" in lines
    assert "response targets missed: none" in lines


def test_as_json_it_is_one_document(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch(["report", "--since", "2026-03-01", str(ledger), "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    output = json.loads(line)
    assert output["incidents"] == 7
    assert output["to_recover"] == {"count": 6, "median_seconds": 90, "p90_seconds": 3800}
    assert output["demoted"] == ["restart_enclave"]


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        (["--since", "soon"], "--since soon: give 2h, 7d"),
        (["--since", "1d", "--until", "2d"], "--until: give an instant later than --since"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str], output: str, ledger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dispatch(["report", *arguments, str(ledger)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert output in line
