"""Links: how one view of the console leads to another, in a widget and on a page.

A CloudWatch widget runs no JavaScript: ``cwdb-action`` after an element calls the function again
with parameters in JSON, and what it returns takes the widget's place. On a page of our own a link
is a link. (CloudWatch guide, "Interactivity in the custom widget".)
"""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from firstline.console.markup import Child, element
from firstline.ids import IncidentId

ASKED = "incident"
"""The parameter that names an incident, and the field of the form that looks one up."""


class Links(Protocol):
    """Ways to go on."""

    def to(self, label: str, incident: IncidentId | None) -> tuple[Child, ...]:
        """A link to an incident's timeline, or to the overview."""
        ...

    def form(self) -> tuple[Child, ...]:
        """A form that looks an incident up by its id."""
        ...


class WidgetLinks:
    """Links of a custom widget, whose function is *endpoint*."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def to(self, label: str, incident: IncidentId | None) -> tuple[Child, ...]:
        """See `Links`."""
        parameters = {ASKED: incident} if incident else {}
        return (element("a", label, cls="btn"), self._call(parameters))

    def form(self) -> tuple[Child, ...]:
        """See `Links`; CloudWatch sends the field's content with each call."""
        field = element("input", type="text", name=ASKED, size="26", placeholder="inc-...")
        return (field, " ", element("a", "Look up", cls="btn"), self._call({"form": "yes"}))

    def _call(self, parameters: Mapping[str, str]) -> Child:
        said = msgspec.json.encode(parameters).decode()
        return element("cwdb-action", said, action="call", endpoint=self._endpoint)


class PageLinks:
    """Links of a page that is served locally."""

    def to(self, label: str, incident: IncidentId | None) -> tuple[Child, ...]:
        """See `Links`."""
        href = f"/?{ASKED}={incident}" if incident else "/"
        return (element("a", label, cls="btn", href=href),)

    def form(self) -> tuple[Child, ...]:
        """See `Links`."""
        field = element("input", type="text", name=ASKED, size="26", placeholder="inc-...")
        button = element("button", "Look up", cls="btn")
        return (element("form", field, " ", button, action="/", method="get"),)
