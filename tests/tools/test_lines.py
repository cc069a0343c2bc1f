"""The count of code lines."""

import pytest

from tools.lines import code_lines


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("", 0),
        ('"""A module."""\n\n# why\nx = 1  # what\n', 1),
        ('def f() -> str:\n    """Text."""\n    return """\n\n"""\n', 4),
        ('class A:\n    x: int\n    """What it is."""\n', 2),
        ("y = (\n    1,\n\n    # two\n    2,\n)\n", 4),
    ],
)
def test_blanks_comments_and_docstrings_do_not_count(source: str, lines: int) -> None:
    """A text that is a value does, over each of its lines."""
    assert code_lines(source) == lines
