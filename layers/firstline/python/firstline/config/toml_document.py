"""A TOML document and the line and label of each key in it, for error messages.

tomllib gives no line numbers, so a line is found by parsing growing prefixes of the file with
bisection, only when an error is reported.
"""

import re
import tomllib
from bisect import bisect_left
from collections.abc import Iterable
from functools import reduce
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec

from firstline.errors import InvalidInput
from firstline.schema_1 import FLEET_FILE, upgrade_file

type Key = tuple[str | int, ...]
"""The path to a value: names of tables and indexes of arrays."""

_AT = re.compile(
    r"(?P<what>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)", re.DOTALL
)
_NAMES = ("name", "condition", "severity")
"""The keys that identify an entry of a list; the first that it has."""
SHOWN_MAX = 60
FAULTS_MAX = 20
"""The limit of faults in one message."""
_BARE = re.compile(r"[A-Za-z0-9_-]+")


class Fault(NamedTuple):
    """One fault and its remedy; the last part of *key* may be missing."""

    key: Key
    why: str


class Document(NamedTuple):
    """A parsed TOML file; ``name`` is its source."""

    name: str
    text: str
    table: dict[str, Any]

    def to_error(self, faults: Iterable[Fault]) -> InvalidInput:
        """Return an error with a line for each fault, in the file's order."""
        ordered = sorted(faults, key=lambda it: _place(self.table, it.key))
        near = sorted(((self.line(it.key), it) for it in ordered[:FAULTS_MAX]), key=itemgetter(0))
        lines = dict.fromkeys(f"{self.name}:{line}: {self._describe(it)}" for line, it in near)
        more = len(ordered) - FAULTS_MAX
        return InvalidInput(*lines, *([f"{self.name}: {more} more faults"] if more > 0 else []))

    def _describe(self, fault: Fault) -> str:
        named = label(self.table, fault.key)
        return f"{named}: {fault.why}" if named else fault.why

    def line(self, key: Key) -> int:
        """Return the line of *key*, from 1; for a missing key, the line of its table."""
        while value_at(self.table, key) is None:
            key = key[:-1]
        lines = self.text.split("\n")
        # a key stays present when lines are added, so that bisection finds its first line
        counts = range(len(lines))
        end = bisect_left(
            counts, 1, key=lambda count: value_at(_prefix(lines, count).table, key) is not None
        )
        return _prefix(lines, end - 1).lines + 1


class _Prefix(NamedTuple):
    lines: int
    table: dict[str, Any]


def parse_toml(raw: bytes, name: str) -> Document:
    """Return the document in *raw*; raises `InvalidInput` with the line of the error."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InvalidInput(f"{name}:{line}: is not text: save the file as UTF-8") from error
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = _AT.fullmatch(str(error))
        what = match["what"] if match else str(error)
        where = match["line"] if match and match["line"] else len(text.rstrip("\n").split("\n"))
        mend = "write KEY = VALUE, texts in quotes, each key once"
        raise InvalidInput(f"{name}:{where}: is not TOML ({what}): {mend}") from error
    except RecursionError as error:
        deepest = max(enumerate(text.split("\n"), 1), key=lambda it: len(it[1]))[0]
        raise InvalidInput(f"{name}:{deepest}: is nested too deeply: remove levels") from error
    upgrade_file(table, FLEET_FILE, name)
    return Document(name, text, table)


def display(value: object) -> str:
    """Return a value for a message, cut to one line."""
    text = repr(value)
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}..."


def _prefix(lines: list[str], count: int) -> _Prefix:
    """Return the longest run of complete statements within the first *count* lines."""
    for end in range(count, 0, -1):
        try:
            return _Prefix(end, tomllib.loads("\n".join(lines[:end]) + "\n"))
        except tomllib.TOMLDecodeError:
            continue
    return _Prefix(0, {})


def _step(node: object, part: str | int) -> object:
    """Return the value at *part* of a table or an array; None if there is none."""
    if isinstance(node, dict):
        return node.get(part)
    if isinstance(node, list) and isinstance(part, int) and part < len(node):
        return node[part]
    return None


def _place(table: object, key: Key) -> tuple[int, ...]:
    """Return the position of *key* among its neighbours, which is cheaper than its line."""
    place: tuple[int, ...] = ()
    for part in key:
        names = list(table) if isinstance(table, dict) else []
        index = part if isinstance(part, int) else 0
        place = (*place, names.index(part) if part in names else index)
        table = _step(table, part)
    return place


def value_at(table: object, key: Key) -> object:
    """Return the value at *key*; None if there is none."""
    return reduce(_step, key, table)


def label(table: object, key: Key) -> str:
    """Return the key for messages, such as ``rules["name of the rule"].severity``."""
    named = ""
    node = table
    for part in key:
        named += f"[{_label(node, part)}]" if isinstance(part, int) else f".{quote_key(part)}"
        node = _step(node, part)
    return named.removeprefix(".")


def _label(node: object, index: int) -> str:
    """Return an entry's name, quoted; its index if it has none."""
    entry = _step(node, index)
    if not isinstance(entry, dict):
        return str(index)
    name = next((entry[key] for key in _NAMES if key in entry), None)
    return _json(name) if isinstance(name, str) else str(index)


def quote_key(key: str) -> str:
    """Return a key in TOML syntax, quoted if needed."""
    return key if _BARE.fullmatch(key) else _json(key)


def _json(text: str) -> str:
    return msgspec.json.encode(text).decode()
