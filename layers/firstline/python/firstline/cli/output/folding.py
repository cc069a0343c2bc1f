"""Lines folded at the terminal's width, so that none is broken in the midst of a word."""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.text import Text

from firstline.cli.output import terminal

HANG = 2
"""Columns by which the rest of a folded line is indented."""


def say(lines: Iterable[str | Text], hang: int) -> None:
    """Write *lines* to the terminal; see `firstline.cli.output.terminal.say`."""
    out = terminal.console()
    for line, often in terminal.counted(map(_shown, lines)):
        for part in folded(line + Text(often, style="dim"), hang, out):
            out.print(part)


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
    return line if isinstance(line, Text) else Text(terminal.printable(line))
