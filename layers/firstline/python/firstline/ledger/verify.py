"""Verify an exported ledger with the standard library alone.

    python3 -I -S audit.py EXPORT [KEY] [--head HASH ...] [--partial] [--require-anchor]

EXPORT holds a line for each entry, policy and checkpoint. An entry's line is the bytes that were
hashed when it was written; it names the SHA-256 of the line before it in its incident's chain. A
policy's line holds a profile's text under its SHA-256. A checkpoint's line holds a text and its
signature: the text names the SHA-256 of the checkpoint before it, and where incidents' chains
stood then ({incident: [entries, SHA-256 of the last]}).

KEY is the public key that checkpoints are signed with (PEM or DER, RSA, PKCS #1 v1.5, SHA-256).
A HASH, known from elsewhere, is of an incident's last entry, or of the last checkpoint's text.
--partial says that EXPORT was made of some incidents only.

What no signed checkpoint and no HASH reaches could have been changed and hashed again unseen, a
chain without any of them as a whole, and the answer says so; --require-anchor makes the latter a
failure. The file is read twice, line by line. This one imports nothing of firstline, so that
anyone can read it whole and run it alone.
"""

from __future__ import annotations  # it runs on an older Python, too

import argparse
import base64
import hashlib
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

GENESIS = "0" * 64
NEITHER = "is not an entry, nor a policy or a checkpoint"
FAULTS_MAX = 100
"""How many faults are told; one often brings others with it."""
RSA_ENCRYPTION = bytes.fromhex("300d06092a864886f70d0101010500")
"""What says in a public key that it is one of RSA (RFC 3279)."""
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
"""What stands before a SHA-256 that is signed (RFC 8017, 9.2)."""
MODULUS_BITS_MIN, EXPONENT_MIN = 2048, 3
COUNT_MAX = 2**63 - 1
"""The highest sequence or length that is one; a longer number may have no decimal form."""

REQUIRE_ANCHOR = "end with 1 where nothing anchors one of the chains"

Key = tuple[int, int]
"""Modulus and exponent of an RSA public key."""


class Fault(NamedTuple):
    """A line that does not hold, counted from 1 (0: the export as a whole), and why."""

    line: int
    why: str


def verify(
    export: bytes | BinaryIO,
    anchors: tuple[str, ...] = (),
    key: Key | None = None,
    *,
    partial: bool = False,
) -> Finding:
    """Check all of *export*: a file that can be read twice, or its bytes."""
    file = io.BytesIO(export) if isinstance(export, bytes) else export
    found = Finding(key)
    for take in (found.checkpoint, found.line):
        file.seek(0)
        for number, line in enumerate(file, start=1):
            if why := take(number, line):
                found.faults.append(Fault(number, why))
                del found.faults[FAULTS_MAX:]
    found.end(anchors, partial=partial)
    if found.strange:
        why = "is no export: no line of it is an entry, a policy or a checkpoint"
        found.faults[:] = [Fault(0, why)]
    return found


class Finding:
    """What an export holds, and in ``faults`` what does not hold, in the order of lines (0 last).

    ``heads`` are the hashes of each chain's last entry, ``last`` is that of the last checkpoint.
    ``unanchored`` counts, by incident, the entries that nothing trusted reaches; ``bare`` names the
    chains of which that is all. ``policies`` tells of each that entries name whether its text is
    here. ``anchored`` has, by incident and length, the hash that a checkpoint says stands there,
    and that checkpoint's line.
    """

    def __init__(self, key: Key | None) -> None:
        self.key, self.faults = key, list[Fault]()
        self.entries, self.checkpoints, self.last = 0, 0, ""
        self.heads: dict[str, str] = {}
        self.anchored: dict[str, dict[int, tuple[str, int]]] = {}
        self.unanchored: dict[str, int] = {}
        self.bare: list[str] = []
        self.policies: dict[str, bool] = {}
        self._sequence = 0
        self._stands: dict[str, tuple[int, int]] = {}  # sequence and line of a chain's last entry

    @property
    def valid(self) -> bool:
        """Whether there is something, and nothing is wrong with it."""
        return not self.faults and self.entries > 0

    @property
    def strange(self) -> bool:
        """Whether there are lines, and none that is understood."""
        known = self.entries or self.policies or self.checkpoints
        return not known and any(each.why == NEITHER for each in self.faults)

    @property
    def absent(self) -> int:
        """How many incidents of checkpoints the export does not have."""
        return len(self.anchored.keys() - self.heads.keys())

    def checkpoint(self, number: int, line: bytes) -> str:
        """Take a link of the fleet-wide chain of heads; gives why it does not hold, or nothing."""
        if (document := _checkpoint(line)) is None:
            return ""
        try:
            text, signature = _text(document["checkpoint"]).encode(), _text(document["signature"])
            said = json.loads(text)
            sequence, previous = _count(said["sequence"]), said["previous"]
            heads = said["heads"].items()
            named = [(_text(name), _count(at), _text(head)) for name, (at, head) in heads]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return "is no checkpoint"
        due, before = self._sequence + 1, self.last or GENESIS
        self._sequence, self.last = sequence, hashlib.sha256(text).hexdigest()
        self.checkpoints += 1
        why = ""
        for name, length, head in named:
            there, says = self.anchored.setdefault(name, {}).setdefault(length, (head, number))
            why = why if there == head else f"contradicts line {says} on entry {length} of {name}"
        if not _spelled(line, document, "checkpoint", "signature"):
            why = "is a checkpoint that was not written so"
        elif sequence != due:
            why = f"is checkpoint {sequence}, and checkpoint {due} was due"
        elif previous != before:
            why = "does not follow: the checkpoint before it has another hash"
        if self.key is not None and not signed_by(self.key, text, signature):
            why = f"checkpoint {sequence} is not signed by the key given"
        return why

    def line(self, number: int, line: bytes) -> str:
        """Take any other line, once all checkpoints are known; gives as `checkpoint`."""
        if not line.endswith(b"\n"):
            return "the last line is cut off"
        if _checkpoint(line) is not None:
            return ""
        try:
            said = json.loads(line)
            return self._policy(line, said) if "text" in said else self._entry(number, line, said)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return NEITHER

    def _policy(self, line: bytes, said: dict[str, Any]) -> str:
        digest = hashlib.sha256(said["text"].encode()).hexdigest()
        if said["policy"] != digest or not _spelled(line, said, "policy", "text"):
            return "is a policy whose text has another digest, or which was not written so"
        self.policies[digest] = True
        return ""

    def _entry(self, number: int, line: bytes, said: dict[str, Any]) -> str:
        name, sequence = _text(said["incident"]), _count(said["sequence"])
        previous, policy = said["previous"], _text(said.get("policy", ""))
        digest, before = hashlib.sha256(line[:-1]).hexdigest(), self.heads.get(name, GENESIS)
        length, stood = self._stands.get(name, (0, 0))
        self.entries += 1
        self.heads[name], self._stands[name] = digest, (sequence, number)
        self.policies.setdefault(policy, False)
        if sequence != length + 1:
            return f"is entry {sequence} of {name}, and entry {length + 1} was due"
        if previous != before:
            return f"does not follow: what stands before it, in line {stood}, has another hash"
        head, says = self.anchored.get(name, {}).get(sequence, (digest, 0))
        return "" if head == digest else f"is not what line {says} anchored as entry {sequence}"

    def end(self, anchors: tuple[str, ...], *, partial: bool) -> None:
        """Find what is missing at the ends, and what nothing reaches there."""
        trusted = self.key is not None or self.last in anchors
        for name in {**self.anchored, **self._stands}:
            length, known = self._stands.get(name, (0, 0))[0], self.anchored.get(name, {0: ("", 0)})
            reached = max(known)
            if length < reached and (length or not partial):
                has = f"the export ends at entry {length}" if length else "the export has none"
                why = f"says that {name} has {reached} entries: {has}"
                self.faults.append(Fault(known[reached][1], why))
            if length > reached * trusted and self.heads[name] not in anchors:
                self.unanchored[name] = length - reached * trusted
        ends = self._stands
        self.bare = [name for name, some in self.unanchored.items() if some == ends[name][0]]
        for each in anchors:
            if each != self.last and each not in self.heads.values():
                why = f"no chain ends in {each}: the end was cut off or changed"
                self.faults.append(Fault(0, why))
        self.faults.sort(key=lambda each: (not each.line, each.line))


def _checkpoint(line: bytes) -> dict[str, Any] | None:
    """The document of a line that means to be a checkpoint."""
    if b'"checkpoint"' not in line:
        return None
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and "checkpoint" in document else None


def _text(value: object) -> str:
    """*value*, a string that UTF-8 can write; else raises `TypeError` or `ValueError`."""
    if not isinstance(value, str):
        raise TypeError
    value.encode()
    return value


def _count(value: object) -> int:
    """*value*, a number that counts entries or checkpoints; else raises `TypeError`."""
    if type(value) is not int or not 0 < value <= COUNT_MAX:
        raise TypeError
    return value


def _spelled(line: bytes, document: dict[str, Any], *keys: str) -> bool:
    """Whether *line* is *document*, of these keys, as an encoder spells it.

    Else a byte could be changed that changes nothing of what is hashed.
    """
    if tuple(document) != keys:
        return False
    ours = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return line.removesuffix(b"\n") in {ours, json.dumps(document).encode()}


def signed_by(key: Key, text: bytes, signature: str) -> bool:
    """Whether *signature* (base64) is of *text* by *key*: RSASSA-PKCS1-v1_5 with SHA-256."""
    modulus, exponent = key
    size = (modulus.bit_length() + 7) // 8
    try:
        raw = base64.b64decode(signature, validate=True)
    except ValueError:
        return False
    if len(raw) != size or base64.b64encode(raw).decode() != signature:
        return False
    info = SHA256_INFO + hashlib.sha256(text).digest()
    padded = b"\0\1" + b"\xff" * (size - len(info) - 3) + b"\0" + info
    return pow(int.from_bytes(raw, "big"), exponent, modulus) == int.from_bytes(padded, "big")


def read_key(data: bytes) -> Key:
    """The RSA key of a SubjectPublicKeyInfo, PEM or DER; raises `ValueError`."""
    if data.lstrip().startswith(b"-----BEGIN PUBLIC KEY-----"):
        body = data.partition(b"KEY-----")[2].partition(b"-----END")[0]
        data = base64.b64decode(b"".join(body.split()), validate=True)
    info, rest = _der(data, 0x30)
    if rest or not info.startswith(RSA_ENCRYPTION):
        raise ValueError("it is no public key of RSA: aws kms get-public-key gives one")
    bits, _ = _der(info.removeprefix(RSA_ENCRYPTION), 0x03)
    numbers, _ = _der(bits[1:], 0x30)
    modulus, numbers = _der(numbers, 0x02)
    exponent, _ = _der(numbers, 0x02)
    key = int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big")
    if key[0].bit_length() < MODULUS_BITS_MIN or key[1] < EXPONENT_MIN:
        raise ValueError("it is too weak a key")
    return key


def _der(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the value that *data* begins with, and what follows it."""
    if data[:1] != bytes((tag,)) or not data[1:]:
        raise ValueError("it is no public key, PEM or DER: aws kms get-public-key gives one")
    many = max(0, data[1] - 0x80)
    size = int.from_bytes(data[2 : 2 + many], "big") if many else data[1]
    start = 2 + many
    return data[start : start + size], data[start + size :]


def main(arguments: list[str]) -> int:
    """Verify the file that *arguments* name; 0 it holds, 1 it does not, 2 it cannot be read."""
    parser = argparse.ArgumentParser(prog="audit.py", description="Verify an exported ledger.")
    parser.add_argument("export", metavar="EXPORT")
    parser.add_argument("key", metavar="KEY", nargs="?", help="the public key, PEM or DER")
    parser.add_argument("--head", metavar="HASH", nargs="+", action="extend", default=[])
    parser.add_argument("--partial", action="store_true", help="EXPORT is of some incidents only")
    parser.add_argument("--require-anchor", action="store_true", help=REQUIRE_ANCHOR)
    given = parser.parse_args(arguments)
    name = given.key
    try:
        key = read_key(Path(name).read_bytes()) if name else None
        name = given.export
        with Path(name).open("rb") as file:
            found = verify(file, tuple(given.head), key, partial=given.partial)
    except (OSError, ValueError) as error:
        print(printable(f"{name}: cannot be read: {error}"), file=sys.stderr)
        return 2
    print(told(given.export, found))
    return status(found, require_anchor=given.require_anchor)


def status(found: Finding, *, require_anchor: bool) -> int:
    """0 it holds, 1 it does not, or where *require_anchor* nothing anchors one of its chains."""
    return 0 if found.valid and not (require_anchor and found.bare) else 1


def told(name: str, found: Finding) -> str:
    """The finding in words: each fault in a line, or what was checked and what could not be."""
    return "\n".join(map(printable, _lines(name, found)))


def printable(text: str) -> str:
    """*text* in ASCII: names in an export are anybody's, and may hold what steers a terminal."""
    return "".join(each if " " <= each <= "~" else ascii(each)[1:-1] for each in text)


def _lines(name: str, found: Finding) -> Iterator[str]:
    for each in found.faults:
        yield f"{name}:{each.line}: {each.why}" if each.line else f"{name}: {each.why}"
    if not found.entries and not found.faults:
        yield f"{name}: holds no entry"
    elif not found.faults:
        parts = [f"{found.entries} entries in {len(found.heads)} chains hold", *_said(found)]
        yield f"{name}: {'; '.join(parts)}"


def _said(found: Finding) -> list[str]:
    signed = "are signed by KEY" if found.key else "without a KEY: signatures not checked"
    told = [f"{found.checkpoints} checkpoints {signed}" if found.checkpoints else "no checkpoint"]
    bare = sum(found.unanchored[each] for each in found.bare)
    if bare:
        why = "they may have been rewritten as a whole"
        told.append(f"nothing anchors {bare} entries, all of {len(found.bare)} chains: {why}")
    if later := sum(found.unanchored.values()) - bare:
        where = len(found.unanchored) - len(found.bare)
        why = "a change or a cut there is not seen"
        told.append(f"{later} entries at the ends of {where} chains are not anchored: {why}")
    if not found.unanchored:
        told.append("every entry is anchored")
    if absent := sum(1 for there in found.policies.values() if not there):
        told.append(f"of {absent} policies the text is not here")
    if found.absent:
        told.append(f"{found.absent} incidents of the checkpoints are left out")
    return told


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
