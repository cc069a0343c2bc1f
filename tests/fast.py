"""What ``--fast`` runs: the tests of what decides, within a minute of CPU.

A plugin of pytest. The rule has three parts, and each is adjusted in one place:

- a folder of ``tests/`` is left out whole, and not imported, where ``LEFT_OUT`` names it: there
  are the adapters, the stacks and the commands. Any other folder, a new one too, is run;
- a test that is marked ``slow`` is left out: of the scenarios all but one of each kind
  (`tests/replay/kinds.py`);
- a property is tried with ``EXAMPLES`` examples in place of Hypothesis's hundred.
"""

from pathlib import Path

import pytest
from hypothesis import settings

TESTS = Path(__file__).parent
LEFT_OUT = frozenset(
    {
        "adapters",
        "bench",
        "browser",
        "cli",
        "dev",
        "end_to_end",
        "functions",
        "iam",
        "infra",
        "lab",
        "probe",
        "tools",
    }
)
EXAMPLES = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know the option, here and in each worker."""
    parser.addoption("--fast", action="store_true", help="only what decides: see tests/fast.py")


def pytest_configure(config: pytest.Config) -> None:
    """Set the number of examples before a module of tests asks for it."""
    if config.getoption("fast"):
        settings.register_profile("fast", settings.get_profile("calm"), max_examples=EXAMPLES)
        settings.load_profile("fast")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import nothing of a folder that is left out."""
    left_out = collection_path.parent == TESTS and collection_path.name in LEFT_OUT
    return True if config.getoption("fast") and left_out else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked."""
    if config.getoption("fast"):
        slow = [each for each in items if each.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [each for each in items if not each.get_closest_marker("slow")]


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say what is left out, so that nobody takes it for the whole."""
    left_out = ", ".join(sorted(LEFT_OUT))
    return f"fast: without {left_out} and what is slow" if config.getoption("fast") else None
