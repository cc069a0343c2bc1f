"""``docs/CLI.md``: every command with its options, exit statuses and JSON documents."""

import inspect
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import typer

from firstline.cli.main import COMMANDS, NAME, module_of
from firstline.cli.output import contract
from firstline.cli.output.contract import Document
from tools.bench.figure import Figure

HEAD = """# The command line

Made by `./dev docs` from the commands. `./dev` runs them from a checkout; `firstline` is the same
command where the package is installed. Without arguments it lists the commands. `-h` or `--help`
shows the help of a command, and a group without a command shows its commands. On a terminal lines
are folded at its width; in a pipe each stays whole. Equal lines in a row are one line with their
number.

## Exit statuses

Every command has these; what else a status means stands at its command.

"""
JSON_HEAD = """## JSON documents

With `--json` standard output has one JSON document a line. Each section has the JSON Schema
(2020-12) of one type; the schema is derived from the type that the command encodes.
"""
DOCUMENTS = contract.DOCUMENTS | {"bench": (Document(Figure, "each figure"),)}
"""`contract.DOCUMENTS` with the commands of a checkout."""


class Command(NamedTuple):
    """A command with the words that call it, as Typer parses it."""

    words: str
    parser: Any


def page() -> str:
    """Yield the whole document."""
    found = tuple(commands())
    types = dict.fromkeys(each.type for each in _documents(found))
    parts = [
        HEAD + _table("status", contract.COMMON_STATUSES),
        *(_section(each) for each in found),
        JSON_HEAD,
        *map(_schema, types),
    ]
    return "\n".join(parts)


def commands() -> Iterator[Command]:
    """Yield every command, in the order of the help."""
    for name, (module, _) in COMMANDS.items():
        group: Any = typer.main.get_group(module_of(module).app)
        parser = group.commands.get(name, group)
        inner = getattr(parser, "commands", None)
        if inner is None:
            yield Command(name, parser)
        else:
            yield from (Command(f"{name} {word}", each) for word, each in inner.items())


def _documents(found: tuple[Command, ...]) -> Iterator[Document]:
    return (each for command in found for each in DOCUMENTS.get(command.words, ()))


def _section(command: Command) -> str:
    """Yield usage, help, parameters, statuses and documents."""
    words, parser = command
    context = parser.context_class(parser, info_name=f"{NAME} {words}")
    usage = " ".join(parser.get_usage(context).removeprefix("Usage: ").split())
    options = dict(filter(None, (each.get_help_record(context) for each in parser.params)))
    statuses = contract.STATUSES.get(words, {})
    parts = [
        f"## {words}\n",
        f"```\n{usage}\n```\n",
        f"{inspect.cleandoc(parser.help)}\n".replace("``", "`"),
        *([_table("argument or option", options)] if options else []),
        *([_table("status", statuses)] if statuses else []),
        *_links(DOCUMENTS.get(words, ())),
    ]
    return "\n".join(parts)


def _table(head: str, rows: dict[Any, str]) -> str:
    lines = [f"| {head} | |", "|---|---|"]
    for name, text in rows.items():
        cell = " ".join(text.split()).replace("|", "\\|")
        lines.append(f"| `{str(name).replace('|', chr(92) + '|')}` | {cell} |")
    return "\n".join(lines) + "\n"


def _links(documents: tuple[Document, ...]) -> list[str]:
    linked = [f"[{it.type.__name__}](#{it.type.__name__.lower()}), {it.when}" for it in documents]
    return [f"`--json`: {'; '.join(linked)}.\n"] if linked else []


def _schema(of: type[msgspec.Struct]) -> str:
    """Yield the schema of a type, a line for each property."""
    schema = msgspec.json.schema(of)
    described = " ".join((inspect.getdoc(of) or "").split()).replace("``", "`")
    return f"### {of.__name__}\n\n{described}\n\n```json\n{_laid_out(schema)}\n```\n"


def _laid_out(value: object, indent: str = "", deep: int = 4) -> str:
    """Return *value* as JSON, with its first *deep* levels over several lines."""
    if not isinstance(value, dict) or not value or deep == 0:
        return json.dumps(value)
    inner = f"{indent}  "
    rows = [
        f"{inner}{json.dumps(key)}: {_laid_out(each, inner, deep - 1)}"
        for key, each in value.items()
    ]
    return "{\n" + ",\n".join(rows) + f"\n{indent}" + "}"
