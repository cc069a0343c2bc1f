"""The dashboard's custom widget, called as CloudWatch calls it: with who looks at it, and how."""

import json
import re
from html import unescape
from typing import Any

from tests.end_to_end.deployment import Deployment

CALLS = re.compile(r'<cwdb-action action="call" endpoint="([^"]+)">([^<]*)</cwdb-action>')


class Widget:
    """The one of the deployed dashboard."""

    def __init__(self, deployment: Deployment) -> None:
        self._lambdas = deployment.lambdas
        result = deployment.cloud.client("cloudwatch").get_dashboard(DashboardName="firstline-e2e")
        widgets = json.loads(result["DashboardBody"])["widgets"]
        (self._properties,) = (each["properties"] for each in widgets if each["type"] == "custom")

    def show(self, **given: object) -> str:
        """What it shows when it is refreshed, or was *given* parameters by a click."""
        context = {
            "dashboardName": "firstline-e2e",
            "widgetId": "widget-1",
            "theme": "light",
            "title": self._properties["title"],
            "forms": {"all": {}},
            "params": self._properties.get("params", {}),
            "width": 1200,
            "height": 500,
        }
        event = {**self._properties.get("params", {}), **given, "widgetContext": context}
        result = self._lambdas.invoke(self._properties["endpoint"], event)
        assert not result.failed, result.payload
        return str(result.payload)

    def calls(self, shown: str) -> list[dict[str, Any]]:
        """The parameters of each click that *shown* offers; all are for the widget itself."""
        found = CALLS.findall(shown)
        assert {endpoint for endpoint, _ in found} == {self._properties["endpoint"]}
        return [json.loads(unescape(given)) for _, given in found]
