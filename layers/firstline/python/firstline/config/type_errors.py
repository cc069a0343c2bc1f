"""What msgspec refused, in the words of whoever wrote the file.

msgspec's errors hide the keys of free tables, and name the types of its own language.
"""

import copy
import difflib
import re
from typing import Any

import msgspec
from msgspec import inspect

from firstline.config.toml_document import Fault, Key, at, shown

_ERROR = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
_PART = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")
_FIELD = re.compile(r"Object (missing required|contains unknown) field `(.*)`", re.DOTALL)
_WORDS = {
    "array": "a list",
    "bool": "true or false",
    "int": "a whole number",
    "object": "a table",
    "str": "a text in quotes",
}


def fault(error: msgspec.ValidationError, table: dict[str, Any], model: type) -> Fault:
    """Where in *table*, which is no *model*, the error is, and how to mend it."""
    told = _ERROR.fullmatch(str(error))
    what, path = told.group("what", "path") if told else (str(error), None)
    key = _key(path or "", str(error), table, model)
    field = _FIELD.fullmatch(what)
    names = _known(key, model)
    known = ", ".join(names)
    if field is None:
        value = at(table, key)
        one_of = what.startswith("Invalid enum value")
        mend = f"{_meant(value, names)}use one of {known}" if one_of else _wanted(what)
        return Fault(key, f"is {shown(value)}: {mend}")
    key = (*key, field[2])
    if field[1] == "missing required":
        return Fault(key, "is missing: add it")
    meant = _meant(field[2], names)
    return Fault(key, f"is no key here: {meant}correct or remove it; known are {known}")


def _meant(given: object, known: list[str]) -> str:
    """The one of *known* that *given* looks like, as a question; empty where none does."""
    like = difflib.get_close_matches(str(given), known, n=1)
    return f"did you mean {like[0]}? " if like else ""


def _key(path: str, error: str, table: dict[str, Any], model: type) -> Key:
    """The path as a key; a part that msgspec hides is the one that alone is refused too."""
    key: Key = ()
    for name, index in _PART.findall(path):
        if index == "...":
            key = (*key, _hidden(error, table, key, model))
        else:
            key = (*key, int(index) if index else name)
    return key


def _hidden(error: str, table: dict[str, Any], key: Key, model: type) -> str:
    """The name in the free table at *key* that alone there is refused in the same words."""
    names: Any = at(table, key)
    alike = (n for n in names if _refused(_alone(table, key, n), model) == error)
    return str(next(alike))


def _alone(table: dict[str, Any], key: Key, name: str) -> dict[str, Any]:
    """A copy of *table* without what stands beside *name* at *key*."""
    changed = copy.deepcopy(table)
    there: Any = at(changed, key)
    kept = there[name]
    there.clear()
    there[name] = kept
    return changed


def _refused(table: dict[str, Any], model: type) -> str | None:
    try:
        msgspec.convert(table, type=model)
    except msgspec.ValidationError as error:
        return str(error)
    return None


def _wanted(what: str) -> str:
    """``Expected `int` >= 1, got `str``` as a request."""
    words = what.removeprefix("Expected ").partition(", got ")[0]
    asked = re.sub(
        "`([^`]*)`",
        lambda types: " or ".join(_WORDS.get(each, each) for each in types[1].split(" | ")),
        words,
    )
    return f"give {asked}"


def _known(key: Key, model: type) -> list[str]:
    """The keys, or the values, that may stand at *key*; none where anything may."""
    kinds = _kinds(inspect.type_info(model))
    for part in key:
        kinds = [each for kind in kinds for below in _below(kind, part) for each in _kinds(below)]
    return [name for kind in kinds for name in _names(kind)]


def _kinds(kind: inspect.Type) -> list[inspect.Type]:
    return list(kind.types) if isinstance(kind, inspect.UnionType) else [kind]


def _below(kind: inspect.Type, part: str | int) -> list[inspect.Type]:
    match kind:
        case inspect.StructType(fields=fields):
            return [each.type for each in fields if each.encode_name == part]
        case inspect.VarTupleType(item_type=each) | inspect.DictType(value_type=each):
            return [each]
        case _:
            return []


def _names(kind: inspect.Type) -> list[str]:
    match kind:
        case inspect.StructType(fields=fields):
            return [each.encode_name for each in fields if each.encode_name != "digest"]
        case inspect.EnumType(cls=enum):
            return [str(each.value) for each in enum]
        case inspect.LiteralType(values=values):
            return [str(each) for each in values]
        case _:
            return []
