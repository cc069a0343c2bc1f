"""One machine for the tests of a module."""

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.infra.documents.systemd.machine import Machine, booted


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Give a machine that has booted; without root or Debian's systemd-container, leave it out."""
    if os.geteuid() != 0 or shutil.which("systemd-nspawn") is None:
        pytest.skip("a machine wants root, and Debian's systemd and systemd-container")
    with booted(tmp_path_factory.mktemp("machine")) as found:
        yield found
