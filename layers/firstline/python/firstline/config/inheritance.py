"""Merges a fleet file's table into its policy's, and records the origin of each entry.

Tables are merged key by key. In a list of named entries, an entry of the fleet file changes the
keys of the policy's entry of the same name; a new name is added after the policy's entries, or
before them if the first match wins. Any other value replaces the policy's.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from firstline.config.toml_document import Key

type Table = dict[str, Any]

NAMES: Mapping[Key, str] = {
    ("alarms", "made"): "name",
    ("alarms", "external"): "name",
    ("logs",): "metric",
    ("rules",): "name",
    ("responses",): "severity",
    ("ladders",): "condition",
    ("actions",): "name",
}
"""The lists of named entries, and the key with the name."""
ORDERED: Key = ("rules",)
"""The list whose first match wins."""


class Merged(NamedTuple):
    """The merged table; ``places`` maps each list entry to its place in the fleet file.

    An entry of the policy alone has no place.
    """

    table: Table
    places: dict[Key, Key]

    def own_key(self, key: Key) -> Key | None:
        """Return the place of *key* in the fleet file; None in an entry of the policy alone."""
        for length in range(1, len(key)):
            if key[:length] in NAMES:
                place = self.places.get(key[: length + 1])
                return None if place is None else (*place, *key[length + 1 :])
        return key


def merge(policy: Table, own: Table) -> Merged:
    """Return *own* merged over *policy*."""
    places: dict[Key, Key] = {}
    return Merged(_tables(policy, own, (), places), places)


def _tables(policy: Table, own: Table, at: Key, places: dict[Key, Key]) -> Table:
    names = dict.fromkeys((*own, *policy))
    return {n: _value(policy.get(n), own.get(n), (*at, n), places) for n in names}


def _value(theirs: Any, ours: object, at: Key, places: dict[Key, Key]) -> object:  # noqa: ANN401
    if ours is None:
        return theirs
    if at in NAMES and isinstance(ours, list):
        return _entries(theirs or [], ours, at, places)
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return _tables(theirs, ours, at, places)
    return ours


def _entries(theirs: list[Table], ours: list[Any], at: Key, places: dict[Key, Key]) -> list[object]:
    """Return the merged entries of one list.

    A second change of the same entry becomes an entry of its own, which validation reports.
    """
    known = {each[NAMES[at]]: each for each in theirs}
    names = [_name(each, NAMES[at]) for each in ours]
    changes = {name: names.index(name) for name in known if name in names}
    others = (each for each in range(len(ours)) if each not in changes.values())
    added = [(each, known.get(names[each], {})) for each in others]
    inherited = [(changes.get(name), each) for name, each in known.items()]
    sources = [*added, *inherited] if at == ORDERED else [*inherited, *added]
    places |= {(*at, i): (*at, own) for i, (own, _) in enumerate(sources) if own is not None}
    return [_changed(each, None if own is None else ours[own]) for own, each in sources]


def _name(entry: object, key: str) -> str:
    """Return an entry's name; empty if it has none."""
    name = entry.get(key) if isinstance(entry, dict) else None
    return name if isinstance(name, str) else ""


def _changed(entry: Table, own: object) -> object:
    if own is None:
        return entry
    return entry | own if isinstance(own, dict) else own
