"""Provenance: the whole that a fleet file and its policy make, each line with where it comes from.

The lines are TOML again: what they say of the origin is a comment.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tomli_w

from firstline.config import toml_document
from firstline.config.fleet_file import FleetFile
from firstline.config.toml_document import Key


def annotated(found: FleetFile) -> Iterator[str]:
    """The lines of the whole; an origin is ``my-fleet.toml:12``, or the policy."""
    yield f"# extends {found.policy.name}, version {found.policy.version}"
    yield from _Origins(found).lines(found.merged.table, ())


class _Origins:
    def __init__(self, found: FleetFile) -> None:
        self._found = found

    def of(self, key: Key) -> str:
        """Where the value at *key* of the whole comes from."""
        own, document = self._found.merged.own_key(key), self._found.document
        if own is None or toml_document.at(document.table, own) is None:
            return f"policy {self._found.policy.name}"
        return f"{Path(document.name).name}:{document.line(own)}"

    def lines(self, table: Mapping[str, Any], at: Key) -> Iterator[str]:
        """The values of the *table* at that key, then the tables in it."""
        nested = {name: value for name, value in table.items() if _tables(value)}
        for name in (each for each in table if each not in nested):
            text = tomli_w.dumps({name: table[name]}).rstrip("\n")
            yield f"{text}  # {self.of((*at, name))}"
        for name, value in nested.items():
            yield from self._nested(value, (*at, name))

    def _nested(self, value: Any, at: Key) -> Iterator[str]:  # noqa: ANN401 - TOML's
        header = ".".join(toml_document.quoted(each) for each in at if isinstance(each, str))
        if isinstance(value, dict):
            yield from ("", f"[{header}]  # {self.of(at)}")
            yield from self.lines(value, at)
            return
        for index, each in enumerate(value):
            yield from ("", f"[[{header}]]  # {self.of((*at, index))}")
            yield from self.lines(each, (*at, index))


def _tables(value: object) -> bool:
    """Whether *value* is a table, or a list of them."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(each, dict) for each in value)
    return isinstance(value, dict)
