"""An action that takes back a fix is no fix that helped, wherever fixes are counted."""

from collections.abc import Iterable

import pytest

from firstline.actions.catalogue import ACTIONS, UNDO_RESULTS
from firstline.cli.analysis.statistics import ActionRecord, review
from firstline.cli.report_since import lines
from firstline.ledger.chain import Entry
from firstline.ledger.export import DecodedEntry, decode_entry
from firstline.reporting.incident_summary import FixSummary, summarise
from firstline.reporting.postmortem.report import Lane
from firstline.reporting.postmortem.write import write_report
from firstline.reporting.tally import tally
from firstline.reporting.tones import Tone
from tests.builders import NOW, PROFILE
from tests.reporting.chains import Said, chain, decision, handed_over, intent, opening, verdict

GROUP = "the group"


def tried(action: str, *, helped: bool | None) -> FixSummary:
    return FixSummary(action=action, target=GROUP, at=NOW, approved=False, helped=helped)


def rolled_back(*end: Said) -> tuple[Entry, ...]:
    """Two restarts and a refresh that did not help, and the refresh was cancelled."""
    tokens = ("a" * 32, "b" * 32, "c" * 32)
    actions = ("restart_enclave", "restart_enclave", "refresh_fleet")
    failed = (
        each
        for number, (action, token) in enumerate(zip(actions, tokens, strict=True))
        for each in (
            intent(10 * number, action, GROUP, token),
            verdict(10 * number + 5, helped=False, token=token, target=GROUP),
        )
    )
    cancel = intent(40, "cancel_refresh", GROUP, "d" * 32)
    return chain(opening(), *failed, cancel, verdict(45, helped=True, token="d" * 32), *end)


def records(entries: Iterable[Entry]) -> list[DecodedEntry]:
    return [decode_entry(each) for each in entries]


ESCALATED = rolled_back(decision(60, "escalate"), handed_over(60))
OVER = rolled_back(decision(60, "close"))
TALLY = "0 of 3 fixes helped; refresh cancelled"


def test_one_property_of_an_action_says_that_it_undoes() -> None:
    assert UNDO_RESULTS == {"cancel_refresh": "refresh cancelled"}
    assert ACTIONS["cancel_refresh"].undoes_own_fix == UNDO_RESULTS["cancel_refresh"]


@pytest.mark.parametrize(
    ("fixes", "text"),
    [
        ((), "0 of 0 fixes helped"),
        ((tried("restart_enclave", helped=True),), "1 of 1 fix helped"),
        (
            (tried("refresh_fleet", helped=False), tried("cancel_refresh", helped=True)),
            "0 of 1 fix helped; refresh cancelled",
        ),
        (
            (tried("scale_out", helped=None), tried("cancel_refresh", helped=None)),
            "0 of 1 fix helped; cancel_refresh not verified",
        ),
    ],
)
def test_fixes_are_counted_without_undos(fixes: tuple[FixSummary, ...], text: str) -> None:
    assert tally(fixes) == text


def test_the_report_says_so() -> None:
    """In its summary, its figures, its cause and its timeline."""
    shown = write_report(ESCALATED, PROFILE)
    assert any(each.endswith(f"; {TALLY}.") for each in shown.summary)
    assert [each.note for each in shown.figures if each.name == "First fix"] == [
        f"restart_enclave; {TALLY}"
    ]
    assert not any("cancel_refresh" in each for each in shown.cause.supports)
    done = {each.text.split(" ")[0]: each.tone for each in shown.moments if each.lane is Lane.FIXES}
    assert done["cancel_refresh"] is Tone.PLAIN
    assert done["refresh_fleet"] is Tone.BAD


def test_an_incident_that_was_over_after_it_was_over_by_itself() -> None:
    """In the report, in a list, and in the statistics."""
    assert write_report(OVER, PROFILE).outcome == "self-recovered"
    assert summarise(records(OVER)).outcome == "self-recovered"
    found = review(records(OVER))
    assert (found.alone, found.self_recovered) == (0, 1)


def test_the_statistics_count_it_by_itself() -> None:
    """It is tried, and neither helped nor failed."""
    found = review(records(ESCALATED))
    assert found.actions == (
        ActionRecord(action="cancel_refresh", tried=1, undone=1),
        ActionRecord(action="refresh_fleet", tried=1, failed=1),
        ActionRecord(action="restart_enclave", tried=2, failed=2),
    )
    (line,) = [text for text, _ in lines(found, "") if text.startswith("cancel_refresh")]
    assert line.split() == ["cancel_refresh", "1", "-", "0", "0", "refresh", "cancelled:", "1"]
    assert found.promotable == ()
