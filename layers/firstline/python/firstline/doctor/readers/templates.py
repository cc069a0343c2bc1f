"""Templates: what the app stack was made from, and what its references stand for by now."""

from typing import Any, NamedTuple

from boto3.session import Session

from firstline.config.settings import Home
from firstline.doctor.facts import Read, Resource, Unread
from firstline.doctor.readers.reading import client, read
from firstline.doctor.template import Stands

TEMPLATE = "cloudformation:GetTemplate"


class Made(NamedTuple):
    """A stack's template, and what its references stand for."""

    template: dict[str, Any]
    stands: Stands


class TemplateReader:
    """Reads that of the stack *name*; *exports* are those that it imports from."""

    def __init__(
        self, session: Session, name: str, home: Home, exports: Read[dict[str, str]]
    ) -> None:
        self._session = session
        self._name = name
        self._home = home
        self._exports = exports

    def template(self) -> Read[dict[str, Any]]:
        """The template that the stack stands by."""
        stacks = client(self._session, "cloudformation")
        return read(TEMPLATE, lambda: stacks.get_template(StackName=self._name)["TemplateBody"])

    def made(self, resources: Read[tuple[Resource, ...]]) -> Read[Made]:
        """It, of a stack that has *resources*."""
        template = self.template()
        if isinstance(template, Unread):
            return template
        if isinstance(resources, Unread):
            return resources
        if isinstance(self._exports, Unread):
            return self._exports
        by_name = {each.logical_id: each for each in resources}
        return Made(template, Stands(self._home, by_name, self._exports))
