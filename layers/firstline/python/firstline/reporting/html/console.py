"""The console's views as HTML: read only, without JavaScript, in a widget or on a page."""

from collections.abc import Iterator
from typing import ClassVar, Literal

import msgspec

from firstline.reporting.console import rows
from firstline.reporting.console.view import Detail, Overview, View
from firstline.reporting.html.templates import template
from firstline.reporting.incident_summary import OPEN
from firstline.reporting.postmortem.formatting import pluralise

type Theme = Literal["light", "dark"]

INCIDENT_PARAMETER = "incident"
"""The parameter that names an incident, and the field of the search form."""
_WIDGET, _PAGE = template("widget.html.jinja"), template("console.html.jinja")


class Refresh(msgspec.Struct, frozen=True, kw_only=True):
    """The interval at which a page of the overview reloads; a link pauses it."""

    parameter: ClassVar[str] = "refresh"
    off: ClassVar[str] = "off"

    seconds: int = 30
    paused: bool = False


def widget(view: View, endpoint: str, theme: Theme) -> str:
    """The HTML of a CloudWatch widget, whose function has the ARN *endpoint*.

    A widget runs no JavaScript: ``cwdb-action`` after an element calls the function again with
    parameters in JSON, and the result replaces the widget. The dashboard refreshes it.
    (CloudWatch guide, "Interactivity in the custom widget".)
    """
    return _WIDGET.render(_values(view), endpoint=endpoint, theme=theme, refresh=None)


def page(view: View, refresh: Refresh | None = None) -> str:
    """The same as a document of its own, with links; the browser chooses its theme.

    Only the overview refreshes by itself: an incident's page is read, with parts unfolded.
    """
    again = refresh if isinstance(view, Overview) else None
    return _PAGE.render(_values(view), endpoint="", refresh=again, title=_title(view))


def _values(view: View) -> dict[str, object]:
    kind = type(view).__name__.lower()
    heading = _heading(view) if isinstance(view, Overview) else ""
    return {
        "kind": kind,
        "view": view,
        "age": rows.age,
        "asked": INCIDENT_PARAMETER,
        "heading": heading,
    }


def _title(view: View) -> str:
    match view:
        case Overview():
            subject = f"{view.fleet}: {_heading(view)}"
        case Detail(row=row):
            state = "escalated" if row.escalated else row.outcome
            subject = f"{row.severity} {row.condition}, {state} ({row.id})"
        case _:
            subject = "not shown"
    return f"{subject} \N{MIDDLE DOT} firstline"


def _heading(view: Overview) -> str:
    """The numbers of escalated and open incidents."""
    return ", ".join(_counts(view))


def _counts(view: Overview) -> Iterator[str]:
    more = " or more" if view.more else ""
    if view.escalated:
        yield f"{len(view.escalated)} escalated"
    yield f"{len(view.open)}{more} {OPEN}"
    if waiting := sum(len(each.asks) for each in view.open):
        yield f"{pluralise(waiting, 'approval')} pending"
