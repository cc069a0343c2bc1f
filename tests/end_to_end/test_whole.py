"""The last: what only the whole package can tell."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.deployment import APP, Deployment

DEPLOYMENTS_MAX = 10
"""What the package may take of CPU, counted in what its first deployment took on this machine."""


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


def test_the_package_takes_as_much_as_ten_deployments_at_most(
    deployment: Deployment, record_property: Callable[[str, object], None]
) -> None:
    """By CPU time, and by this machine's own: a busy one takes more of it for the same work."""
    deployment.lambdas.close()
    spent = deployment.begun.spent()
    of_making = spent.cpu / deployment.making.cpu
    result = (
        f"end_to_end: {spent.wall:.0f} s, {spent.cpu:.0f} s of CPU, {of_making:.1f} deployments"
    )
    record_property("figure", result)
    assert of_making < DEPLOYMENTS_MAX
