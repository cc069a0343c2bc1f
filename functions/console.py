"""Lambda: a CloudWatch custom widget to `firstline.controller.console`: it only reads."""

from typing import Any, Protocol

from firstline.adapters import wiring
from firstline.controller.console import look
from firstline.controller.system import System
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


def handler(
    event: dict[str, Any], context: Context, system: System | None = None
) -> str | dict[str, str]:
    """HTML for the widget; for ``describe`` what the widget is, in Markdown."""
    if event.get("describe"):
        return {"markdown": DESCRIPTION}
    within = system or wiring.from_environment()
    about = event.get("widgetContext") or {}
    fields = (about.get("forms") or {}).get("all") or {}
    asked = str((fields if event.get("form") else event).get(ASKED) or "")
    logger().info("shown", asked=bool(asked))
    theme: Theme = "dark" if about.get("theme") == "dark" else "light"
    return widget(look(asked, within), context.invoked_function_arn, theme)
