"""The console's HTML: whatever a view holds is text, wherever it stands."""

import json
import re
from datetime import timedelta
from urllib.parse import parse_qsl

from firstline.ids import IncidentId
from firstline.reporting.console.view import (
    Answer,
    Ask,
    Detail,
    Line,
    Missing,
    Overview,
    Reasons,
    Row,
    Stop,
    View,
)
from firstline.reporting.html.console import page, widget
from tests.builders import NOW
from tests.reporting.html.reader import HOSTILE, Reader

LATER = timedelta(seconds=75)


def views(said: str) -> tuple[View, ...]:
    """Each view with everything in it, whose every free text is *said*."""
    row = Row(
        id=IncidentId(said),
        severity=said,
        condition=said,
        alarm=said,
        opened_at=NOW,
        ended_at=None,
        outcome=said,
        owner=said,
        doing=said,
        asks=(Ask(what=said, until=NOW, approve=said, deny=said),),
    )
    answers = (Answer(said, said), Answer(said, ""))
    why = Reasons(after=LATER, step=said, rule=said, why=said, facts=(said,), answers=answers)
    line = Line(at=NOW, after=LATER, last=LATER, times=2, word=said, text=said, decisions=(why,))
    stop = Stop(scope=said, why=said, by=said, until=NOW)
    return (
        Overview(
            fleet=said,
            mode=said,
            now=NOW,
            open=(row,),
            ended=(row,),
            stops=(stop,),
            unreadable=said,
        ),
        Detail(fleet=said, now=NOW, row=row, lines=(line,)),
        Missing(said),
    )


def test_what_a_view_holds_is_text() -> None:
    """On a page and in a widget: an element of its own would be one more than without it."""
    for hostile, harmless in zip(views(HOSTILE), views("so"), strict=True):
        for one, other in (
            (page(hostile), page(harmless)),
            (widget(hostile, HOSTILE, "light"), widget(harmless, "so", "light")),
        ):
            read = Reader(one)
            assert [(tag, set(said)) for tag, said in read.elements] == [
                (tag, set(said)) for tag, said in Reader(other).elements
            ]
            assert HOSTILE in read.text
            assert "49" not in one.split("</style>")[1]


def test_a_hostile_id_stays_one_in_a_link_and_in_a_call() -> None:
    """Percent-encoded in the one, JSON in the other."""
    overview, _, _ = views(HOSTILE)
    links = [said["href"] or "" for tag, said in Reader(page(overview)).elements if tag == "a"]
    assert [parse_qsl(each.removeprefix("/?")) for each in links] == [[("incident", HOSTILE)]] * 2
    calls = re.findall(r">([^<]*)</cwdb-action>", widget(overview, "arn", "light"))
    assert [json.loads(each) for each in calls] == [
        {"incident": HOSTILE},
        {"incident": HOSTILE},
        {"form": "yes"},
    ]


def test_a_line_that_came_again_and_its_decisions() -> None:
    """How often, until when, and each decision's guards behind it."""
    text = Reader(page(views("so")[1])).text
    assert "+1:15" in text
    assert "so (2 times, until +1:15)" in text
    assert "+1:15 so \N{MIDDLE DOT} so: so" in text
    assert "1 guards let it pass: so" in text
