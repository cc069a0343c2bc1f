"""All type errors of a table, in the terms of TOML.

msgspec stops at the first error, hides keys of free tables and names Python's types, so that each
value is converted separately.
"""

import difflib
import functools
import re
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, TypeAliasType, Union, get_args, get_origin

import msgspec
from msgspec import inspect, structs

from firstline.config.toml_document import Fault, Key, display, value_at

_ERROR = re.compile(r"(?P<what>.*?)(?: - at `(?:key` in `)?\$(?P<path>.*)`)?", re.DOTALL)
_PART = re.compile(r"\.(\w+)|\[(\d+)\]")
_VALUE = "value"
_UNIONS = (Union, UnionType)
_WORDS = {
    "array": "a list",
    "bool": "true or false",
    "int": "a whole number",
    "object": "a table",
    "str": "a string in quotes",
}


def faults(value: object, model: Any, key: Key = ()) -> Iterator[Fault]:  # noqa: ANN401 - a type
    """Yield all faults of *value*, at *key*, as *model*."""
    within = list(_within(value, model, key))
    yield from within
    if not within:
        try:
            msgspec.convert({_VALUE: value}, type=_holder(model))
        except msgspec.ValidationError as error:
            yield _fault(error, value, model, key)


@functools.cache
def _holder(model: Any) -> type[msgspec.Struct]:  # noqa: ANN401
    """Return a struct with one *model*; cached, since msgspec 0.22.0 leaks some types."""
    return msgspec.defstruct("Holder", [(_VALUE, model)])


def _within(value: object, model: Any, key: Key) -> Iterator[Fault]:  # noqa: ANN401
    """Yield the faults of the entries of a table or a list."""
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
    """Yield unknown keys, missing keys, and the faults of the others."""
    fields = {each.encode_name: each for each in structs.fields(model)}
    known = [name for name in fields if name != "digest"]
    strange = [name for name in table if name not in fields]
    for name in strange:
        mend = f"{_suggestion(name, known)}correct or remove it; known are {', '.join(known)}"
        yield Fault((*key, name), f"is not a key here: {mend}")
    misspelt = {near for name in strange for near in _closest(name, known)}
    for name, field in fields.items():
        if name in table:
            yield from faults(table[name], field.type, (*key, name))
        elif field.required and name not in misspelt:
            yield Fault((*key, name), "is missing: add it")


def _kinds(model: Any) -> list[Any]:  # noqa: ANN401
    """Return the types of the union *model*, without their limits."""
    if isinstance(model, TypeAliasType):
        return _kinds(model.__value__)
    if get_origin(model) is Annotated:
        return _kinds(get_args(model)[0])
    if get_origin(model) in _UNIONS:
        return [kind for each in get_args(model) for kind in _kinds(each)]
    return [model]


def _fault(error: msgspec.ValidationError, value: object, model: Any, key: Key) -> Fault:  # noqa: ANN401
    """Return the place of the error in *value* and its remedy."""
    match = _ERROR.fullmatch(str(error))
    what, path = match.group("what", "path") if match else (str(error), None)
    parts = [int(index) if index else name for name, index in _PART.findall(path or "")]
    below: Key = tuple(parts[1:])
    actual = value_at(value, below)
    if what.startswith("Invalid enum value"):
        names = _names(model)
        mend = f"{_suggestion(actual, names)}use one of {', '.join(names)}"
    else:
        mend = _request(what)
    return Fault((*key, *below), f"is {display(actual)}: {mend}")


def _suggestion(value: object, known: list[str]) -> str:
    """Return a question with the closest of *known*; empty if none is close."""
    return "".join(f"did you mean {like}? " for like in _closest(value, known))


def _closest(value: object, known: list[str]) -> list[str]:
    """Return the closest of *known*, if any."""
    return difflib.get_close_matches(str(value), known, n=1)


def _request(what: str) -> str:
    """Return ``Expected `int` >= 1, got `str``` as a request."""
    words = what.removeprefix("Expected ").partition(", got ")[0]
    asked = re.sub(
        "`([^`]*)`",
        lambda types: " or ".join(_WORDS.get(each, each) for each in types[1].split(" | ")),
        words,
    )
    return f"give {asked}"


def _names(model: Any) -> list[str]:  # noqa: ANN401
    """Return the values of the enumerations and literals of *model*."""
    kind = inspect.type_info(model)
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    members = [one for it in kinds if isinstance(it, inspect.EnumType) for one in it.cls]
    values = [one for it in kinds if isinstance(it, inspect.LiteralType) for one in it.values]
    return [str(one) for one in (*members, *values)]
