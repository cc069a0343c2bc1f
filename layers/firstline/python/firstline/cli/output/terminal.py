"""The terminal: what came from outside is told there, and never steers it.

On a terminal a line is folded at its width, with a hanging indent. In a pipe it stays whole, so
that grep finds what stands in it.
"""

import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from firstline.reporting.tones import Tone

if TYPE_CHECKING:  # a pipe needs no rich, and importing it takes longer than most commands
    from rich.console import Console
    from rich.text import Text

STYLES = {
    Tone.PLAIN: "",
    Tone.QUIET: "dim",
    Tone.GOOD: "bold green",
    Tone.WARNING: "bold yellow",
    Tone.BAD: "bold red",
    Tone.ALERT: "bold magenta",
}
"""The style of each tone."""
WORD = "cyan"
"""The style of a plain line's first word."""
NARROW = 100
"""Columns below which a line is told in two."""


def printable(text: str) -> str:
    """*text* in one line, with U+FFFD for each character that a terminal might obey."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def say(lines: Iterable["str | Text"], hang: int = 0) -> None:
    """Write *lines* to standard output; equal ones in a row are one, with their number.

    What is folded goes on at column *hang*, by default two columns into its line.
    """
    if sys.stdout.isatty():
        from firstline.cli.output import folding

        folding.say(lines, hang)
        return
    plain = (printable(each) if isinstance(each, str) else each.plain for each in lines)
    for line, often in counted(plain):
        print(f"{line}{often}")


def counted[Line: (str, "Text")](lines: Iterable[Line]) -> Iterator[tuple[Line, str]]:
    """Each row of equal lines once, with the words that say how many there are, if several."""
    for line, equal in groupby(lines):
        times = sum(1 for _ in equal)
        yield line, f" ({times} times)" if times > 1 and line else ""


def console() -> "Console":
    """Standard output: colours on a terminal, plain text in a pipe, and no line of it is cut."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True)


def narrow(console: "Console") -> bool:
    """Whether *console* is a terminal of few columns."""
    return console.is_terminal and console.width < NARROW
