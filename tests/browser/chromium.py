"""Chromium without a window, driven through its own chromedriver, and its reports on a page.

axe-core, which judges whether people can use a page, comes with ``axe-selenium-python``.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from axe_selenium_python import Axe
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

if TYPE_CHECKING:
    from collections.abc import Callable

type Scheme = Literal["light", "dark"]

AXE_SECONDS = 300
"""As long axe-core may take for one page, on a busy machine too."""
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # root, in a container
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


class Browser:
    """One browser with an empty profile; it speaks to loopback alone."""

    def __init__(self, chromium: str, chromedriver: str, folder: Path) -> None:
        options = ChromeOptions()
        options.binary_location = chromium
        for flag in (*FLAGS, f"--user-data-dir={folder}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = Chrome(options, Service(chromedriver))
        self.driver.set_script_timeout(AXE_SECONDS)

    def show(self, url: str, width: int = 1200, scheme: Scheme = "light") -> None:
        """Open *url* in a view of *width* pixels, by a person who likes *scheme*."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self._send_command("Emulation.setDeviceMetricsOverride", size)
        self.prefer(scheme)
        self._log("browser")
        self._log("performance")
        self.driver.get(url)

    def prefer(self, scheme: Scheme) -> None:
        """Let the person like *scheme* from now on."""
        likes = [{"name": "prefers-color-scheme", "value": scheme}]
        self._send_command("Emulation.setEmulatedMedia", {"features": likes})

    def unfold(self) -> None:
        """Open every part of the page that is folded."""
        self.driver.execute_script(
            "document.querySelectorAll('details').forEach(each => { each.open = true })"
        )

    def violations(self, *left_out: str) -> list[str]:
        """Return what axe-core finds, ``RULE: its help (the elements)``; without *left_out*."""
        axe = Axe(self.driver)
        axe.inject()
        rules = {each: {"enabled": False} for each in left_out}
        found = axe.run(options=json.dumps({"rules": rules, "resultTypes": ["violations"]}))
        return [_described(each) for each in found["violations"]]

    def find(self, css: str) -> list[WebElement]:
        """The elements that a selector finds, in the order of the page."""
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def read(self, script: str) -> Any:  # noqa: ANN401 - any JSON
        """Return the value of a JavaScript expression; the page itself runs none."""
        return self.driver.execute_script(f"return {script}")

    def complaints(self) -> list[str]:
        """Return the complaints of the browser since the page was shown."""
        return [entry["message"] for entry in self._log("browser")]

    def requested(self) -> list[str]:
        """Every address that was requested since it was shown, but for the browser's own pages."""
        messages = [json.loads(entry["message"])["message"] for entry in self._log("performance")]
        urls = (
            each["params"]["request"]["url"]
            for each in messages
            if each["method"] == "Network.requestWillBeSent"
        )
        return [each for each in urls if not each.startswith("chrome://")]

    def _log(self, kind: str) -> list[dict[str, Any]]:
        """Return the log since it was last read."""
        read: Callable[[str], list[dict[str, Any]]] = self.driver.get_log
        return read(kind)

    def _send_command(self, command: str, parameters: dict[str, Any]) -> None:
        self.driver.execute_cdp_cmd(command, parameters)


def _described(violation: dict[str, Any]) -> str:
    places = [str(each["target"][0]) for each in violation["nodes"][:5]]
    return f"{violation['id']}: {violation['help']} ({', '.join(places)})"
