"""The console's views as HTML: read only, without JavaScript, in a widget or on a page."""

from collections.abc import Iterator
from typing import ClassVar, Literal

import msgspec

from firstline.reporting.console import rows
from firstline.reporting.console.view import Detail, Overview, View
from firstline.reporting.html.templates import template
from firstline.reporting.incident_summary import OPEN
from firstline.reporting.postmortem.words import count

type Theme = Literal["light", "dark"]

ASKED = "incident"
"""The parameter that names an incident, and the field of the form that looks one up."""
_WIDGET, _PAGE = template("widget.html.jinja"), template("console.html.jinja")


class Refresh(msgspec.Struct, frozen=True, kw_only=True):
    """How often a page of the overview asks for itself again; a link pauses it."""

    parameter: ClassVar[str] = "refresh"
    off: ClassVar[str] = "off"

    seconds: int = 30
    paused: bool = False


def widget(view: View, endpoint: str, theme: Theme) -> str:
    """What a CloudWatch widget shows, whose function has the ARN *endpoint*.

    A widget runs no JavaScript: ``cwdb-action`` after an element calls the function again with
    parameters in JSON, and what it returns takes the widget's place. The dashboard refreshes it.
    (CloudWatch guide, "Interactivity in the custom widget".)
    """
    return _WIDGET.render(_values(view), endpoint=endpoint, theme=theme, refresh=None)


def page(view: View, refresh: Refresh | None = None) -> str:
    """The same as a document of its own, with links; the browser chooses its theme.

    Only the overview refreshes by itself: on an incident a person reads, with parts unfolded.
    """
    again = refresh if isinstance(view, Overview) else None
    return _PAGE.render(_values(view), endpoint="", refresh=again, title=_title(view))


def _values(view: View) -> dict[str, object]:
    kind = type(view).__name__.lower()
    heading = _heading(view) if isinstance(view, Overview) else ""
    return {"kind": kind, "view": view, "age": rows.age, "asked": ASKED, "heading": heading}


def _title(view: View) -> str:
    match view:
        case Overview():
            about = f"{view.fleet}: {_heading(view)}"
        case Detail(row=row):
            state = "escalated" if row.escalated else row.outcome
            about = f"{row.severity} {row.condition}, {state} ({row.id})"
        case _:
            about = "not shown"
    return f"{about} \N{MIDDLE DOT} firstline"


def _heading(view: Overview) -> str:
    """How many incidents a person has, and how many firstline."""
    return ", ".join(_counts(view))


def _counts(view: Overview) -> Iterator[str]:
    more = " or more" if view.more else ""
    if view.escalated:
        yield f"{len(view.escalated)} escalated"
    yield f"{len(view.open)}{more} {OPEN}"
    if waiting := sum(len(each.asks) for each in view.open):
        yield f"{count(waiting, 'plan waits', 'plans wait')} for a person"
