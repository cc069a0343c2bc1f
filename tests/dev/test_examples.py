"""The examples in docstrings are run, and give what they show."""

import doctest
import importlib

import pytest

MODULES = (
    "firstline.command_lines",
    "firstline.config.business_day",
    "firstline.config.channels",
    "firstline.config.profile",
    "firstline.ledger.chain",
    "firstline.ledger.entries",
    "firstline.ledger.export",
    "firstline.redaction",
    "firstline.signals.correlation",
    "firstline.signals.sources.envelope",
)
"""The modules of the functions that others call most."""


@pytest.mark.parametrize("name", MODULES)
def test_an_example_gives_what_it_shows(name: str) -> None:
    """Each module has one at least."""
    ran = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert ran.attempted > 0
    assert ran.failed == 0
