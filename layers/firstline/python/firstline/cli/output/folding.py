"""Lines folded at the terminal's width, between words."""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.text import Text

from firstline.cli.output import terminal

HANG = 2
"""Indent in columns of the folded rest of a line."""


def print_lines(lines: Iterable[str | Text], hang: int) -> None:
    """Print *lines* on the terminal; see `firstline.cli.output.terminal.print_lines`."""
    out = terminal.console()
    for line, repeats in terminal.collapse_repeats(map(_as_text, lines)):
        for part in fold(line + Text(repeats, style="dim"), hang, out):
            out.print(part)


def fold(line: Text, hang: int, out: Console) -> Iterator[Text]:
    """Yield the parts of *line*, none wider than the terminal of *out*."""
    if line.cell_len <= out.width:
        yield line
        return
    leading = len(line.plain) - len(line.plain.lstrip())
    column = min(hang or leading + HANG, out.width // 2)
    for number, part in enumerate(line[column:].wrap(out, out.width - column)):
        part.rstrip()
        yield (Text(" " * column) if number else line[:column]) + part


def _as_text(line: str | Text) -> Text:
    return line if isinstance(line, Text) else Text(terminal.printable(line))
