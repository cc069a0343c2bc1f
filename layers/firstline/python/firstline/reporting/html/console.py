"""The console's views as HTML: read only, without JavaScript, in a widget or on a page."""

from typing import Literal

from firstline.reporting.console import rows
from firstline.reporting.console.view import View
from firstline.reporting.html.templates import template

type Theme = Literal["light", "dark"]

ASKED = "incident"
"""The parameter that names an incident, and the field of the form that looks one up."""
_WIDGET, _PAGE = template("widget.html.jinja"), template("console.html.jinja")


def widget(view: View, endpoint: str, theme: Theme) -> str:
    """What a CloudWatch widget shows, whose function has the ARN *endpoint*.

    A widget runs no JavaScript: ``cwdb-action`` after an element calls the function again with
    parameters in JSON, and what it returns takes the widget's place. (CloudWatch guide,
    "Interactivity in the custom widget".)
    """
    return _WIDGET.render(_values(view), endpoint=endpoint, theme=theme)


def page(view: View) -> str:
    """The same as a document of its own, with links; the browser chooses its theme."""
    return _PAGE.render(_values(view), endpoint="")


def _values(view: View) -> dict[str, object]:
    kind = type(view).__name__.lower()
    return {"kind": kind, "view": view, "age": rows.age, "asked": ASKED}
