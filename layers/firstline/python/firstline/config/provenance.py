"""Prints a merged profile with the origin of each line as a TOML comment."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tomli_w

from firstline.config import toml_document
from firstline.config.fleet_file import FleetFile
from firstline.config.toml_document import Key


def annotate(fleet_file: FleetFile) -> Iterator[str]:
    """Yield the profile's lines; an origin is ``my-fleet.toml:12`` or the policy."""
    yield f"# extends {fleet_file.policy.name}, version {fleet_file.policy.version}"
    yield from _Origins(fleet_file).lines(fleet_file.merged.table, ())


class _Origins:
    def __init__(self, fleet_file: FleetFile) -> None:
        self._fleet_file = fleet_file

    def of(self, key: Key) -> str:
        """Return the origin of the value at *key* of the merged profile."""
        own, document = self._fleet_file.merged.own_key(key), self._fleet_file.document
        if own is None or toml_document.value_at(document.table, own) is None:
            return f"policy {self._fleet_file.policy.name}"
        return f"{Path(document.name).name}:{document.line(own)}"

    def lines(self, table: Mapping[str, Any], at: Key) -> Iterator[str]:
        """Yield the values of *table* at that key, then the tables in it."""
        nested = {name: value for name, value in table.items() if _tables(value)}
        for name in (each for each in table if each not in nested):
            text = tomli_w.dumps({name: table[name]}).rstrip("\n")
            yield f"{text}  # {self.of((*at, name))}"
        for name, value in nested.items():
            yield from self._nested(value, (*at, name))

    def _nested(self, value: Any, at: Key) -> Iterator[str]:  # noqa: ANN401 - TOML's
        header = ".".join(toml_document.quote_key(each) for each in at if isinstance(each, str))
        if isinstance(value, dict):
            yield from ("", f"[{header}]  # {self.of(at)}")
            yield from self.lines(value, at)
            return
        for index, each in enumerate(value):
            yield from ("", f"[[{header}]]  # {self.of((*at, index))}")
            yield from self.lines(each, (*at, index))


def _tables(value: object) -> bool:
    """Return True if *value* is a table or a list of tables."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(each, dict) for each in value)
    return isinstance(value, dict)
