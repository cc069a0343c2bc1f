"""The console's HTML: whatever a view holds is text, wherever it stands."""

import copy
import json
import re
from datetime import timedelta
from urllib.parse import parse_qsl

import pytest

from firstline.ids import IncidentId
from firstline.reporting.console.view import (
    ActivePause,
    Answer,
    ApprovalRequest,
    Detail,
    Hosts,
    Line,
    Missing,
    Overview,
    Reasoning,
    Row,
    View,
)
from firstline.reporting.html.console import Refresh, page, widget
from firstline.reporting.links import Link
from tests.builders import NOW
from tests.reporting.html.reader import HOSTILE, Reader

LATER = timedelta(seconds=75)


def views(said: str) -> tuple[View, ...]:
    """Each view with every field, and *said* as every free text."""
    row = Row(
        id=IncidentId(said),
        severity=said,
        condition=said,
        alarm=said,
        opened_at=NOW,
        ended_at=None,
        outcome=said,
        owner=said,
        escalated=True,
        alarms=said,
        owned_since=NOW,
        approvers=(said,),
        hosts=Hosts(at=NOW, total=1, counts={said: 1}),
        doing=said,
        why=said,
        next=said,
        next_at=NOW + LATER,
        steps=(said,),
        links=(Link(said, "https://wiki.example.com/"),),
        asks=(ApprovalRequest(what=said, until=NOW, approve=said, deny=said),),
    )
    answers = (Answer(said, said), Answer(said, ""))
    why = Reasoning(after=LATER, step=said, rule=said, why=said, facts=(said,), answers=answers)
    line = Line(at=NOW, after=LATER, last=LATER, times=2, word=said, text=said, decisions=(why,))
    stop = ActivePause(scope=said, why=said, by=said, until=NOW)
    return (
        Overview(
            fleet=said,
            mode=said,
            now=NOW,
            open=(row,),
            escalated=(row,),
            ended=(row,),
            ended_within=said,
            more=True,
            more_ended=True,
            links=(Link(said, "https://wiki.example.com/"),),
            stops=(stop,),
            unreadable=said,
        ),
        Detail(fleet=said, now=NOW, row=row, lines=(line,)),
        Missing(said),
    )


def test_the_values_of_a_view_are_text() -> None:
    """On a page and in a widget: an element of its own would be one more than without it."""
    for hostile, harmless in zip(views(HOSTILE), views("so"), strict=True):
        for one, other in (
            (page(hostile), page(harmless)),
            (widget(hostile, HOSTILE, "light"), widget(harmless, "so", "light")),
        ):
            read = Reader(one)
            assert [(tag, set(text)) for tag, text in read.elements] == [
                (tag, set(text)) for tag, text in Reader(other).elements
            ]
            assert HOSTILE in read.text
            assert "49" not in one.split("</style>")[1]


def test_a_hostile_id_stays_one_in_a_link_and_in_a_call() -> None:
    """Percent-encoded in the one, JSON in the other."""
    overview, _, _ = views(HOSTILE)
    links = [text["href"] or "" for tag, text in Reader(page(overview)).elements if tag == "a"]
    own = [each for each in links if each.startswith("/")]
    assert [parse_qsl(each.removeprefix("/?")) for each in own] == [[("incident", HOSTILE)]] * 3
    calls = re.findall(r">([^<]*)</cwdb-action>", widget(overview, "arn", "light"))
    assert [json.loads(each) for each in calls] == [
        *[{"incident": HOSTILE}] * 3,
        {"form": "yes"},
    ]


def test_a_line_that_came_again_and_its_decisions() -> None:
    """Its number, the last instant, and each decision's guards."""
    text = Reader(page(views("so")[1])).text
    assert "+1:15" in text
    assert "so (2 times, until +1:15)" in text
    assert "+1:15 so \N{MIDDLE DOT} so: so" in text
    assert "1 guards let it pass: so" in text


def test_each_view_has_a_title_of_its_own() -> None:
    """It says how it stands, so that a tab shows it."""
    overview, detail, missing = views("so")
    assert isinstance(overview, Overview)
    calm = copy.replace(overview, escalated=(), open=(), more=False)
    shown = map(page, (overview, calm, detail, missing))
    titles = [re.findall("<title>(.*)</title>", each) for each in shown]
    assert titles == [
        ["so: 1 escalated, 1 or more open, 1 approval pending \N{MIDDLE DOT} firstline"],
        ["so: 0 open \N{MIDDLE DOT} firstline"],
        ["so so, escalated (so) \N{MIDDLE DOT} firstline"],
        ["not shown \N{MIDDLE DOT} firstline"],
    ]


def test_each_view_has_one_first_heading_and_no_gap_below_it() -> None:
    """On a page from 1; in a widget from 2, below the dashboard's own."""
    for view in views("so"):
        for shown, first in ((page(view), 1), (widget(view, "arn", "light"), 2)):
            levels = [int(each) for each in re.findall("<h([1-6])>", shown)]
            assert levels.count(first) == 1
            assert min(levels) == first
            gaps = zip([first - 1, *sorted(set(levels))], sorted(set(levels)), strict=False)
            assert all(after - before == 1 for before, after in gaps)


def test_the_overview_refreshes_until_it_is_paused() -> None:
    """A link pauses it and another resumes it; an incident that a person reads stays as it is."""
    overview, detail, _ = views("so")
    again = '<meta http-equiv="refresh" content="30">'
    runs, paused = page(overview, Refresh()), page(overview, Refresh(paused=True))
    assert again in runs
    assert '<a href="/?refresh=off">Pause</a>' in runs
    assert again not in paused
    assert 'refresh is paused <a href="/">Resume</a>' in paused
    assert again not in page(overview) + page(detail, Refresh())


@pytest.mark.parametrize(
    ("after", "says"), [(-1, "so, due since 04:19:59 UTC"), (1, "so at 04:20:01 UTC")]
)
def test_a_step_that_is_due_says_so(after: int, says: str) -> None:
    """Next to one that is still to come."""
    _, detail, _ = views("so")
    assert isinstance(detail, Detail)
    row = copy.replace(detail.row, next_at=NOW + timedelta(seconds=after))
    assert says in Reader(page(copy.replace(detail, row=row))).text
