"""Lambda: a CloudWatch custom widget to `firstline.controller.console`: it only reads."""

from typing import Any, Protocol

import msgspec

from firstline.adapters import wiring
from firstline.controller.console import read_view
from firstline.controller.system import System
from firstline.reporting.console.view import Missing
from firstline.reporting.html.console import ASKED, Theme, widget
from functions.log import logger

DESCRIPTION = """## firstline

Open incidents, what waits for a person, pauses, and the timeline of an incident with the reasons
of each decision. It reads, and changes nothing: the levers are commands.

### Parameters

`incident`: the id of the incident to show first; without it the overview.
"""


class Context(Protocol):
    """What is used of Lambda's context."""

    invoked_function_arn: str


class _Forms(msgspec.Struct, frozen=True):
    all: dict[str, Any] | None = None


class _About(msgspec.Struct, frozen=True):
    forms: _Forms | None = None
    theme: str | None = None


class _Event(msgspec.Struct, frozen=True):
    """What CloudWatch sends: the widget's parameters, and what it shows them in."""

    describe: Any = None
    form: Any = None
    incident: Any = None
    about: _About | None = msgspec.field(name="widgetContext", default=None)


def handler(event: object, context: Context, system: System | None = None) -> str | dict[str, str]:
    """HTML for the widget; for ``describe`` what the widget is, in Markdown."""
    try:
        shown = msgspec.convert(event, _Event)
    except ValueError as error:  # of another type, or half of a character
        why = f"Send the parameters of a custom widget, as CloudWatch does: {error}."
        return widget(Missing(why), context.invoked_function_arn, "light")
    if shown.describe:
        return {"markdown": DESCRIPTION}
    about = shown.about or _About()
    fields = (about.forms and about.forms.all) or {}
    asked = str((fields.get(ASKED) if shown.form else shown.incident) or "")
    within = system or wiring.from_environment()
    logger().info("shown", asked=bool(asked))
    theme: Theme = "dark" if about.theme == "dark" else "light"
    return widget(read_view(asked, within), context.invoked_function_arn, theme)
