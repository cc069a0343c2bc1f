"""A report as a page: it holds all that it needs, and whatever it says is text."""

import re

import pytest

from firstline.reporting.html.report import OPEN_MAX, page
from firstline.reporting.postmortem.report import Report
from firstline.reporting.postmortem.write import write
from tests.builders import PROFILE, A
from tests.reporting.chains import chain, decision, handed_over, looked, opening, outage
from tests.reporting.html.reader import HOSTILE, Reader


def report(hostile: str = "so it was") -> Report:
    """A report of everything, whose every free text is *hostile*."""
    silent = {"type": "unknown", "why": hostile}
    metrics = [{"name": hostile, "around": ["9"], "before": ["1", "2", "1"]}]
    guards = [{"guard": hostile, "denial": {"why": hostile}}]
    said = (
        opening(subject=hostile, why=hostile, rule=hostile, severity="P1"),
        *outage()[1:-1],
        looked(85, {A: silent}),
        decision(90, hostile, hostile, why=hostile, facts=[hostile], guards=guards),
        decision(95, "hand-over", why=hostile),
        handed_over(95, **dict.fromkeys(("why", "seen", "background", "next"), hostile)),
        handed_over(95, metrics=metrics, owner=hostile),
    )
    return write(chain(*said), PROFILE)


def test_the_page_needs_nothing_but_itself() -> None:
    """No script, no address, nothing that loads; and a policy that would stop it."""
    read = Reader(page((report(), report())))
    assert {tag for tag, _ in read.elements} & {
        "script",
        "iframe",
        "img",
        "object",
        "form",
    } == set()
    for tag, attributes in read.elements:
        assert not any(name.startswith("on") for name in attributes)
        assert "src" not in attributes
        target = attributes.get("href")
        assert target is None or target.startswith("#") or (tag, target) == ("link", "data:,")
    policy = next(each["content"] for tag, each in read.elements if "http-equiv" in each)
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert not re.search(r"url\(|@import|https?:", page((report(),)))


def test_what_the_ledger_says_is_text() -> None:
    """In every place: an element of its own would be one more than without it."""
    hostile, harmless = page((report(HOSTILE),)), page((report(),))
    assert [tag for tag, _ in Reader(hostile).elements] == [
        tag for tag, _ in Reader(harmless).elements
    ]
    assert HOSTILE in Reader(hostile).text
    assert "49" not in hostile.split("</style>")[1].replace(report(HOSTILE).head, "")


def test_each_section_is_there() -> None:
    """With the step of the runbook that it is for."""
    text = Reader(page((report(),))).text
    for title in (
        "Timeline",
        "What was seen",
        "What was unknown",
        "Likely cause R40",
        "Decisions",
        "Metrics",
        "Proposed follow-ups R41",
        "Runbook and policy R42",
        "Post-mortem R43",
        "The record",
    ):
        assert f"\n{title}\n" in text


def test_several_incidents_have_an_index() -> None:
    """One has none; each is linked by its title."""
    several = Reader(page((report(), report())))
    links = [each.get("href") for tag, each in several.elements if tag == "a"]
    assert links == ["#i1", "#i2"]
    assert {each.get("id") for _, each in several.elements} >= {"i1", "i2"}
    assert [tag for tag, _ in Reader(page((report(),))).elements if tag == "nav"] == []


@pytest.mark.parametrize(("lines", "is_open"), [(3, True), (OPEN_MAX, False)])
def test_a_long_table_is_folded(lines: int, is_open: bool) -> None:  # noqa: FBT001 - a column
    """So that what comes after it is found."""
    said = (decision(number, "close", f"rule {number}") for number in range(lines))
    told = Reader(page((write(chain(opening(), *said), PROFILE),)))
    (rows,) = [each for _, each in told.elements if each.get("class") == "rows"]
    assert ("open" in rows) is is_open


def test_a_signal_that_opened_nothing_has_a_page() -> None:
    """With little on it."""
    told = write(chain(opening(disposition="ignored")), PROFILE)
    text = Reader(page((told,))).text
    assert "It opened no incident: it was ignored." in text
    assert "Post-mortem" not in text
