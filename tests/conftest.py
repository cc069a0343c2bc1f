"""The whole suite runs on all cores: what shares something costly stays together."""

import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

settings.register_profile(
    "calm", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("calm")  # the same examples in every run, however busy the machine is
pytest_plugins = ["tests.fast", "tests.iam.held"]

TESTS = Path(__file__).parent
TOGETHER = {"browser", "end_to_end", "infra"}
"""Folders with one thing for all their tests: a deployment, the templates, a browser."""
APART = {
    "test_redecision.py",
    "test_backtest.py",
    "test_faults.py",
    "test_planted_bugs.py",
    "test_runs.py",
    "test_scenarios.py",
}
"""Files whose cases share nothing with each other; the tests of one case do."""
MEASURED = {
    "config",
    "controller",
    "diagnosis",
    "doctor",
    "incidents",
    "lab/redecide",
    "ledger",
    "monitoring",
    "notifications",
    "remediation",
    "reporting",
    "signals",
}
"""Folders whose tests prove the core's coverage, but for those marked slow.

To trace the core takes as long again as to run it, so that no other test is traced.
"""
MEASURED_FILES = {
    "cli/test_backtest.py",
    "cli/test_drill.py",
    "cli/test_drill_results.py",
    "cli/test_past.py",
    "cli/test_replay_export.py",
    "cli/test_report_since.py",
    "cli/test_schema_1_export.py",
    "cli/test_statistics.py",
    "lab/test_generate.py",
    "lab/test_http_fault.py",
    "probe/test_servers.py",
    "test_redaction.py",
    "test_schema_1.py",
    "test_version.py",
}
"""Files of other folders that do, too: of commands, those whose analysis is pure."""
SHARED_SECONDS = 3600
"""How long a test may take that has to make what its folder shares, on a busy machine."""


class Together(LoadScopeScheduling):  # type: ignore[misc] # it comes without types
    """Gives a worker all the tests of a folder, a file, or a case of one."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Measure no coverage where it proves nothing, also while fixtures are made."""
    measured = Coverage.current() if is_unmeasured(item) else None
    if measured is None:
        return (yield)
    measured.stop()
    try:
        return (yield)
    finally:
        measured.start()


def is_unmeasured(item: pytest.Item) -> bool:
    """Whether the core's coverage rests on other tests."""
    path = item.path.relative_to(TESTS)
    folders = {each.as_posix() for each in path.parents}
    if not MEASURED & folders and path.as_posix() not in MEASURED_FILES:
        return True
    return item.get_closest_marker("slow") is not None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:  # noqa: ANN401 - xdist's own
    """What the workers of a run are given, and in which portions."""
    return Together(config, log)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Whichever test comes first in such a folder waits for what all of them share."""
    if item.path.parent.name in TOGETHER:
        item.add_marker(pytest.mark.timeout(SHARED_SECONDS))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Figures that tests measured on their way (`record_property`)."""
    reports = (each for reports in terminalreporter.stats.values() for each in reports)
    for report in reports:
        if getattr(report, "when", "") == "call":
            for name, value in report.user_properties:
                if name == "figure":
                    terminalreporter.write_line(f"measured: {value}")


def group(nodeid: str) -> str:
    """Which tests a test shares something costly with."""
    path, _, test = nodeid.partition("::")
    folder, _, file = path.rpartition("/")
    if folder.rpartition("/")[2] in TOGETHER:
        return folder
    case = re.search(r"\[.*\]", test)
    return f"{path}{case[0]}" if case and file in APART else path
