"""A host of the fleet, made of a folder: stand-ins for its tools, and an SSM agent to run a script.

Everything else is real: bash, timeout, mkdir, find, python3, /proc, sockets on the loopback.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Door = Literal["environment", "text"]

HEALTHY = '{"healthy":true,"nats_connected":true,"enclave_connected":true,"version":"1.4.0"}'
PCR0 = (
    "7fb5c55bc2ecbb68ed99a13d7122abfc0666b926a79d5379"
    "bc58b9445c84217f59cfdd36c08b2c79552928702efe23e4"
)
RUNNING = """[
  {
    "EnclaveName": "vettid-vault-enclave",
    "EnclaveID": "i-0abc1234567890def-enc0123456789abcde",
    "ProcessID": 4242,
    "EnclaveCID": 16,
    "NumberOfCPUs": 6,
    "CPUIDs": [1, 5, 2, 6, 3, 7],
    "MemoryMiB": 12288,
    "State": "RUNNING",
    "Flags": "NONE",
    "Measurements": {
      "HashAlgorithm": "Sha384 { ... }",
      "PCR0": "THE_PCR0",
      "PCR1": "235c9e60",
      "PCR2": "0f0ac32c"
    }
  }
]
""".replace("THE_PCR0", PCR0)

# Properties come in a fixed order, and only those that are asked for. A unit that was never written
# is answered as systemd answers: exit 0, LoadState=not-found.
SYSTEMCTL = """
unit=${!#}
case $1 in
  show)
    asked=''
    for each in "$@"; do [[ $each != --property=* ]] || asked+="|${each#--property=}"; done
    { cat "$HOST/units/$unit" ||
      printf '%s\\n' NRestarts=0 LoadState=not-found ActiveState=inactive SubState=dead \
        Result=success Job= LogNamespace= LogRateLimitIntervalUSec=0 LogRateLimitBurst=0
    } | grep -aE "^(${asked#|})=" ;;
  cancel | reset-failed) echo "$1 ${*:3}" >>"$HOST/asked" ;;
  restart) echo "$1 ${*:3}" >>"$HOST/asked"; [[ ! -e $HOST/restart ]] || . "$HOST/restart" ;;
  *) exit 1 ;;
esac
"""


# As journalctl: the newest line first; or all of them in the format of an export, one a second from
# the boot on, and after them the line that the look has written by itself. Lines of the last two
# minutes are in a file of their own.
JOURNALCTL = r"""
[[ $* != *--output=export* ]] || exec awk -v asked="$*" '
  function entry(number, text) {
    printf "__CURSOR=s=a;i=%x;b=b;m=%x\nPRIORITY=6\nMESSAGE=%s\n\n", number, number * 1e6, text
  }
  BEGIN { if (asked ~ /MESSAGE=look/) { entry(16777215, "look"); exit } else entry(0, "boot") }
  { entry(100 + NR, $0) }
' "$HOST/journal"
from=journal
[[ $* != *--since=-2min* ]] || from=recent
[[ -e $HOST/$from ]] || exit 0
tac "$HOST/$from"
"""


SUBS = {"active": "running", "inactive": "dead", "activating": "start", "deactivating": "stop"}
"""The usual sub-state of each state."""


class Refused(Exception):
    """SSM would not send the command: a parameter breaks the document's own guard."""


@dataclass(frozen=True)
class Ran:
    """What the command left: exit status, standard output, standard error."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Host:
    """One host. `environment` is what its agent hands to every script beside PATH."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def command(self, name: str, body: str) -> None:
        """Put a bash script of this body first on PATH, under this name."""
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/bash\n{body}\n", encoding="utf-8")
        path.chmod(0o755)

    def unit(
        self, name: str, active: str, restarts: str = "0", load: str = "loaded", **more: str
    ) -> None:
        """Let systemd know a unit; *more* are further properties of it."""
        known = {"NRestarts": restarts, "LoadState": load, "ActiveState": active}
        known |= {"SubState": SUBS.get(active, active), "Result": "success", "Job": ""}
        known |= {"LogNamespace": "", "LogRateLimitIntervalUSec": "0", "LogRateLimitBurst": "0"}
        known |= {"ActiveEnterTimestampMonotonic": "60000000"} | more
        text = "".join(f"{each}={value}\n" for each, value in known.items())
        (self.folder / "units" / f"{name}.service").write_text(text, encoding="utf-8")

    def file(self, name: str, text: str) -> None:
        """Write a file of the kernel's, which the look finds below its root."""
        path = self.folder / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def enclaves(self, described: str) -> None:
        """Set what `nitro-cli describe-enclaves` prints."""
        (self.folder / "enclaves").write_text(described, encoding="utf-8")
        self.command("nitro-cli", 'cat "$HOST/enclaves"')

    def parent(self, body: str, status: str = "200") -> None:
        """Set what curl hears from the parent's health endpoint."""
        (self.folder / "health").write_text(body, encoding="utf-8")
        self.command("curl", f"cat \"$HOST/health\"; printf '\\n%s' '{status}'")

    def journal(self, *lines: str) -> None:
        """Set what the parent's unit has logged, oldest first."""
        text = "".join(f"{line}\n" for line in lines)
        (self.folder / "journal").write_text(text, encoding="utf-8")

    def restarting(self, body: str) -> None:
        """Let a restart do this, in bash, instead of nothing."""
        (self.folder / "restart").write_text(f"{body}\n", encoding="utf-8")

    def asked(self) -> list[str]:
        """Give what systemd was asked to do, in order."""
        return self._lines("asked")

    def restarted(self) -> list[str]:
        """Give the units that systemd was asked to restart, those of one request in one line."""
        verb = "restart "
        return [each.removeprefix(verb) for each in self.asked() if each.startswith(verb)]

    def logged(self) -> list[str]:
        """Give the lines that the scripts have written to the host's journal."""
        opening = "--identifier=firstline echo "
        return [each.removeprefix(opening) for each in self._lines("logged")]

    def _lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def send(self, document: Mapping[str, Any], door: Door, **values: str) -> Ran:
        """Send a command as SSM does: hold the values against the document, then run it.

        Raises Refused for a value that the document does not allow.
        """
        given = {name: value.get("default") for name, value in document["parameters"].items()}
        given |= values
        for name, value in given.items():
            _hold(name, value, document["parameters"][name])
        return self.run(document, door, given)

    def run(self, document: Mapping[str, Any], door: Door, values: Mapping[str, str]) -> Ran:
        """Run the document's script as an agent does, with values that nobody held to a guard."""
        with self.running(document, door, values) as process:
            out, err = process.communicate(timeout=60)
        return Ran(process.returncode, out, err)

    @contextmanager
    def running(
        self, document: Mapping[str, Any], door: Door, values: Mapping[str, str]
    ) -> Iterator[subprocess.Popen[str]]:
        """Start the script as an agent does: a file, run by `sh -c`.

        A newer agent hands the values over in the environment, an older one in the text.
        """
        lines = document["mainSteps"][0]["inputs"]["runCommand"]
        text, environment = (
            "\n".join(lines) + "\n",
            {"PATH": self._path(), "HOST": str(self.folder)},
        )
        environment |= self.environment
        for name, value in values.items():
            if door == "environment":
                environment[f"SSM_{name}"] = value
            else:
                text = value.join(re.split(rf"\{{\{{\s*{name}\s*\}}\}}", text))
        script = self.folder / f"_script-{os.urandom(4).hex()}.sh"
        script.write_text(text, encoding="utf-8")
        script.chmod(0o700)
        with subprocess.Popen(
            ["/bin/sh", "-c", str(script)],
            env=environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            yield process

    def _path(self) -> str:
        return f"{self.folder / 'bin'}:/usr/bin:/bin"


def build_host(folder: Path) -> Host:
    """Make a host where all is well: both units active, the enclave RUNNING, the parent healthy."""
    for name in ("bin", "units"):
        (folder / name).mkdir(parents=True)
    root = folder / "root"
    host = Host(folder, {"FIRSTLINE_STATE": str(folder / "state"), "FIRSTLINE_ROOT": str(root)})
    host.file("proc/uptime", "3600.52 7000.11\n")
    host.file("dev/nitro_enclaves", "")
    host.file("proc/sys/kernel/random/boot_id", "53c6cd26-2ede-41a7-9ee6-fda7861478db\n")
    host.command("systemctl", SYSTEMCTL)
    host.command("python3", f'exec "{sys.executable}" "$@"')
    host.command("journalctl", JOURNALCTL)
    host.journal()
    host.command("systemd-cat", 'echo "$*" >>"$HOST/logged"')
    host.command("systemd-analyze", "exit 0")
    host.command("pgrep", "echo 0; exit 1")
    host.unit("vettid-enclave", "active")
    host.unit("vettid-parent", "active", restarts="2")
    host.enclaves(RUNNING)
    host.parent(HEALTHY)
    return host


def _hold(name: str, value: str | None, guard: Mapping[str, Any]) -> None:
    if value is None:
        raise Refused(f"{name} is missing")
    allowed, pattern = guard.get("allowedValues"), guard.get("allowedPattern")
    if allowed is not None and value not in allowed:
        raise Refused(f"{name} is not an allowed value")
    if pattern is not None and not re.search(pattern, value):
        raise Refused(f"{name} does not match {pattern}")
