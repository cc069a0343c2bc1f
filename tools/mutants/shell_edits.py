"""Mutation operators on Bash, by lines; quoted Python is edited as Python."""

import re
import subprocess
from collections.abc import Iterator

from tools.mutants import python_edits
from tools.mutants.edit import Edit
from tools.mutants.python_edits import CONSTANT, DROPPED, EMPTIED, NEGATED, OFF_BY_ONE, SWAPPED

QUOTED = re.compile(rb"(?ms)^\w+='\n(.*?)^'$")
FLIPPED = {"<=": "<", "<": "<=", ">=": ">", ">": ">="}
OTHER = {"&&": "||", "||": "&&"}
NUMBER = re.compile(r"(?<![\w$.#&>\[-])(?<!\$\{)(?!0\d)\d+(?![\w.#>-])")
BOUNDED = re.compile(r"\(\(|=~|_pattern=|\b(?:return|exit|finish)\b|^ *\w+=\d")
"""Lines whose number is a bound or a status, not a tool's time limit."""
TEST = re.compile(
    r"(?P<lead>^ *|(?:\b(?:if|elif|while|until)|&&|\|\||;|\{) )(?P<sign>! )?(?=\[\[ |\(\()"
)
COMMAND = re.compile(r"(?P<lead>\b(?:if|while) )(?P<sign>! )?(?!! |\[\[ |\(\()")
BOUND = re.compile(r"(?<= )(?:[<>]=?)(?= )")
STATUS = re.compile(r"\b(?:return|exit) (\d+)")
EITHER = re.compile(r"(?<= )(?:&&|\|\|)(?= |$)")
ARRAY = re.compile(r"(?<=[\w+]=\()[^()]+(?=\)$)")
NO_COMMAND = re.compile(
    r"(?:if|then|else|elif|fi|for|while|until|do|done|case|esac|local|function)\b|[;}{'\"]"
    r"|\w+\(\)|\w+=|[^ ]+\)"
)
GOES_ON = ("\\", "|", "&&", "||", "(", "{")


def edits(source: bytes) -> Iterator[Edit]:
    """Yield each edit of *source* that Bash parses, in order."""
    yield from (edit for edit in sorted(_all(source)) if _parses(edit.apply(source)))


def _parses(source: bytes) -> bool:
    command = ["/bin/bash", "-n"]
    return not subprocess.run(command, input=source, capture_output=True, check=False).returncode


def _all(source: bytes) -> set[Edit]:
    found, inside = set[Edit](), set[int]()
    for quoted in QUOTED.finditer(source):
        start, end = quoted.span(1)
        try:
            held = list(python_edits.edits(quoted[1]))
        except SyntaxError:
            continue  # lines of Bash
        inside |= set(range(start, end))
        found |= {each._replace(start=each.start + start, end=each.end + start) for each in held}
    at, before = 0, ""
    for line in source.decode().splitlines(keepends=True):
        if at not in inside and not line.lstrip().startswith("#"):
            found |= set(_of_line(line.rstrip("\n"), before, at))
        at, before = at + len(line.encode()), line.rstrip("\n")
    return found


def _of_line(line: str, before: str, at: int) -> Iterator[Edit]:
    """Yield the edits of a line that begins at byte *at*, after the line *before*."""
    for operator, start, end, new in (*_tokens(line), *_command(line, before)):
        first, last = (at + len(line[:each].encode()) for each in (start, end))
        yield Edit(operator, first, last, new.encode())


def _tokens(line: str) -> Iterator[tuple[str, int, int, str]]:
    for held in (*TEST.finditer(line), *COMMAND.finditer(line)):
        signed = held["sign"] is not None
        yield NEGATED, held.end("lead"), held.end(), "" if signed else "! "
    if BOUNDED.search(line):
        yield from ((OFF_BY_ONE, *it.span(), str(int(it[0]) + 1)) for it in NUMBER.finditer(line))
    bounds = (it for it in BOUND.finditer(line) if "((" in line[: it.start()])
    yield from ((OFF_BY_ONE, *it.span(), FLIPPED[it[0]]) for it in bounds)
    yield from ((CONSTANT, *it.span(1), "0") for it in STATUS.finditer(line) if int(it[1]))
    yield from ((SWAPPED, *it.span(), OTHER[it[0]]) for it in EITHER.finditer(line))
    yield from ((EMPTIED, *it.span(), "") for it in ARRAY.finditer(line))


def _command(line: str, before: str) -> Iterator[tuple[str, int, int, str]]:
    """Yield the deletion of a line that is one complete command."""
    command = line.strip()
    part = before.endswith(GOES_ON[:4]) or line.endswith(GOES_ON)
    if command and not part and not NO_COMMAND.match(command):
        yield DROPPED, len(line) - len(line.lstrip()), len(line), ":"
