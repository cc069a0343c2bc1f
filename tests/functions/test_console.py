"""The widget's function: what it is asked, and what it answers."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, strategies

from functions import console
from tests.controller.rig import opened
from tests.strategies import CALM
from tests.strategies import JSON as ANY_JSON

JSON = ANY_JSON | strategies.just("\ud800")


@dataclass
class Called:
    """Lambda's context, as far as it is used."""

    invoked_function_arn: str = "arn:aws:lambda:us-east-1:111122223333:function:console"


def test_it_describes_itself_without_reading_anything() -> None:
    """CloudWatch asks for it when a widget is added."""
    result = console.handler({"describe": True}, Called())
    assert isinstance(result, dict)
    assert result["markdown"].startswith("## firstline")


@pytest.mark.parametrize("parameters", [{}, {"widgetContext": {"theme": "dark", "forms": None}}])
def test_it_shows_what_is_open(parameters: dict[str, Any]) -> None:
    """In the dashboard's theme; what is clicked calls the same function."""
    rig = opened()
    shown = console.handler(parameters, Called(), rig.system)
    assert isinstance(shown, str)
    assert "complete-outage" in shown
    assert Called().invoked_function_arn in shown
    assert ("color-scheme: dark" in shown) is bool(parameters)


def test_it_shows_an_incident_by_a_click_or_by_the_form() -> None:
    """A click names it as a parameter; the form's field counts only where the form was sent."""
    rig = opened()
    field = {"widgetContext": {"forms": {"all": {"incident": rig.id()}}}}
    for event in ({"incident": rig.id()}, {"form": "yes"} | field):
        shown = console.handler(event, Called(), rig.system)
        assert isinstance(shown, str)
        assert "all vaults inaccessible" in shown
    overview = console.handler(field, Called(), rig.system)
    assert isinstance(overview, str)
    assert "all vaults inaccessible" not in overview


@pytest.mark.parametrize(
    "event", [[], None, 1, {"widgetContext": 1}, {"widgetContext": {"forms": []}}]
)
def test_an_invalid_event_gets_one_line(event: object) -> None:
    shown = console.handler(event, Called(), opened().system)
    assert isinstance(shown, str)
    assert "Send the parameters of a custom widget, as CloudWatch does: " in shown


@CALM
@given(JSON, JSON, JSON, JSON)
def test_no_value_of_any_key_is_a_traceback(
    whole: object, about: object, forms: object, fields: object
) -> None:
    """At every depth of the event."""
    system = opened().system
    for event in (
        whole,
        {"describe": about, "form": forms, "incident": fields},
        {"widgetContext": about},
        {"widgetContext": {"forms": forms, "theme": about}},
        {"form": 1, "widgetContext": {"forms": {"all": fields}}},
        {"form": 1, "widgetContext": {"forms": {"all": {"incident": fields}}}},
    ):
        assert isinstance(console.handler(event, Called(), system), str | dict)
