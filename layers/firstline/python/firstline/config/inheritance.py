"""Inheritance: a policy's table with a fleet file's in it, and which entries are whose.

Tables are merged key by key. Of a list whose entries have names, an entry of the fleet file changes
the policy's of the same name by the keys that it gives; one of another name is added behind the
policy's, or before them where the first that fits decides. Any other value takes the place of the
policy's.
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
"""The lists whose entries have names, and the key that holds the name."""
ORDERED: Key = ("rules",)
"""The list of which the first entry that fits decides."""


class Merged(NamedTuple):
    """The whole table; ``places`` has, for each entry of a list, its place in the fleet file.

    An entry that is the policy's alone has no place.
    """

    table: Table
    places: dict[Key, Key]

    def own_key(self, key: Key) -> Key | None:
        """Where *key* of the whole stands in the fleet file; None in an entry of the policy's."""
        for length in range(1, len(key)):
            if key[:length] in NAMES:
                place = self.places.get(key[: length + 1])
                return None if place is None else (*place, *key[length + 1 :])
        return key


def merge(policy: Table, own: Table) -> Merged:
    """*own* over *policy*."""
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
    """The entries of one list, each from a table of the policy's and one of *ours*, or one.

    One that changes what another has changed stands beside it: the check of the whole names it.
    """
    known = {each[NAMES[at]]: each for each in theirs}
    names = [_name(each, NAMES[at]) for each in ours]
    changes = {name: names.index(name) for name in known if name in names}
    others = (each for each in range(len(ours)) if each not in changes.values())
    added = [(each, known.get(names[each], {})) for each in others]
    kept = [(changes.get(name), each) for name, each in known.items()]
    sources = [*added, *kept] if at == ORDERED else [*kept, *added]
    places |= {(*at, i): (*at, own) for i, (own, _) in enumerate(sources) if own is not None}
    return [_changed(each, None if own is None else ours[own]) for own, each in sources]


def _name(entry: object, key: str) -> str:
    """What an entry is called; empty for what has no name."""
    name = entry.get(key) if isinstance(entry, dict) else None
    return name if isinstance(name, str) else ""


def _changed(entry: Table, own: object) -> object:
    if own is None:
        return entry
    return entry | own if isinstance(own, dict) else own
