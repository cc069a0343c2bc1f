"""Lambda: a CloudWatch custom widget to `firstline.controller.console`. It only reads."""

from typing import Any, Protocol

import msgspec

from firstline.adapters import wiring
from firstline.controller.console import read_view
from firstline.controller.system import System
from firstline.reporting.console.view import Missing
from firstline.reporting.html.console import INCIDENT_PARAMETER, Theme, widget
from functions.log import logger

DESCRIPTION = """## firstline

Open incidents, pending approvals, pauses, and the timeline of an incident with the reason of each
decision. It is read-only: operator commands run on the command line.

### Parameters

`incident`: the id of the incident to show first; without it the overview.
"""


class Context(Protocol):
    """The used part of Lambda's context."""

    invoked_function_arn: str


class _Forms(msgspec.Struct, frozen=True):
    all: dict[str, Any] | None = None


class _About(msgspec.Struct, frozen=True):
    forms: _Forms | None = None
    theme: str | None = None


class _Event(msgspec.Struct, frozen=True):
    """CloudWatch's event: the widget's parameters, and its surroundings."""

    describe: Any = None
    form: Any = None
    incident: Any = None
    about: _About | None = msgspec.field(name="widgetContext", default=None)


def handler(event: object, context: Context, system: System | None = None) -> str | dict[str, str]:
    """Return HTML for the widget; for ``describe`` its description, in Markdown."""
    try:
        request = msgspec.convert(event, _Event)
    except ValueError as error:  # of another type, or half of a character
        why = f"Send the parameters of a custom widget, as CloudWatch does: {error}."
        return widget(Missing(why), context.invoked_function_arn, "light")
    if request.describe:
        return {"markdown": DESCRIPTION}
    widget_context = request.about or _About()
    fields = (widget_context.forms and widget_context.forms.all) or {}
    query = str((fields.get(INCIDENT_PARAMETER) if request.form else request.incident) or "")
    system_ = system or wiring.from_environment()
    logger().info("shown", asked=bool(query))
    theme: Theme = "dark" if widget_context.theme == "dark" else "light"
    return widget(read_view(query, system_), context.invoked_function_arn, theme)
