"""``docs/pictures/report.*.png``: the report of a replay, rendered by Chromium.

Versions of Chromium differ in their pixels, so that no test compares pictures. ``report.sha256`` is
the digest of the page without its hashes, which change with the code.
"""

import hashlib
import re
import shutil
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from firstline.cli.main import dispatch
from firstline.errors import InvalidInput

EVENT = Path("events", "cloudwatch.healthy-hosts-zero.json")
STAMP = "report.sha256"
SIZE = "960,1090"
"""Width and height in pixels, down to the end of the timeline's drawing."""
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
SECONDS_MAX = 60


def page(root: Path) -> str:
    """Return the report of a complete outage as HTML."""
    with TemporaryDirectory() as folder, redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        path = Path(folder, "report.html")
        if dispatch(["replay", str(root / EVENT), "--html", str(path)]):
            raise InvalidInput(f"{EVENT}: its replay does not end as expected")
        return path.read_text()


def digest(page: str) -> str:
    """Return the hexadecimal digest of the relevant parts of *page*."""
    return hashlib.sha256(re.sub(r"\b[0-9a-f]{8,}\b", "-", page).encode()).hexdigest()


def is_current(root: Path) -> bool:
    """Return True if the pictures show the page of the present code."""
    stamp = root / "docs" / "pictures" / STAMP
    return stamp.exists() and stamp.read_text().strip() == digest(page(root))


def take(root: Path) -> str:
    """Take outdated pictures; return the result in a line."""
    folder, shown = root / "docs" / "pictures", page(root)
    if is_current(root):
        return "is current"
    browser = shutil.which("chromium")
    if browser is None:
        return "is STALE: taking it needs Debian's chromium"
    for scheme in ("light", "dark"):
        _photograph(browser, shown, scheme, folder / f"report.{scheme}.png")
    (folder / STAMP).write_text(f"{digest(shown)}\n")
    return "is taken"


def _photograph(browser: str, page: str, scheme: str, path: Path) -> None:
    """Take *page* as a browser with the colour *scheme* shows it."""
    with TemporaryDirectory() as folder:
        shown = Path(folder, "report.html")
        shown.write_text(page.replace("color-scheme: light dark", f"color-scheme: {scheme}"))
        words = (*FLAGS, f"--user-data-dir={folder}", f"--window-size={SIZE}")
        command = (browser, *words, f"--screenshot={path}", shown.as_uri())
        subprocess.run(command, check=True, capture_output=True, timeout=SECONDS_MAX)
