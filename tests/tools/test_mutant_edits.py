"""Each operator on a small source: every edit that it makes there, before and after."""

import pytest

from tools.mutants import python_edits, shell_edits
from tools.mutants.python_edits import CONSTANT, DROPPED, EMPTIED, NEGATED, OFF_BY_ONE, SWAPPED


def changed(source: bytes, edits: object) -> list[tuple[str, str]]:
    """Of each edit its operator and the line that it changed, without its indent."""
    found = []
    for edit in edits.edits(source):  # type: ignore[attr-defined] # a module of operators
        lines = edit.apply(source).decode().split("\n")
        pairs = zip(lines, source.decode().split("\n"), strict=True)
        (line,) = (new for new, old in pairs if new != old)
        found.append((edit.operator, line.strip()))
    return found


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("if a:\n    b = c", {(NEGATED, "if (not (a)):")}),
        ("while not a:\n    b = c", {(NEGATED, "while (a):")}),
        ("b = c if a else d", {(NEGATED, "b = c if (not (a)) else d")}),
        ("b = x == y", {(NEGATED, "b = (not (x == y))")}),
        ("for a in b:\n    continue", {(DROPPED, "pass")}),
        (
            "b = x <= y",
            {(NEGATED, "b = (not (x <= y))"), (OFF_BY_ONE, "b = x < y")},
        ),
        (
            "b = x > y >= z",
            {
                (NEGATED, "b = (not (x > y >= z))"),
                (OFF_BY_ONE, "b = x >= y >= z"),
                (OFF_BY_ONE, "b = x > y > z"),
            },
        ),
        ("b = c[1]", {(OFF_BY_ONE, "b = c[2]")}),
        ("b = -5", {(OFF_BY_ONE, "b = -6")}),
        ("b = True", set()),
        ("a.b = c", {(DROPPED, "pass")}),
        ("a[b] += c", {(DROPPED, "pass")}),
        ("send(b)", {(DROPPED, "pass")}),
        ("raise E", {(DROPPED, "pass")}),
        ("b = x and y and z", {(SWAPPED, "b = x or y and z"), (SWAPPED, "b = x and y or z")}),
        ("b = x or (y)", {(SWAPPED, "b = x and (y)")}),
        ("b = (x, y)", {(EMPTIED, "b = ()")}),
        ("b = [x]", {(EMPTIED, "b = []")}),
        ("b = {x}", {(EMPTIED, "b = set()")}),
        ("b = {x: y}", {(EMPTIED, "b = {}")}),
        ("b = [x for x in y]", {(EMPTIED, "b = []")}),
        ("b = any(x for x in y)", {(EMPTIED, "b = any(())")}),
        (
            "b = {x for x in y if z}",
            {(EMPTIED, "b = set()"), (NEGATED, "b = {x for x in y if (not (z))}")},
        ),
        ("b = ()", set()),
        ("x, y = z", set()),
    ],
)
def test_an_operator_on_a_statement(source: str, expected: set[tuple[str, str]]) -> None:
    assert set(changed(source.encode(), python_edits)) == expected


@pytest.mark.parametrize(
    ("kind", "constants"),
    [
        ("bool", ["True", "False"]),
        ("str", ['""']),
        ("tuple[int, ...]", ["()"]),
        ("list[int]", ["[]"]),
        ("dict[str, int]", ["{}"]),
        ("frozenset[int]", ["frozenset()"]),
        ("str | None", ["None"]),
        ("Plan", ["None"]),
        ("int", ["0"]),
    ],
)
def test_a_constant_of_the_kind_is_returned(kind: str, constants: list[str]) -> None:
    source = f"def f() -> {kind}:\n    return a\n".encode()
    assert sorted(changed(source, python_edits)) == sorted(
        (CONSTANT, f"return {each}") for each in constants
    )


def test_a_return_is_dropped_where_something_comes_after_it() -> None:
    source = b"class C:\n    def f(self) -> None:\n        if a:\n            return\n        b()\n"
    assert changed(source, python_edits) == [
        (DROPPED, "pass"),
        (DROPPED, "pass"),
        (NEGATED, "if (not (a)):"),
    ]
    assert {each.within for each in python_edits.edits(source)} == {"C.f"}


def test_what_says_nothing_about_behaviour_is_left_alone() -> None:
    """Docstrings, annotations, types, f-strings, logs, `assert_never`; and what changes nothing."""
    source = b'''"""Two things: 1, 2."""
type T = tuple[int, Literal[3]]

@cache(1)
def f(a: Literal[2], b: tuple[int, ...]) -> Literal[4]:
    """Says 5."""
    log.info("so many", 6)
    assert_never(a)
    c: Literal[7] = a
    return f"{a and 8}"
'''
    assert changed(source, python_edits) == [(CONSTANT, "return None")]
    assert changed(b"def f() -> bool:\n    return True\n", python_edits) == [
        (CONSTANT, "return False")
    ]


def test_the_numbers_of_the_lines_stay_where_several_are_replaced() -> None:
    source = b"b = [\n    x,\n    y,\n]\nsend(\n    b,\n)\nif (\n    c\n):\n    pass\n"
    after = [each.apply(source) for each in python_edits.edits(source)]
    assert after == [
        b"b = [\n    x,\n    y,\n]\npass\n\n\nif (\n    c\n):\n    pass\n",
        b"b = ([]\n\n\n)\nsend(\n    b,\n)\nif (\n    c\n):\n    pass\n",
        b"b = [\n    x,\n    y,\n]\nsend(\n    b,\n)\nif (\n    (not (c))\n):\n    pass\n",
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "[[ -z $a ]] || finish late 3",
            {
                (NEGATED, "! [[ -z $a ]] || finish late 3"),
                (SWAPPED, "[[ -z $a ]] && finish late 3"),
                (OFF_BY_ONE, "[[ -z $a ]] || finish late 4"),
                (DROPPED, ":"),
            },
        ),
        (
            "((now <= 10#$until)) && return 1",
            {
                (NEGATED, "! ((now <= 10#$until)) && return 1"),
                (OFF_BY_ONE, "((now < 10#$until)) && return 1"),
                (OFF_BY_ONE, "((now <= 10#$until)) && return 2"),
                (CONSTANT, "((now <= 10#$until)) && return 0"),
                (SWAPPED, "((now <= 10#$until)) || return 1"),
                (DROPPED, ":"),
            },
        ),
        ("if ! grep -q a b; then c=1; fi", {(NEGATED, "if grep -q a b; then c=1; fi")}),
        ("if grep -q a b; then c=1; fi", {(NEGATED, "if ! grep -q a b; then c=1; fi")}),
        ("kept=60", {(OFF_BY_ONE, "kept=61")}),
        (
            "a_pattern='^[0-9]{1,5}$'",
            {
                (OFF_BY_ONE, "a_pattern='^[0-9]{2,5}$'"),
                (OFF_BY_ONE, "a_pattern='^[0-9]{1,6}$'"),
            },
        ),
        ('units=("$a" "$b")', {(EMPTIED, "units=()")}),
        ("timeout -s KILL 2 sync >/dev/null", {(DROPPED, ":")}),
        ("# a note: 1 && 2", set()),
        ("esac", set()),
    ],
)
def test_an_operator_on_a_line_of_a_script(line: str, expected: set[tuple[str, str]]) -> None:
    held = f"case $a in\n  b) ;;\n{line}\n" if line == "esac" else f"{line}\n"
    assert set(changed(held.encode(), shell_edits)) == expected


def test_a_part_of_a_longer_command_is_not_dropped_and_python_is_edited_as_python() -> None:
    words, program = b"words=(\n  'one'\n)\n", b"program='\nif a:\n    b = c\n'\n"
    source = words + program + b"ask --one \\\n  --two |\n  read\n"
    assert changed(source, shell_edits) == [(NEGATED, "if (not (a)):")]
