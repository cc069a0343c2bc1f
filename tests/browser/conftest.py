"""The browser of these tests: Debian's packages ``chromium`` and ``chromium-driver``."""

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.browser.chromium import Browser


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Give a browser; without one the test is left out with the reason, and fails in CI."""
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        lacking = "no browser: apt-get install -y chromium chromium-driver"
        if os.environ.get("CI"):
            pytest.fail(lacking)
        pytest.skip(lacking)
    made = Browser(chromium, chromedriver, tmp_path_factory.mktemp("browser"))
    yield made
    made.driver.quit()
