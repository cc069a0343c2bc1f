"""A machine with a real systemd and a real journald: a container of this one's own `/usr`.

It needs root, and Debian's `systemd` and `systemd-container`. Nothing is registered anywhere, its
network is its own loopback, and what it writes is in memory, but for two folders: its units, and
what it shares with the test.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.infra.documents.host import Ran

DEADLINE_SECONDS = 30
"""Within this time whatever a test waits for is there; it takes well below a second."""
BOOT = (
    *("setpriv", "--pdeathsig", "KILL", "systemd-nspawn", "--quiet", "--register=no"),
    *("--keep-unit", "--boot", "--volatile=yes", "--directory=/", "--private-network"),
    *("--console=pipe", "systemd.firstboot=no", "systemd.unit=basic.target"),
)

ENTER = (
    *("/usr/bin/nsenter", "--mount", "--uts", "--ipc", "--net", "--pid"),
    *("--root", "--wd"),
)


def until[T](what: Callable[[], T], message: Callable[[], object] = str) -> T:
    """Wait until *what* gives something; fails with what *told* gives."""
    limit = time.monotonic() + DEADLINE_SECONDS
    while not (found := what()):
        assert time.monotonic() < limit, message()
        time.sleep(0.02)
    return found


@dataclass(frozen=True)
class Machine:
    """One machine, by the process that is its first one."""

    leader: int
    units: Path
    share: Path

    def run(self, *command: str) -> Ran:
        """Run a command on the machine."""
        with self.running(*command) as process:
            out, err = process.communicate(timeout=90)
        return Ran(process.returncode, out, err)

    def running(self, *command: str) -> subprocess.Popen[str]:
        """Start a command on the machine, in a process group of its own."""
        return subprocess.Popen(
            [*ENTER, f"--target={self.leader}", *command],
            env={"PATH": "/usr/bin:/usr/sbin"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def systemctl(self, command: str) -> Ran:
        """Run systemctl with these words."""
        return self.run("systemctl", *command.split())

    def send(
        self, document: Mapping[str, Any], values: Mapping[str, str], **environment: str
    ) -> Ran:
        """Run a document's script as an agent does, with these values."""
        return self.run(*self.command(document, values, **environment))

    def command(
        self, document: Mapping[str, Any], values: Mapping[str, str], **environment: str
    ) -> list[str]:
        """Give the command that runs a document's script with these values."""
        script = self.share / f"script-{os.urandom(4).hex()}.sh"
        lines = document["mainSteps"][0]["inputs"]["runCommand"]
        script.write_text("\n".join(lines) + "\n", encoding="utf-8")
        given = {f"SSM_{name}": value for name, value in values.items()} | environment
        return [
            "env",
            *(f"{name}={value}" for name, value in given.items()),
            "bash",
            f"/share/{script.name}",
        ]

    def unit(self, name: str, text: str) -> None:
        """Write a unit's file; `daemon-reload` makes it known."""
        (self.units / f"{name}.service").write_text(text, encoding="utf-8")

    def shown(self, unit: str, *names: str) -> dict[str, str]:
        """Give properties of a unit."""
        asked = [f"--property={each}" for each in names]
        lines = self.run("systemctl", "show", *asked, "--", f"{unit}.service").out.splitlines()
        return dict(line.split("=", 1) for line in lines)

    def wait(self, unit: str, **shown: str) -> None:
        """Wait until a unit shows these properties."""
        until(
            lambda: self.shown(unit, *shown) == shown,
            lambda: f"{unit}: {self.shown(unit, *shown)} instead of {shown}",
        )


@contextmanager
def booted(folder: Path) -> Iterator[Machine]:
    """Boot a machine, and end it."""
    units, share, console = folder / "units", folder / "share", folder / "console"
    units.mkdir()
    share.mkdir()
    binds = (f"--bind={units}:/etc/systemd/system", f"--bind={share}:/share")
    command = [*BOOT[:-2], f"--machine=firstline-{os.getpid()}", *binds, *BOOT[-2:]]
    with (
        console.open("wb") as out,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            leader = _leader(process, console)
            machine = Machine(leader, units, share)
            until(lambda: _is_up(machine), console.read_text)
            yield machine
            os.kill(leader, signal.SIGKILL)  # no unit is waited for
            process.wait(DEADLINE_SECONDS)
        finally:
            process.kill()


def _leader(process: subprocess.Popen[bytes], console: Path) -> int:
    """The machine's first process: the child that is number 1 in its own namespace."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")

    def first() -> str:
        assert process.poll() is None, console.read_text()
        return next(filter(_is_first, children.read_text().split()), "")

    return int(until(first, console.read_text))


def _is_first(process: str) -> bool:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False
    return any(line.split()[2:] == ["1"] for line in status.splitlines() if "NSpid" in line)


def _is_up(machine: Machine) -> bool:
    return machine.systemctl("is-system-running").out.strip() in {"running", "degraded"}
