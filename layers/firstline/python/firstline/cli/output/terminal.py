"""The terminal: what came from outside is told there, and never steers it.

On a terminal a line is folded at its width, with a hanging indent. In a pipe it stays whole, so
that grep finds what stands in it.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby

from rich.console import Console
from rich.text import Text

from firstline.reporting.tones import Tone

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
HANG = 2
"""Columns by which the rest of a folded line is indented."""
NARROW = 100
"""Columns below which a line is told in two."""


def printable(text: str) -> str:
    """*text* in one line, with U+FFFD for each character that a terminal might obey."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def say(lines: Iterable[str | Text], hang: int = 0) -> None:
    """Write *lines* to standard output; equal ones in a row are one, with their number.

    What is folded goes on at column *hang*, by default two columns into its line.
    """
    out = console()
    for each in counted(map(_shown, lines)):
        if out.file.isatty():
            for part in folded(each, hang, out):
                out.print(part)
        else:
            print(each.plain, file=out.file)


def counted(lines: Iterable[Text]) -> Iterator[Text]:
    """Each line once for each row of equal ones; how often it comes stands at its end."""
    for line, equal in groupby(lines):
        times = sum(1 for _ in equal)
        yield line + Text(f" ({times} times)", style="dim") if times > 1 and line.plain else line


def folded(line: Text, hang: int, out: Console) -> Iterator[Text]:
    """The parts of *line*, none wider than the terminal of *out*."""
    if line.cell_len <= out.width:
        yield line
        return
    leading = len(line.plain) - len(line.plain.lstrip())
    at = min(hang or leading + HANG, out.width // 2)
    for number, part in enumerate(line[at:].wrap(out, out.width - at)):
        part.rstrip()
        yield (Text(" " * at) if number else line[:at]) + part


def _shown(line: str | Text) -> Text:
    return line if isinstance(line, Text) else Text(printable(line))


def console() -> Console:
    """Standard output: colours on a terminal, plain text in a pipe, and no line of it is cut."""
    return Console(highlight=False, soft_wrap=True)


def narrow(console: Console) -> bool:
    """Whether *console* is a terminal of few columns."""
    return console.is_terminal and console.width < NARROW
