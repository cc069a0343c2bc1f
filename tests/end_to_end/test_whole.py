"""The last: what only the whole package can tell."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.deployment import APP, Deployment

CPU_SECONDS_MAX = 240
"""Two thirds of what two cores have in three minutes; 90 are usual, 130 beside other tests."""


@pytest.fixture(autouse=True)
def _whole(request: pytest.FixtureRequest) -> None:
    """These look at what the tests of all other files have done."""
    ran = {each.path for each in request.session.items}
    if not set(Path(__file__).parent.glob("test_*.py")) <= ran:
        pytest.skip("a part of the package was run")


def test_every_function_of_the_template_was_run_out_of_its_zip(deployment: Deployment) -> None:
    """At least once without a fault; a function that is added needs a test that invokes it."""
    resources = deployment.assembly.templates[APP]["Resources"].values()
    functions = (each for each in resources if each["Type"] == "AWS::Lambda::Function")
    handlers = {each["Properties"]["Handler"] for each in functions}
    assert handlers - {handler for handler, _ in deployment.lambdas.done} == set()


def test_the_package_takes_three_minutes_at_most(
    deployment: Deployment, record_property: Callable[[str, object], None]
) -> None:
    """By CPU time, where CI runs: beside other tests, and on a busy machine, the clock lies."""
    deployment.lambdas.close()
    spent = deployment.begun.spent()
    record_property("figure", f"end_to_end: {spent.wall:.0f} s, {spent.cpu:.0f} s of CPU")
    if os.environ.get("CI"):
        assert spent.cpu < CPU_SECONDS_MAX
