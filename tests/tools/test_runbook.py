"""The runbook's coverage: every row is true, and the check of it can fail."""

import copy
from typing import Any

import pytest

from firstline.cli.develop import checkout
from tools.docs import runbook
from tools.docs.coverage import coverage
from tools.docs.runbook import Step

STEPS = {each.id: each for each in runbook.load()}


def faults(changed: Step) -> tuple[str, ...]:
    """Return the faults if *changed* replaces the step of its id."""
    steps = (STEPS | {changed.id: changed}).values()
    return tuple(runbook.faults(tuple(steps), checkout()))


def test_every_step_is_proved_by_what_is_there() -> None:
    assert tuple(runbook.faults(runbook.load(), checkout())) == ()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"by": ()}, "nothing is named that does it"),
        ({"tests": ()}, "no test proves it"),
        ({"scenarios": ()}, "is proved by a scenario, or says why none shows it"),
        ({"unseen": "rare"}, "is proved by a scenario, or says why none shows it"),
        ({"left": "all"}, "is automated, and says all of what is left to a person"),
        ({"how": "assisted"}, "is assisted, and says nothing of what is left to a person"),
        ({"scenarios": ("no-such",)}, "there is no scenario no-such that says how it ends"),
        (
            {"tests": ("tests/signals/test_rules.py::test_gone",)},
            "there is no test tests/signals/test_rules.py::test_gone",
        ),
        (
            {"tests": ("tests/signals/gone.py::test_x",)},
            "there is no test tests/signals/gone.py::test_x",
        ),
        (
            {"tests": ("tests/events.py::body",)},
            "there is no test tests/events.py::body",
        ),
    ],
)
def test_a_row_without_proof_is_told(change: dict[str, Any], expected: str) -> None:
    """R15 is automated, and proved as it stands."""
    assert f"R15: {expected}" in faults(copy.replace(STEPS["R15"], **change))


@pytest.mark.parametrize(
    "name",
    [
        "alarm:gone",
        "rule:gone",
        "response:P9",
        "action:gone",
        "guard:gone",
        "code:firstline.diagnosis.diagnose.gone",
        "code:firstline.diagnosis.diagnose.Diagnosis.gone",
        "code:firstline.gone.diagnose",
        "code:elsewhere.diagnose",
        "hope:best",
    ],
)
def test_a_name_that_is_gone_is_told(name: str) -> None:
    step = STEPS["R15"]
    assert faults(copy.replace(step, by=(*step.by, name))) == (f"R15: there is no {name}",)


def test_what_is_for_a_step_stands_in_its_row() -> None:
    """An alarm and an action name the steps that they are for."""
    assert "R15: action:look_host is for it, and not named" in faults(
        copy.replace(STEPS["R15"], by=("guard:dependency_is_well",))
    )
    assert "R05: alarm:response-time is for it, and not named" in faults(
        copy.replace(STEPS["R05"], by=("rule:answers are slow",))
    )


def test_a_step_that_is_left_out_is_told() -> None:
    steps = tuple(each for each in runbook.load() if each.id != "R09")
    (expected,) = runbook.faults(steps, checkout())
    assert expected.startswith("the steps are not R01 to R46, each once")


def test_the_page_has_a_row_for_each_step() -> None:
    page = coverage(checkout())
    assert all(f"\n| {each} | " in page for each in runbook.STEPS)
    assert "Does not hold" not in page
