"""The wheel of the checkout, built and installed as a person installs it, without the network.

The environment has the wheel and links to its declared dependencies only, so that an undeclared one
is missing. pip's downloads are not tried.
"""

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
UV = (str(Path(sys.executable).parent / "uv"), "-q", "--no-config", "--offline")


class Installed:
    """A command line that was installed from the wheel, and an empty folder to call it from."""

    def __init__(self, folder: Path) -> None:
        self.wheel = _built(folder / "dist")
        self.stand = folder / "stand"
        self.stand.mkdir()
        self.python = folder / "venv" / "bin" / "python"
        # nothing of this process's: the links lead to packages that are compiled already
        self._env = {"PATH": "/usr/bin:/bin", "HOME": str(self.stand)}
        subprocess.run([*UV, "venv", "-p", sys.executable, folder / "venv"], check=True)
        into = ("pip", "install", "--no-deps", "-p", str(self.python), str(self.wheel))
        subprocess.run([*UV, *into], check=True)
        (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
        self.package = site / "firstline"
        _link(site)

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run ``firstline`` with *words*, from the empty folder, with no input."""
        return subprocess.run(
            [self.python.with_name("firstline"), *words],
            cwd=self.stand,
            env=self._env | env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start ``firstline``; its output can be read while it runs."""
        return subprocess.Popen(
            [self.python.with_name("firstline"), *words],
            cwd=self.stand,
            env=self._env,
            stdout=subprocess.PIPE,
            text=True,
        )

    def says(self, code: str) -> str:
        """Return what the environment's Python prints that runs *code* in the empty folder."""
        ran = subprocess.run(
            [self.python, "-c", code],
            cwd=self.stand,
            env=self._env,
            capture_output=True,
            text=True,
            check=True,
        )
        return ran.stdout


def _built(folder: Path) -> Path:
    """The checkout's wheel, in *folder*."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _link(site: Path) -> None:
    """Links in *site* to all that the wheel there needs, from this environment."""
    (here,) = site.glob("firstline-*.dist-info")
    metadata = (here / "METADATA").read_text().partition("\n\n")[0].splitlines()
    wanted = [line.removeprefix("Requires-Dist: ") for line in metadata if "Requires-Dist" in line]
    for name in _needed(Requirement(each) for each in wanted):
        for top in {file.parts[0] for file in distribution(name).files or ()} - {".."}:
            if not (site / top).exists():
                (site / top).symlink_to(Path(str(distribution(name).locate_file(top))))


def _needed(wanted: Iterator[Requirement]) -> set[str]:
    """The names of all distributions that meet *wanted*, and what those need in turn."""
    open_, seen = list(wanted), set[tuple[str, str]]()
    while open_:
        need = open_.pop()
        for extra in ("", *need.extras):
            if (need.name, extra) not in seen:
                seen.add((need.name, extra))
                further = map(Requirement, distribution(need.name).requires or ())
                open_ += [each for each in further if _holds(each, extra)]
    return {name for name, _ in seen}


def _holds(need: Requirement, extra: str) -> bool:
    """True if *need* applies here, with *extra*."""
    return need.marker is None or need.marker.evaluate({"extra": extra})
