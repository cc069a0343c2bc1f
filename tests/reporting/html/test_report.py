"""A report as a page: it holds all that it needs, and whatever it says is text."""

import copy
import re
from itertools import pairwise

import pytest

from firstline.reporting.html.report import OPEN_MAX, page
from firstline.reporting.postmortem.report import Report
from firstline.reporting.postmortem.write import write_report
from tests.builders import ALARM_ARN, ALARM_NAME, PROFILE, A
from tests.reporting.chains import chain, decision, handed_over, looked, opening, outage
from tests.reporting.html.reader import HOSTILE, Reader

CLOUDWATCH = "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1"
LEADS_TO = {
    ("link", "data:,"),
    ("a", f"{CLOUDWATCH}#alarmsV2:alarm/{ALARM_NAME}"),
    ("a", f"{CLOUDWATCH}#dashboards/dashboard/firstline-vettid"),
}
HEADS = {"h1", "h2", "h3", "h4"}


def report(hostile: str = "so it was") -> Report:
    """A report of everything, whose every free text is *hostile*."""
    silent = {"type": "unknown", "why": hostile}
    metrics = [{"name": hostile, "around": ["9"], "before": ["1", "2", "1"]}]
    guards = [{"guard": hostile, "denial": {"why": hostile}}]
    text = (
        opening(subject=hostile, why=hostile, rule=hostile, severity="P1", arn=ALARM_ARN),
        *outage()[1:-1],
        looked(85, {A: silent}),
        decision(90, hostile, hostile, why=hostile, facts=[hostile], guards=guards),
        decision(95, "escalate", why=hostile),
        handed_over(95, **dict.fromkeys(("why", "diagnosis", "investigation", "next"), hostile)),
        handed_over(95, metrics=metrics, owner=hostile),
    )
    return write_report(chain(*text), PROFILE)


def test_the_page_needs_nothing_but_itself() -> None:
    """No script, nothing that loads, and a policy that would stop it; links lead elsewhere."""
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
        assert target is None or target.startswith("#") or (tag, target) in LEADS_TO
    policy = next(each["content"] for tag, each in read.elements if "http-equiv" in each)
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    leads = re.compile('<a href="https://[^"]*" rel="noopener noreferrer">')
    assert not re.search(r"url\(|@import|https?:", leads.sub("", page((report(),))))


def test_it_begins_with_the_guidance() -> None:
    """Before the summary; the follow-ups of one that is over stand there, and not again below."""
    over = write_report(chain(*outage()), PROFILE)
    for one in (over, report()):
        text = Reader(page((one,))).text
        assert one.guidance is not None
        assert text.index(one.guidance.text) < text.index(one.summary[0])
    read = Reader(page((over,))).text
    assert "Proposed follow-ups" not in read
    assert [read.count(each.text) for each in over.follow_ups] == [1, 1]


def test_each_code_is_explained_at_the_end_and_leads_there() -> None:
    """By the one table; what only looks like a code is none."""
    shown = copy.replace(report(), known=("R14 of R99",))
    read = Reader(page((shown, shown)))
    anchors = [each["id"] or "" for _, each in read.elements if "-R" in (each.get("id") or "")]
    assert anchors[0] == "i1-R13"
    assert {"i1-R14", "i2-R14"} < set(anchors)
    assert "i1-R99" not in anchors
    links = {each["href"] for tag, each in read.elements if tag == "a" and "title" in each}
    assert links <= {f"#{each}" for each in anchors}
    assert "P1, immediate: the ASG has running instances" in read.text


@pytest.mark.parametrize("many", [1, 2])
def test_headings_have_no_gap(many: int) -> None:
    """One heading of the first level, of the incident or of the page."""
    levels = [int(tag[1]) for tag, _ in Reader(page((report(),) * many)).elements if tag in HEADS]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_a_threshold_is_drawn() -> None:
    """Over the metric's readings, and over the days before."""
    metrics = [{"name": "TargetResponseTime (p99)", "around": ["9"], "before": ["1", "2", "1"]}]
    slow = write_report(
        chain(
            opening(subject="response-time"),
            decision(9, "escalate"),
            handed_over(9, metrics=metrics),
        ),
        PROFILE,
    )
    assert "threshold 2.5" in Reader(page((slow,))).text
    drawn = [each for _, each in Reader(page((slow,))).elements if each.get("class") == "limit"]
    assert [each["x1"] for each in drawn] == ["18.75%"]
    sick = Reader(page((write_report(chain(*outage()), PROFILE),)))
    assert [each["y1"] for _, each in sick.elements if each.get("class") == "limit"] == ["0.0"]
    assert "threshold: < 1" in sick.text


def test_texts_of_the_ledger_are_text() -> None:
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
        "Next steps",
        "Timeline R39",
        "Observed",
        "Unknown",
        "Likely cause R40",
        "Decisions",
        "Metrics",
        "Proposed follow-ups R41",
        "Runbook and policy R42",
        "Post-mortem R43",
        "Runbook steps",
        "Record",
    ):
        assert f"\n{title}\n" in text


def test_several_incidents_have_an_index() -> None:
    """One has none; each is linked by its title."""
    several = Reader(page((report(), report())))
    links = [each.get("href") for tag, each in several.elements if tag == "a"]
    assert links[:2] == ["#i1", "#i2"]
    assert {each.get("id") for _, each in several.elements} >= {"i1", "i2"}
    assert [tag for tag, _ in Reader(page((report(),))).elements if tag == "nav"] == []


@pytest.mark.parametrize(("lines", "is_open"), [(3, True), (OPEN_MAX, False)])
def test_a_long_table_is_folded(lines: int, is_open: bool) -> None:  # noqa: FBT001 - a column
    """So that what comes after it is found."""
    text = (decision(number, "close", f"rule {number}") for number in range(lines))
    result = Reader(page((write_report(chain(opening(), *text), PROFILE),)))
    (rows,) = [each for _, each in result.elements if each.get("class") == "rows"]
    assert ("open" in rows) is is_open


def test_a_signal_that_opened_nothing_has_a_page() -> None:
    """With little on it."""
    result = write_report(chain(opening(disposition="ignored")), PROFILE)
    text = Reader(page((result,))).text
    assert "It opened no incident: it was ignored." in text
    assert "Post-mortem" not in text
