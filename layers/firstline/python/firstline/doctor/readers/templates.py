"""Reads the deployed template of the app stack and the values of its references."""

from typing import Any, NamedTuple

from boto3.session import Session

from firstline.config.settings import Home
from firstline.doctor.facts import Fact, ReadFailure, Resource
from firstline.doctor.readers.requests import client, read
from firstline.doctor.template import References

TEMPLATE = "cloudformation:GetTemplate"


class DeployedTemplate(NamedTuple):
    """A stack's template and the values of its references."""

    template: dict[str, Any]
    references: References


class TemplateReader:
    """Reads the template of the stack *name*, which imports *exports*."""

    def __init__(
        self, session: Session, name: str, home: Home, exports: Fact[dict[str, str]]
    ) -> None:
        self._session = session
        self._name = name
        self._home = home
        self._exports = exports

    def template(self) -> Fact[dict[str, Any]]:
        """Return the template of the deployed stack."""
        stacks = client(self._session, "cloudformation")
        return read(TEMPLATE, lambda: stacks.get_template(StackName=self._name)["TemplateBody"])

    def deployed_template(self, resources: Fact[tuple[Resource, ...]]) -> Fact[DeployedTemplate]:
        """Return the template with its references to *resources*."""
        template = self.template()
        if isinstance(template, ReadFailure):
            return template
        if isinstance(resources, ReadFailure):
            return resources
        if isinstance(self._exports, ReadFailure):
            return self._exports
        by_name = {each.logical_id: each for each in resources}
        return DeployedTemplate(template, References(self._home, by_name, self._exports))
