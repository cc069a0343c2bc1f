"""Shortens a complete profile to a fleet file with its differences from a shipped policy."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import tomli_w

from firstline.config import fleet_file
from firstline.config.deployment_section import SECTION
from firstline.config.fleet_file import EXTENDS, Policy
from firstline.config.inheritance import NAMES, Table
from firstline.config.profile import Profile
from firstline.config.toml_document import Key, parse_toml
from firstline.errors import InvalidInput


class ShortenedFile(NamedTuple):
    """The fleet file's ``text``, and a line for each difference from the complete profile."""

    text: str
    differences: tuple[str, ...]


def shorten(raw: bytes, name: str) -> ShortenedFile:
    """Return *raw*, a complete profile called *name*, based on the closest policy.

    Raises `InvalidInput` if it is not a profile, or extends a policy already.
    """
    table = parse_toml(raw, name).table
    if EXTENDS in table:
        raise InvalidInput(f"{name}: extends a policy already: policy show prints the whole")
    before = fleet_file.parse(raw, name)
    texts = (_text(table, policy) for policy in fleet_file.policies())
    text = min(texts, key=lambda each: len(each.splitlines()))
    after = fleet_file.parse(text.encode(), name)
    return ShortenedFile(text, tuple(_differences(before, after)))


def _text(table: Table, policy: Policy) -> str:
    own = {key: value for key, value in table.items() if key != SECTION}
    less = {key: it for key, value in own.items() if (it := _less(value, policy.table, (key,)))}
    apart = {SECTION: table[SECTION]} if SECTION in table else {}
    return tomli_w.dumps({"name": table["name"], EXTENDS: policy.name} | less | apart)


def _less(ours: Any, theirs: Any, at: Key) -> Any:  # noqa: ANN401 - TOML's
    """Return the part of *ours* that differs in *theirs*, the policy's parent table."""
    inherited = theirs.get(at[-1]) if isinstance(theirs, dict) else None
    if ours == inherited:
        return None
    if at in NAMES:
        return _entries(ours, inherited or [], NAMES[at])
    if isinstance(ours, dict) and isinstance(inherited, dict):
        less = {key: _less(value, inherited, (*at, key)) for key, value in ours.items()}
        return {key: value for key, value in less.items() if value is not None} or None
    return ours


def _entries(ours: list[Table], theirs: list[Table], name: str) -> list[Table] | None:
    known = {each[name]: each for each in theirs}
    changes = []
    for each in ours:
        inherited = known.get(each[name], {})
        changed = {key: value for key, value in each.items() if inherited.get(key) != value}
        if changed:
            changes.append({name: each[name]} | changed)
    return changes or None


def _differences(before: Profile, after: Profile) -> Iterator[str]:
    """Yield the differences: names of lists' entries, and keys of tables."""
    old, new = (msgspec.to_builtins(each, order="deterministic") for each in (before, after))
    for at, name in NAMES.items():
        path = ".".join(map(str, at))
        ours, theirs = ({it[name]: it for it in _at(side, at)} for side in (old, new))
        yield from (
            f"{path}: {each!r} is the policy's alone" for each in theirs.keys() - ours.keys()
        )
        for each in sorted(ours.keys() & theirs.keys()):
            if ours[each] != theirs[each]:
                yield f"{path}: {each!r} is not as it was"
    listed = {at[0] for at in NAMES}
    for key in sorted(old.keys() - listed - {"digest"}):
        if old[key] != new[key]:
            yield f"{key}: is not as it was"
    if not _same_order(before, after):
        yield "rules: an earlier rule takes what a later one took"


def _at(side: Any, at: Key) -> list[Table]:  # noqa: ANN401 - TOML's
    for part in at:
        side = side[part]
    return list(side)


def _same_order(before: Profile, after: Profile) -> bool:
    """Return True if the rules of each source and subject keep their relative order."""
    for key, rules in before.rules_of.items():
        names = [each.name for each in rules]
        if [each.name for each in after.rules_of.get(key, ()) if each.name in names] != names:
            return False
    return True
