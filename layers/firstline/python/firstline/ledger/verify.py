"""Verify an exported ledger with the standard library alone.

    python3 -I -S audit.py EXPORT [KEY] [--head HASH ...] [--partial] [--require-anchor]

EXPORT holds a line for each entry, policy and checkpoint. An entry's line is the bytes that were
hashed when it was written; it names the SHA-256 of the line before it in its incident's chain. A
policy's line holds a profile's text under its SHA-256. A checkpoint's line holds a text and its
signature: the text names the SHA-256 of the checkpoint before it, and the state of the incidents'
chains at that time ({incident: [entries, SHA-256 of the last]}).

KEY is the public key that checkpoints are signed with (PEM or DER, RSA, PKCS #1 v1.5, SHA-256). A
HASH, known from elsewhere, is of an incident's last entry, or of the last checkpoint's text.
--partial says that EXPORT was made of some incidents only.

Entries that no signed checkpoint and no HASH anchors could have been changed and hashed again
undetected. The output reports them; --require-anchor makes a chain without any anchor a failure.
The file is read twice, line by line. This module imports nothing of firstline, so that anyone can
read it whole and run it alone.
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
"""Maximum number of reported faults; one often causes others."""
RSA_ENCRYPTION = bytes.fromhex("300d06092a864886f70d0101010500")
"""The algorithm identifier of an RSA public key (RFC 3279)."""
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
"""The prefix of a signed SHA-256 (RFC 8017, 9.2)."""
MODULUS_BITS_MIN, EXPONENT_MIN = 2048, 3
COUNT_MAX = 2**63 - 1
"""The highest valid sequence or length; a longer number may have no decimal form."""

REQUIRE_ANCHOR = "exit with 1 if one of the chains has no anchor"

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
) -> VerifyResult:
    """Check all of *export*: a file that can be read twice, or its bytes."""
    file = io.BytesIO(export) if isinstance(export, bytes) else export
    result = VerifyResult(key)
    for take in (result.checkpoint, result.line):
        file.seek(0)
        for number, line in enumerate(file, start=1):
            if why := take(number, line):
                result.faults.append(Fault(number, why))
                del result.faults[FAULTS_MAX:]
    result.end(anchors, partial=partial)
    if result.is_unrecognised:
        why = "is not an export: no line is an entry, a policy or a checkpoint"
        result.faults[:] = [Fault(0, why)]
    return result


class VerifyResult:
    """The content of an export, and its ``faults`` in the order of lines (0 last).

    ``heads`` are the hashes of each chain's last entry, ``last`` is that of the last
    checkpoint. ``unanchored`` counts, by incident, the entries that nothing trusted reaches;
    ``unanchored_chains`` names the chains without any anchored entry. ``policies`` has each
    that entries name, true where its text is in the export. ``anchored`` has, by incident and
    length, the hash that a checkpoint states, and that checkpoint's line.
    """

    def __init__(self, key: Key | None) -> None:
        self.key, self.faults = key, list[Fault]()
        self.entries, self.checkpoints, self.last = 0, 0, ""
        self.heads: dict[str, str] = {}
        self.anchored: dict[str, dict[int, tuple[str, int]]] = {}
        self.unanchored: dict[str, int] = {}
        self.unanchored_chains: list[str] = []
        self.policies: dict[str, bool] = {}
        self._sequence = 0
        self._stands: dict[str, tuple[int, int]] = {}  # sequence and line of a chain's last entry

    @property
    def valid(self) -> bool:
        """True if there are entries and no faults."""
        return not self.faults and self.entries > 0

    @property
    def is_unrecognised(self) -> bool:
        """True if there are lines, and none can be parsed."""
        known = self.entries or self.policies or self.checkpoints
        return not known and any(each.why == NEITHER for each in self.faults)

    @property
    def absent(self) -> int:
        """The number of incidents in checkpoints that the export lacks."""
        return len(self.anchored.keys() - self.heads.keys())

    def checkpoint(self, number: int, line: bytes) -> str:
        """Check a link of the fleet-wide chain of heads; return why it does not hold, or ""."""
        if (document := _checkpoint(line)) is None:
            return ""
        try:
            text, signature = _text(document["checkpoint"]).encode(), _text(document["signature"])
            content = json.loads(text)
            sequence, previous = _count(content["sequence"]), content["previous"]
            heads = content["heads"].items()
            named = [(_text(name), _count(at), _text(head)) for name, (at, head) in heads]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return "is not a checkpoint"
        due, before = self._sequence + 1, self.last or GENESIS
        self._sequence, self.last = sequence, hashlib.sha256(text).hexdigest()
        self.checkpoints += 1
        why = ""
        for name, length, head in named:
            known, says = self.anchored.setdefault(name, {}).setdefault(length, (head, number))
            why = why if known == head else f"contradicts line {says} on entry {length} of {name}"
        if not _is_canonical(line, document, "checkpoint", "signature"):
            why = "is a checkpoint in another form than it was written"
        elif sequence != due:
            why = f"is checkpoint {sequence}; checkpoint {due} was expected"
        elif previous != before:
            why = "does not follow: the checkpoint before it has another hash"
        if self.key is not None and not signed_by(self.key, text, signature):
            why = f"checkpoint {sequence} is not signed by the key given"
        return why

    def line(self, number: int, line: bytes) -> str:
        """Check any other line, after all checkpoints; return as `checkpoint` does."""
        if not line.endswith(b"\n"):
            return "the last line is cut off"
        if _checkpoint(line) is not None:
            return ""
        try:
            document = json.loads(line)
            return (
                self._policy(line, document)
                if "text" in document
                else self._entry(number, line, document)
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return NEITHER

    def _policy(self, line: bytes, document: dict[str, Any]) -> str:
        digest = hashlib.sha256(document["text"].encode()).hexdigest()
        if document["policy"] != digest or not _is_canonical(line, document, "policy", "text"):
            return "is a policy with another digest, or in another form than it was written"
        self.policies[digest] = True
        return ""

    def _entry(self, number: int, line: bytes, document: dict[str, Any]) -> str:
        name, sequence = _text(document["incident"]), _count(document["sequence"])
        previous, policy = document["previous"], _text(document.get("policy", ""))
        digest, before = hashlib.sha256(line[:-1]).hexdigest(), self.heads.get(name, GENESIS)
        length, stood = self._stands.get(name, (0, 0))
        self.entries += 1
        self.heads[name], self._stands[name] = digest, (sequence, number)
        self.policies.setdefault(policy, False)
        if sequence != length + 1:
            return f"is entry {sequence} of {name}; entry {length + 1} was expected"
        if previous != before:
            return f"does not follow: the entry before it, in line {stood}, has another hash"
        head, says = self.anchored.get(name, {}).get(sequence, (digest, 0))
        return (
            ""
            if head == digest
            else (f"is not the entry that line {says} anchored as entry {sequence}")
        )

    def end(self, anchors: tuple[str, ...], *, partial: bool) -> None:
        """Find missing entries at the ends of chains, and ends without an anchor."""
        trusted = self.key is not None or self.last in anchors
        for name in {**self.anchored, **self._stands}:
            length, known = self._stands.get(name, (0, 0))[0], self.anchored.get(name, {0: ("", 0)})
            reached = max(known)
            if length < reached and (length or not partial):
                has = f"the export ends at entry {length}" if length else "the export has none"
                why = f"records {reached} entries of {name}: {has}"
                self.faults.append(Fault(known[reached][1], why))
            if length > reached * trusted and self.heads[name] not in anchors:
                self.unanchored[name] = length - reached * trusted
        ends = self._stands
        self.unanchored_chains = [
            name for name, some in self.unanchored.items() if some == ends[name][0]
        ]
        for each in anchors:
            if each != self.last and each not in self.heads.values():
                why = f"no chain ends in {each}: the end was cut off or changed"
                self.faults.append(Fault(0, why))
        self.faults.sort(key=lambda each: (not each.line, each.line))


def _checkpoint(line: bytes) -> dict[str, Any] | None:
    """The document of a line that has a checkpoint's key."""
    if b'"checkpoint"' not in line:
        return None
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and "checkpoint" in document else None


def _text(value: object) -> str:
    """*value*, a string that UTF-8 can encode; else raises `TypeError` or `ValueError`."""
    if not isinstance(value, str):
        raise TypeError
    value.encode()
    return value


def _count(value: object) -> int:
    """*value*, a valid number of entries or checkpoints; else raises `TypeError`."""
    if type(value) is not int or not 0 < value <= COUNT_MAX:
        raise TypeError
    return value


def _is_canonical(line: bytes, document: dict[str, Any], *keys: str) -> bool:
    """True if *line* is *document*, of these keys, as an encoder spells it.

    Otherwise a byte could be changed without changing what is hashed.
    """
    if tuple(document) != keys:
        return False
    ours = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return line.removesuffix(b"\n") in {ours, json.dumps(document).encode()}


def signed_by(key: Key, text: bytes, signature: str) -> bool:
    """True if *signature* (base64) is of *text* by *key*: RSASSA-PKCS1-v1_5 with SHA-256."""
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
        raise ValueError("it is not an RSA public key: aws kms get-public-key gives one")
    bits, _ = _der(info.removeprefix(RSA_ENCRYPTION), 0x03)
    numbers, _ = _der(bits[1:], 0x30)
    modulus, numbers = _der(numbers, 0x02)
    exponent, _ = _der(numbers, 0x02)
    key = int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big")
    if key[0].bit_length() < MODULUS_BITS_MIN or key[1] < EXPONENT_MIN:
        raise ValueError("the key is too weak")
    return key


def _der(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the value that *data* begins with, and the rest."""
    if data[:1] != bytes((tag,)) or not data[1:]:
        raise ValueError("it is not a public key in PEM or DER: aws kms get-public-key gives one")
    many = max(0, data[1] - 0x80)
    size = int.from_bytes(data[2 : 2 + many], "big") if many else data[1]
    start = 2 + many
    return data[start : start + size], data[start + size :]


def main(arguments: list[str]) -> int:
    """Verify the file in *arguments*; exit code 0 if it holds, 1 if not, 2 if it cannot be read."""
    parser = argparse.ArgumentParser(prog="audit.py", description="Verify an exported ledger.")
    parser.add_argument("export", metavar="EXPORT")
    parser.add_argument("key", metavar="KEY", nargs="?", help="the public key, PEM or DER")
    parser.add_argument("--head", metavar="HASH", nargs="+", action="extend", default=[])
    parser.add_argument(
        "--partial", action="store_true", help=("EXPORT contains only some incidents")
    )
    parser.add_argument("--require-anchor", action="store_true", help=REQUIRE_ANCHOR)
    given = parser.parse_args(arguments)
    name = given.key
    try:
        key = read_key(Path(name).read_bytes()) if name else None
        name = given.export
        with Path(name).open("rb") as file:
            result = verify(file, tuple(given.head), key, partial=given.partial)
    except (OSError, ValueError) as error:
        print(printable(f"{name}: cannot be read: {error}"), file=sys.stderr)
        return 2
    print(describe(given.export, result))
    return status(result, require_anchor=given.require_anchor)


def status(result: VerifyResult, *, require_anchor: bool) -> int:
    """0 if it holds; 1 if not, or if *require_anchor* and a chain has no anchor."""
    return 0 if result.valid and not (require_anchor and result.unanchored_chains) else 1


def describe(name: str, result: VerifyResult) -> str:
    """The result in words: one line for each fault, or a summary of the checks and their limits."""
    return "\n".join(map(printable, _lines(name, result)))


def printable(text: str) -> str:
    """*text* in ASCII: names in an export are untrusted and may contain terminal escapes."""
    return "".join(each if " " <= each <= "~" else ascii(each)[1:-1] for each in text)


def _lines(name: str, result: VerifyResult) -> Iterator[str]:
    for each in result.faults:
        yield f"{name}:{each.line}: {each.why}" if each.line else f"{name}: {each.why}"
    if not result.entries and not result.faults:
        yield f"{name}: contains no entry"
    elif not result.faults:
        parts = [
            f"{result.entries} entries in {len(result.heads)} chains are consistent",
            *_notes(result),
        ]
        yield f"{name}: {'; '.join(parts)}"


def _notes(result: VerifyResult) -> list[str]:
    signed = "are signed by KEY" if result.key else "without a KEY: signatures not checked"
    notes = [
        f"{result.checkpoints} checkpoints {signed}" if result.checkpoints else "no checkpoint"
    ]
    bare = sum(result.unanchored[each] for each in result.unanchored_chains)
    if bare:
        why = "they may have been rewritten as a whole"
        notes.append(
            f"no anchor for {bare} entries, all of {len(result.unanchored_chains)} chains: {why}"
        )
    if later := sum(result.unanchored.values()) - bare:
        where = len(result.unanchored) - len(result.unanchored_chains)
        why = "a change or a cut there is not detected"
        notes.append(f"{later} entries at the ends of {where} chains are not anchored: {why}")
    if not result.unanchored:
        notes.append("every entry is anchored")
    if absent := sum(1 for there in result.policies.values() if not there):
        notes.append(f"the text of {absent} policies is missing")
    if result.absent:
        notes.append(f"{result.absent} incidents of the checkpoints are not in the export")
    return notes


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
