"""The whole suite runs on all cores: what shares something costly stays together."""

import pytest

TOGETHER = {"browser", "end_to_end", "infra"}
"""Folders with one thing for all their tests: a deployment, the templates, a browser."""
APART = {
    "test_again.py",
    "test_backtest.py",
    "test_planted.py",
    "test_runs.py",
    "test_scenarios.py",
}
"""Files whose cases share nothing with each other; the tests of one case do."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Name the group of each test; a group is run by one worker."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group(item)))


def group(item: pytest.Item) -> str:
    """The folder, the file, or the case of it that a test belongs to."""
    if item.path.parent.name in TOGETHER:
        return item.path.parent.name
    case = getattr(item, "callspec", None)
    return f"{item.path.name}-{case.id}" if case and item.path.name in APART else item.path.name
