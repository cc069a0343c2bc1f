"""Where a fault of a TOML file is: its line, and its key in words.

tomllib tells no lines of what it read, so a line is found by reading growing prefixes of the
file: on the error path alone, and by bisection.
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

type Key = tuple[str | int, ...]
"""The way to a value: names of tables, and indexes into arrays."""

_AT = re.compile(
    r"(?P<what>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)", re.DOTALL
)
_NAMES = ("name", "condition", "severity")
"""What tells an entry from its neighbours; the first that it has."""
SHOWN_MAX = 60
FAULTS_MAX = 20
"""As many faults of one file are told as a person mends at a time."""
_BARE = re.compile(r"[A-Za-z0-9_-]+")


class Fault(NamedTuple):
    """One thing that is wrong, and how to mend it; the last of *key* may be missing."""

    key: Key
    why: str


class Document(NamedTuple):
    """A TOML file that was read; ``name`` is where it came from."""

    name: str
    text: str
    table: dict[str, Any]

    def refusal(self, faults: Iterable[Fault]) -> InvalidInput:
        """A line for each of *faults*, in the file's order: file, line, key, what to mend."""
        found = sorted(faults, key=lambda it: _place(self.table, it.key))
        near = sorted(((self.line(it.key), it) for it in found[:FAULTS_MAX]), key=itemgetter(0))
        lines = dict.fromkeys(f"{self.name}:{line}: {self._told(it)}" for line, it in near)
        more = len(found) - FAULTS_MAX
        return InvalidInput(*lines, *([f"{self.name}: {more} more faults"] if more > 0 else []))

    def _told(self, fault: Fault) -> str:
        named = label(self.table, fault.key)
        return f"{named}: {fault.why}" if named else fault.why

    def line(self, key: Key) -> int:
        """Where *key* begins, from 1; for one that is missing, where the table around it does."""
        while at(self.table, key) is None:
            key = key[:-1]
        lines = self.text.split("\n")
        # a key that is there stays there when lines are added, so bisection finds its first
        counts = range(len(lines))
        end = bisect_left(
            counts, 1, key=lambda count: at(_prefix(lines, count).table, key) is not None
        )
        return _prefix(lines, end - 1).lines + 1


class _Prefix(NamedTuple):
    lines: int
    table: dict[str, Any]


def read(raw: bytes, name: str) -> Document:
    """The file whose bytes are *raw*; raises `InvalidInput` with the line that is no TOML."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InvalidInput(f"{name}:{line}: is not text: save the file as UTF-8") from error
    try:
        return Document(name, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        told = _AT.fullmatch(str(error))
        what = told["what"] if told else str(error)
        where = told["line"] if told and told["line"] else len(text.rstrip("\n").split("\n"))
        mend = "write KEY = VALUE, texts in quotes, each key once"
        raise InvalidInput(f"{name}:{where}: is not TOML ({what}): {mend}") from error
    except RecursionError as error:
        deepest = max(enumerate(text.split("\n"), 1), key=lambda it: len(it[1]))[0]
        raise InvalidInput(f"{name}:{deepest}: is nested too deep: a profile is flat") from error


def shown(value: object) -> str:
    """A value for a message of one line."""
    text = repr(value)
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}..."


def _prefix(lines: list[str], count: int) -> _Prefix:
    """The longest run of whole statements within the first *count* lines."""
    for end in range(count, 0, -1):
        try:
            return _Prefix(end, tomllib.loads("\n".join(lines[:end]) + "\n"))
        except tomllib.TOMLDecodeError:
            continue
    return _Prefix(0, {})


def _step(node: object, part: str | int) -> object:
    """The value at *part* of a table or an array; None where there is none."""
    if isinstance(node, dict):
        return node.get(part)
    if isinstance(node, list) and isinstance(part, int) and part < len(node):
        return node[part]
    return None


def _place(table: object, key: Key) -> tuple[int, ...]:
    """Where *key* stands among its neighbours, which is cheap: to find a line takes a while."""
    place: tuple[int, ...] = ()
    for part in key:
        names = list(table) if isinstance(table, dict) else []
        index = part if isinstance(part, int) else 0
        place = (*place, names.index(part) if part in names else index)
        table = _step(table, part)
    return place


def at(table: object, key: Key) -> object:
    """What stands at *key*; None where nothing does."""
    return reduce(_step, key, table)


def label(table: object, key: Key) -> str:
    """``rules["name of the rule"].severity``."""
    named = ""
    node = table
    for part in key:
        named += f"[{_label(node, part)}]" if isinstance(part, int) else f".{quoted(part)}"
        node = _step(node, part)
    return named.removeprefix(".")


def _label(node: object, index: int) -> str:
    """An entry by its name, for a person counts badly."""
    entry = _step(node, index)
    if not isinstance(entry, dict):
        return str(index)
    name = next((entry[key] for key in _NAMES if key in entry), None)
    return _json(name) if isinstance(name, str) else str(index)


def quoted(key: str) -> str:
    """A key as TOML has it, in quotes where it is not bare."""
    return key if _BARE.fullmatch(key) else _json(key)


def _json(text: str) -> str:
    return msgspec.json.encode(text).decode()
