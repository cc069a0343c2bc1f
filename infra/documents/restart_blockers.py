"""Count what the parent has logged, since its enclave started, that bars a restart of the enclave.

A part of look_host.sh, for Python 3.7 and later without anything else. Prints the count, or
nothing: a number is printed only where every line since the start was read.

    restart_blockers.py PARENT START_MICROSECONDS FOLDER BOOT_FILE SECONDS CONSTANT...

Each run reads on from where the last one stopped, for SECONDS, and keeps its place in
FOLDER/restart_blockers.json: so a long journal is read over several looks. From the enclave's start
to its next one there is no count once a line may be missing: the journal of this boot begins after
the start and the place is not in it any more (vacuumed), journald did not store what it was given,
or it logged that it suppressed lines of the parent. It logs that with the next line that it takes,
so a burst of lines that nothing has followed is no count yet. A line of our own shows that journald
stores what it is given, and where the journal ends now.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import struct
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, BinaryIO

    Entry = dict[bytes, bytes]

SUPPRESSED = b"a596d6fe7bfa4994828e72309e95d61e"
"""The id of journald's message that it suppressed lines of a unit (sd-messages.h)."""
COLOUR = re.compile(rb"\x1b\[[0-9;]*m")
LINE_MAX = 8192
UNITS = {"": 1e6, "us": 1, "ms": 1e3, "s": 1e6, "sec": 1e6, "m": 6e7, "min": 6e7, "h": 3.6e9}
JOURNAL = ("journalctl", "--quiet", "--no-pager", "--system", "--boot", "--output=export")
FIELDS = "--output-fields=MESSAGE,MESSAGE_ID,PRIORITY"


def run(*command: str) -> str:
    """Give what *command* prints; raises where it fails or hangs."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=2, check=True
    )
    return done.stdout.decode("utf-8", "replace")


def parsed(stream: BinaryIO) -> Iterator[Entry]:
    """Entries in journald's export format: a field of any bytes has its length before it."""
    entry: Entry = {}
    while True:
        line = stream.readline()
        if not line:
            return
        name, plain, value = line[:-1].partition(b"=")
        if plain:
            entry[name] = value
        elif name:
            (size,) = struct.unpack("<Q", stream.read(8))
            entry[name] = stream.read(size + 1)[:-1]
        else:
            yield entry
            entry = {}


@contextmanager
def journal(*matches: str) -> Iterator[Iterator[Entry]]:
    """Entries of this boot's system journal, the oldest first; raises where journalctl failed."""
    command = (*JOURNAL, FIELDS, *matches)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        ended = False
        try:
            stream = cast("BinaryIO", process.stdout)
            yield parsed(stream)
            ended = not stream.read(1)
        finally:
            if not ended:
                process.kill()
            process.wait()
    if ended and process.returncode:
        raise ValueError("the journal cannot be read")


class Place:
    """An entry's place: sequence within its series, and its monotonic time."""

    def __init__(self, cursor: str) -> None:
        """Take a cursor of journald's apart; raises for what is none."""
        parts = dict(each.split("=", 1) for each in cursor.split(";"))
        self.cursor = cursor
        self.series = parts["s"]
        self.sequence, self.at = int(parts["i"], 16), int(parts["m"], 16)


def first(*matches: str) -> Place | None:
    """Give the place of the first entry that there is."""
    with journal(*matches) as entries:
        for entry in entries:
            return Place(entry[b"__CURSOR"].decode())
    return None


def end() -> Place | None:
    """Write a line, and give its place: None where journald does not store it."""
    text = "look " + os.urandom(8).hex()
    run("systemd-cat", "--identifier=firstline", "echo", text)
    run("journalctl", "--sync")
    return first("SYSLOG_IDENTIFIER=firstline", "MESSAGE=" + text)


class Rate:
    """True if journald may be suppressing lines of a unit without having logged that yet.

    It counts a unit's lines by priority in windows whose beginnings are not known here: of two
    windows side by side, one has at least half of what any window between has.
    """

    def __init__(self, window: float, burst: int, pools: dict[str, list[float]]) -> None:
        """*window* in microseconds; a pool is a beginning, a count, and when it was too many."""
        self.window, self.burst, self.pools = window, burst, pools

    def take(self, entry: Entry, at: int) -> None:
        """Count one more line."""
        pool = self.pools.setdefault(entry.get(b"PRIORITY", b"").decode(), [at, 0, -1])
        if at > pool[2] + self.window:
            pool[2] = -1
        if at > pool[0] + self.window:
            pool[:2] = [at, 0]
        pool[1] += 1
        if pool[1] * 2 >= self.burst:
            pool[2] = at

    def uncertain(self) -> bool:
        """Whether the last lines of a priority were so many."""
        limited = self.window > 0 and self.burst > 0
        return limited and any(pool[2] >= 0 for pool in self.pools.values())


def microseconds(text: str) -> float:
    """Read a time span as systemd writes it; raises for what is none."""
    if not re.fullmatch(r"( ?[0-9]+ ?[a-z]*)+", text):
        raise ValueError("this is no time span")
    parts = re.findall(r"([0-9]+) ?([a-z]*)", text)
    return sum(int(number) * UNITS[unit] for number, unit in parts)


def rate_limit(parent: dict[str, str]) -> tuple[float, int]:
    """Give journald's window and burst for the parent: its own, journald's, or the default."""
    limits = {"RateLimitIntervalSec": "30s", "RateLimitBurst": "10000"}
    for line in run("systemd-analyze", "cat-config", "systemd/journald.conf").splitlines():
        name, _, value = line.partition("=")
        if name in limits and value:
            limits[name] = value
    own = microseconds(parent["LogRateLimitIntervalUSec"])
    burst = int(parent["LogRateLimitBurst"])
    window = own or microseconds(limits["RateLimitIntervalSec"])
    return window, burst or int(limits["RateLimitBurst"])


def shown(unit: str) -> dict[str, str]:
    """Give how *unit* logs."""
    names = ("LogNamespace", "LogRateLimitIntervalUSec", "LogRateLimitBurst")
    asked = ["--property=" + name for name in names]
    lines = run("systemctl", "show", *asked, "--", unit).splitlines()
    return dict(line.split("=", 1) for line in lines)


class Wanted(NamedTuple):
    """What is read: which unit's lines, up to where, until when, and what is looked for."""

    unit: str
    until: Place
    limit: float
    constants: re.Pattern[bytes]
    rate: Rate


class Count:
    """How far the journal was read, and what was found since the enclave's *start*."""

    def __init__(self, kept: dict[str, Any], boot: str, start: int) -> None:
        """Go on with what was *kept* of this boot and start, or begin."""
        same = kept.get("boot") == boot
        place = Place(kept["cursor"]) if same and kept.get("cursor") else None
        if kept.get("start") != start or not same:
            kept = {}
            # what came after an older place is all that came after the start
            place = place if place and place.at <= start else None
        self.boot, self.start, self.place = boot, start, place
        self.found = kept.get("found", 0)
        self.missing = kept.get("missing", False)
        self.pools = kept.get("pools", {})

    def check(self, until: Place) -> None:
        """See whether the journal goes back to where the reading goes on, or else to the start."""
        if self.place and self.place.series == until.series:
            there = first("--lines=1", "--cursor=" + self.place.cursor)
            if there is not None and there.sequence == self.place.sequence:
                return
        self.place, self.found, self.pools = None, 0, {}
        oldest = first()
        self.missing = oldest is None or oldest.at > self.start

    def read(self, wanted: Wanted) -> None:
        """Read on, to the end or for as long as may be."""
        begin = ["--cursor=" + self.place.cursor] if self.place else []
        read = self.place.sequence if self.place else -1
        with journal("--unit=" + wanted.unit, *begin) as entries:
            for entry in entries:
                place = Place(entry[b"__CURSOR"].decode())
                if place.sequence > wanted.until.sequence:
                    break
                if place.sequence > read:
                    self._take(entry, place, wanted)
                    if time.monotonic() > wanted.limit:
                        return
        self.place = wanted.until

    def _take(self, entry: Entry, place: Place, wanted: Wanted) -> None:
        self.place = place
        wanted.rate.take(entry, place.at)
        if place.at >= self.start:
            self.missing |= entry.get(b"MESSAGE_ID") == SUPPRESSED
            line = COLOUR.sub(b"", entry.get(b"MESSAGE", b"")[:LINE_MAX])
            self.found += bool(wanted.constants.search(line))

    def kept(self) -> dict[str, object]:
        """Give what the next run goes on with."""
        return {
            "boot": self.boot,
            "start": self.start,
            "cursor": self.place and self.place.cursor,
            "found": self.found,
            "missing": self.missing,
            "pools": self.pools,
        }


def load(path: Path) -> dict[str, Any]:
    """Give what was kept; what cannot be read is nothing."""
    try:
        kept = json.loads(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return {}
    return kept if type(kept) is dict else {}


def keep(path: Path, count: Count) -> None:
    """Write it so that a crash leaves the old or the new."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps(count.kept()), encoding="ascii")
    new.replace(path)


def main(unit: str, start: str, folder: Path, boot: Path, limit: str, *texts: str) -> None:
    """Print the count, where it is known."""
    # a folder that cannot be written to costs the place, and not the count
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fcntl.flock(os.open(str(folder), os.O_RDONLY), fcntl.LOCK_EX)
    parent = shown(unit)
    if parent["LogNamespace"]:
        return
    path = folder / "restart_blockers.json"
    count = Count(load(path), boot.read_text(encoding="ascii").strip(), int(start))
    rate = Rate(*rate_limit(parent), count.pools)
    until = end()
    count.missing |= until is None
    if until and not count.missing:
        count.check(until)
    if until and not count.missing:
        constants = re.compile(b"|".join(re.escape(each.encode()) for each in texts))
        count.read(Wanted(unit, until, time.monotonic() + float(limit), constants, rate))
    with suppress(OSError):
        keep(path, count)
    if until and count.place is until and not count.missing and not rate.uncertain():
        print(count.found)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]), *sys.argv[5:])
