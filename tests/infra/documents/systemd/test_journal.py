"""What a look says was not stored, on a real journald: the true number, or null."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.documents import content
from tests.infra.documents.states import ONESHOT
from tests.infra.documents.systemd.machine import Machine, until

BLOCKER = "WRN Failed to persist vault state to S3 error=timeout"
NUMBERS = itertools.count()


@dataclass(frozen=True)
class Fleet:
    """An enclave and a parent of their own, the log of which is a file."""

    machine: Machine
    name: str

    @property
    def notes(self) -> Path:
        """Give the file in which a look keeps its place."""
        return self.machine.share / f"{self.name}-state" / "restart_blockers.json"

    def log(self, *lines: str) -> None:
        """Let the parent log these lines, and wait until the last is in the journal."""
        last = f"line {next(NUMBERS)}"
        self.append(*lines, last)
        until(lambda: last in self.journal("--lines=3"), lambda: f"{last} is not in the journal")

    def append(self, *lines: str) -> None:
        """Let the parent log these lines."""
        with (self.machine.share / self.name).open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)

    def journal(self, *arguments: str) -> list[str]:
        """Give the lines of the parent's journal."""
        self.machine.run("journalctl", "--sync")
        unit = f"--unit={self.name}-parent"
        return self.machine.run("journalctl", "--output=cat", unit, *arguments).out.splitlines()

    def restart(self) -> None:
        """Let the enclave start anew: what it holds in memory is gone."""
        self.machine.systemctl(f"restart {self.name}-enclave")

    def blockers(self, seconds: str = "4") -> int | None:
        """Look, and give the number."""
        enclave, parent = f"{self.name}-enclave", f"{self.name}-parent"
        document = content.look_host(enclave_units=(enclave,), parent_units=(parent,))
        values = {"EnclaveUnit": enclave, "ParentUnit": parent, "NatsPort": "4222"}
        values |= {"NatsHost": "", "CredentialsFile": ""}
        own = {"FIRSTLINE_STATE": f"/share/{self.name}-state", "FIRSTLINE_PROBE_SECONDS": seconds}
        ran = self.machine.send(document, values, **own)
        found: int | None = json.loads(ran.out)["restart_blockers"]
        return found


@pytest.fixture
def fleet(machine: Machine) -> Iterator[Fleet]:
    """Give an enclave and a parent that run."""
    made = Fleet(machine, f"fleet{next(NUMBERS)}")
    machine.unit(f"{made.name}-enclave", f"{ONESHOT}ExecStart=true\n")
    (machine.share / made.name).touch()
    machine.unit(
        f"{made.name}-parent",
        f"[Service]\nExecStart=tail --lines=+1 --follow /share/{made.name}\n"
        "LogRateLimitIntervalSec=2s\nLogRateLimitBurst=1000\n",
    )
    machine.systemctl("daemon-reload")
    machine.systemctl(f"start {made.name}-enclave {made.name}-parent")
    yield made
    machine.systemctl(f"stop {made.name}-parent")


def test_each_look_reads_on(fleet: Fleet) -> None:
    """What came before the enclave's start is in no enclave's memory."""
    fleet.log("quiet")
    assert fleet.blockers() == 0
    fleet.log(BLOCKER, "\x1b[33mWRN\x1b[0m cold vault unlock may not work", "quiet")
    assert fleet.blockers() == 2
    assert fleet.blockers() == 2
    fleet.log(BLOCKER)
    assert fleet.blockers() == 3
    fleet.restart()
    assert fleet.blockers() == 0
    fleet.log(BLOCKER)
    assert fleet.blockers() == 1


def test_a_first_look_counts_since_the_enclaves_start(fleet: Fleet) -> None:
    """However long before it that was."""
    fleet.log(BLOCKER)
    fleet.restart()
    fleet.log(BLOCKER, BLOCKER)
    assert fleet.blockers() == 2


def test_what_was_vacuumed_is_unknown_until_the_next_start(fleet: Fleet) -> None:
    """Whether or not somebody has looked before."""
    fleet.log(BLOCKER)
    vacuum(fleet)
    assert fleet.blockers() is None
    fleet.log(BLOCKER)
    assert fleet.blockers() is None
    fleet.restart()
    assert fleet.blockers() == 0
    fleet.log(BLOCKER)
    assert fleet.blockers() == 1
    fleet.log(BLOCKER)
    vacuum(fleet)
    assert fleet.blockers() is None


def test_what_was_vacuumed_before_the_place_is_no_gap(fleet: Fleet) -> None:
    """It has been counted."""
    fleet.log(BLOCKER)
    assert fleet.blockers() == 1
    fleet.machine.run("journalctl", "--rotate")
    assert fleet.blockers() == 1
    vacuum(fleet, rotate=False)
    assert fleet.blockers() == 1


def vacuum(fleet: Fleet, *, rotate: bool = True) -> None:
    """Let the journal forget all but its active file, which nothing has been written to."""
    fleet.machine.run("journalctl", "--sync")
    if rotate:
        fleet.machine.run("journalctl", "--rotate")
    fleet.machine.run("journalctl", "--vacuum-time=1us")


def test_what_was_suppressed_is_unknown(fleet: Fleet) -> None:
    """Before journald says so, and after it did, until the next start."""
    fleet.log("quiet")
    assert fleet.blockers() == 0
    fleet.append(*(f"busy {number}" for number in range(20_000)), BLOCKER)
    until(lambda: len(fleet.journal("--grep=busy")) >= 1000)
    assert fleet.blockers() is None
    assert BLOCKER not in fleet.journal()
    assert not json.loads(fleet.notes.read_text())["missing"]
    until(lambda: noticed(fleet))
    assert fleet.blockers() is None
    assert json.loads(fleet.notes.read_text())["missing"]
    fleet.restart()
    assert fleet.blockers() == 0


def noticed(fleet: Fleet) -> bool:
    """Whether journald says that it suppressed lines: it does so with the next that it takes."""
    fleet.append("quiet")
    return bool(fleet.journal("--grep=^Suppressed"))


def test_a_journald_that_stores_nothing_leaves_it_unknown(fleet: Fleet) -> None:
    """Also when it does so again: what came in between is nowhere."""
    assert fleet.blockers() == 0
    store(fleet, "none")
    fleet.append(BLOCKER)
    assert fleet.blockers() is None
    store(fleet, "auto")
    assert fleet.blockers() is None
    fleet.restart()
    assert fleet.blockers() == 0


def store(fleet: Fleet, storage: str) -> None:
    """Let journald store what it is given, or nothing."""
    folder = "/etc/systemd/journald.conf.d"
    text = f"[Journal]\\nStorage={storage}\\n"
    command = f"mkdir -p {folder} && printf '{text}' >{folder}/storage.conf"
    fleet.machine.run("sh", "-c", command)
    assert fleet.machine.systemctl("restart systemd-journald").status == 0


def test_a_long_journal_is_read_over_several_looks(fleet: Fleet) -> None:
    """Here each has time for one entry: null until the end is reached, and not for ever."""
    fleet.log(BLOCKER, BLOCKER, "quiet", BLOCKER)
    looks = [fleet.blockers("0") for _ in range(12)]
    assert looks[:3] == [None] * 3
    assert looks[-1] == 3


@pytest.mark.parametrize("kept", ["", "[]", "{", '{"boot":"another","start":1,"found":9}'])
def test_notes_of_another_boot_or_none_begin_anew(fleet: Fleet, kept: str) -> None:
    """And so do notes that are no notes."""
    fleet.log(BLOCKER)
    assert fleet.blockers() == 1
    fleet.notes.write_text(kept)
    assert fleet.blockers() == 1
