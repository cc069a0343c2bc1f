"""Verify an exported ledger with the standard library alone.

    python3 -I -S audit.py EXPORT [HEAD ...]

EXPORT holds one entry a line. A line's bytes are what was hashed when the entry was written, so
nothing is decoded and encoded again: each entry names the SHA-256 of the line before it in its
incident's chain. A HEAD is the hash of an incident's last entry, known from elsewhere; without
one, entries cut from the end of a chain cannot be noticed, and the answer says so.

This file imports nothing of firstline, so that anyone can read it whole and run it by itself.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import NamedTuple

GENESIS = "0" * 64


class Fault(NamedTuple):
    """The first line that does not hold, counted from 1 (0: the export as a whole), and why."""

    line: int
    why: str


class Finding(NamedTuple):
    """What an export holds: entries, the head of each incident's chain, and the first fault."""

    entries: int
    heads: dict[str, str]
    fault: Fault | None


def verify(export: bytes, anchors: tuple[str, ...] = ()) -> Finding:
    """Check every chain in *export*, and that each of *anchors* is the head of one."""
    heads: dict[str, str] = {}
    lengths: dict[str, int] = {}
    lines = export.splitlines()
    if export and not export.endswith(b"\n"):
        return Finding(0, {}, Fault(len(lines), "the last line is cut off"))
    for number, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
            if "text" in entry or "checkpoint" in entry:
                continue
            incident, sequence, previous = entry["incident"], entry["sequence"], entry["previous"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return Finding(number - 1, heads, Fault(number, "is not an entry"))
        fault = _link(incident, sequence, previous, lengths, heads)
        if fault:
            return Finding(number - 1, heads, Fault(number, fault))
        lengths[incident] = sequence
        heads[incident] = hashlib.sha256(line).hexdigest()
    return Finding(sum(lengths.values()), heads, _anchored(heads, anchors))


def _link(
    incident: object,
    sequence: object,
    previous: object,
    lengths: dict[str, int],
    heads: dict[str, str],
) -> str:
    """Why an entry does not follow what came before it in its chain; empty when it does."""
    if not isinstance(incident, str) or type(sequence) is not int:
        return "is not an entry"
    expected = lengths.get(incident, 0) + 1
    if sequence != expected:
        return f"is entry {sequence} of {incident}, and entry {expected} was due"
    if previous != heads.get(incident, GENESIS):
        return f"does not follow: what stands before it in {incident} has another hash"
    return ""


def _anchored(heads: dict[str, str], anchors: tuple[str, ...]) -> Fault | None:
    for anchor in anchors:
        if anchor not in heads.values():
            return Fault(0, f"no chain ends in {anchor}: the end was cut off or changed")
    return None


def main(arguments: list[str]) -> int:
    """Verify the file that *arguments* name; 0 it holds, 1 it does not, 2 it cannot be read."""
    if not arguments or arguments[0].startswith("-"):
        print("usage: python3 -I -S audit.py EXPORT [HEAD ...]", file=sys.stderr)
        return 2
    try:
        export = Path(arguments[0]).read_bytes()
    except OSError as error:
        print(f"{arguments[0]}: cannot be read: {error.strerror}", file=sys.stderr)
        return 2
    found = verify(export, tuple(arguments[1:]))
    print(told(arguments[0], found, anchored=len(arguments) > 1))
    return 1 if found.fault or not found.entries else 0


def told(name: str, found: Finding, *, anchored: bool) -> str:
    """The finding in words."""
    if found.fault:
        where = f"{name}:{found.fault.line}" if found.fault.line else name
        return f"{where}: {found.fault.why}"
    if not found.entries:
        return f"{name}: holds no entry"
    chains = f"{found.entries} entries in {len(found.heads)} chains hold"
    if anchored:
        return f"{name}: {chains}, and end in the heads given"
    return f"{name}: {chains}; no head was given, so a cut-off end would not be seen"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
