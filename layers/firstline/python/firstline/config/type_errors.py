"""Faults of types: all that msgspec refuses in a table, in the words of whoever wrote the file.

msgspec stops at the first, hides the keys of free tables, and names the types of its own language.
So each value is converted by itself.
"""

import difflib
import functools
import re
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, TypeAliasType, Union, get_args, get_origin

import msgspec
from msgspec import inspect, structs

from firstline.config.toml_document import Fault, Key, at, shown

_ERROR = re.compile(r"(?P<what>.*?)(?: - at `(?:key` in `)?\$(?P<path>.*)`)?", re.DOTALL)
_PART = re.compile(r"\.(\w+)|\[(\d+)\]")
_VALUE = "value"
_UNIONS = (Union, UnionType)
_WORDS = {
    "array": "a list",
    "bool": "true or false",
    "int": "a whole number",
    "object": "a table",
    "str": "a text in quotes",
}


def faults(value: object, model: Any, key: Key = ()) -> Iterator[Fault]:  # noqa: ANN401 - a type
    """All that is wrong with *value*, which stands at *key*, as *model*."""
    within = list(_within(value, model, key))
    yield from within
    if not within:
        try:
            msgspec.convert({_VALUE: value}, type=_holder(model))
        except msgspec.ValidationError as error:
            yield _fault(error, value, model, key)


@functools.cache
def _holder(model: Any) -> type[msgspec.Struct]:  # noqa: ANN401
    """A table that holds one *model*; kept, since msgspec 0.22.0 does not free every type well."""
    return msgspec.defstruct("Holder", [(_VALUE, model)])


def _within(value: object, model: Any, key: Key) -> Iterator[Fault]:  # noqa: ANN401
    """What is wrong with the entries of a table or a list, one by one."""
    for kind in _kinds(model):
        if isinstance(value, list) and get_origin(kind) is tuple:
            for index, each in enumerate(value):
                yield from faults(each, get_args(kind)[0], (*key, index))
        elif isinstance(value, dict) and get_origin(kind) in (dict, Mapping):
            for name, each in value.items():
                yield from faults(name, get_args(kind)[0], (*key, name))
                yield from faults(each, get_args(kind)[1], (*key, name))
        elif (
            isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct)
        ):
            yield from _of_table(value, kind, key)


def _of_table(table: dict[str, Any], model: type[msgspec.Struct], key: Key) -> Iterator[Fault]:
    """Keys that are none, keys that are missing, and what is wrong at the others."""
    fields = {each.encode_name: each for each in structs.fields(model)}
    known = [name for name in fields if name != "digest"]
    strange = [name for name in table if name not in fields]
    for name in strange:
        mend = f"{_meant(name, known)}correct or remove it; known are {', '.join(known)}"
        yield Fault((*key, name), f"is no key here: {mend}")
    misspelt = {meant for name in strange for meant in _like(name, known)}
    for name, field in fields.items():
        if name in table:
            yield from faults(table[name], field.type, (*key, name))
        elif field.required and name not in misspelt:
            yield Fault((*key, name), "is missing: add it")


def _kinds(model: Any) -> list[Any]:  # noqa: ANN401
    """The types that *model* is one of, without their limits."""
    if isinstance(model, TypeAliasType):
        return _kinds(model.__value__)
    if get_origin(model) is Annotated:
        return _kinds(get_args(model)[0])
    if get_origin(model) in _UNIONS:
        return [kind for each in get_args(model) for kind in _kinds(each)]
    return [model]


def _fault(error: msgspec.ValidationError, value: object, model: Any, key: Key) -> Fault:  # noqa: ANN401
    """Where in *value* the error is, and how to mend it."""
    told = _ERROR.fullmatch(str(error))
    what, path = told.group("what", "path") if told else (str(error), None)
    parts = [int(index) if index else name for name, index in _PART.findall(path or "")]
    below: Key = tuple(parts[1:])
    held = at(value, below)
    if what.startswith("Invalid enum value"):
        names = _names(model)
        mend = f"{_meant(held, names)}use one of {', '.join(names)}"
    else:
        mend = _wanted(what)
    return Fault((*key, *below), f"is {shown(held)}: {mend}")


def _meant(given: object, known: list[str]) -> str:
    """The one of *known* that *given* looks like, as a question; empty where none does."""
    return "".join(f"did you mean {like}? " for like in _like(given, known))


def _like(given: object, known: list[str]) -> list[str]:
    """The one of *known* that *given* looks like most, if one does."""
    return difflib.get_close_matches(str(given), known, n=1)


def _wanted(what: str) -> str:
    """``Expected `int` >= 1, got `str``` as a request."""
    words = what.removeprefix("Expected ").partition(", got ")[0]
    asked = re.sub(
        "`([^`]*)`",
        lambda types: " or ".join(_WORDS.get(each, each) for each in types[1].split(" | ")),
        words,
    )
    return f"give {asked}"


def _names(model: Any) -> list[str]:  # noqa: ANN401
    """The values that there are of *model*, of its enumerations and literals."""
    kind = inspect.type_info(model)
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    members = [one for it in kinds if isinstance(it, inspect.EnumType) for one in it.cls]
    values = [one for it in kinds if isinstance(it, inspect.LiteralType) for one in it.values]
    return [str(one) for one in (*members, *values)]
