"""Text on the terminal. External text is printed without control characters.

A terminal gets lines folded at its width, with a hanging indent. A pipe gets whole lines, so that
grep works.
"""

import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from firstline.reporting.tones import Tone

if TYPE_CHECKING:  # importing rich takes longer than most commands, and a pipe does not need it
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
NARROW_COLUMNS = 100
"""Width below which a line is printed as two."""


def printable(text: str) -> str:
    """Return *text* in one line, with U+FFFD for each control character."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def print_lines(lines: Iterable["str | Text"], hang: int = 0) -> None:
    """Print *lines* on standard output; equal consecutive lines are one, with their count.

    A folded line continues at column *hang*, by default two columns into the line.
    """
    if sys.stdout.isatty():
        from firstline.cli.output import folding

        folding.print_lines(lines, hang)
        return
    plain = (printable(each) if isinstance(each, str) else each.plain for each in lines)
    for line, repeats in collapse_repeats(plain):
        print(f"{line}{repeats}")


def collapse_repeats[Line: (str, "Text")](lines: Iterable[Line]) -> Iterator[tuple[Line, str]]:
    """Yield each row of equal lines once, with a text for their count if there are several."""
    for line, equal in groupby(lines):
        times = sum(1 for _ in equal)
        yield line, f" ({times} times)" if times > 1 and line else ""


def console() -> "Console":
    """Return standard output: colours on a terminal, plain text in a pipe, no line cut."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True)


def is_narrow(console: "Console") -> bool:
    """True if *console* is a terminal with fewer than `NARROW_COLUMNS` columns."""
    return console.is_terminal and console.width < NARROW_COLUMNS
