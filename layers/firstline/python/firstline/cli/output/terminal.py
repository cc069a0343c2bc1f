"""The terminal: what came from outside is told there, and never steers it."""

from rich.console import Console

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
NARROW = 100
"""Columns below which a line is told in two."""


def printable(text: str) -> str:
    """*text* in one line, with U+FFFD for each character that a terminal might obey."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def console() -> Console:
    """Standard output: colours on a terminal, plain text in a pipe, and no line of it is cut."""
    return Console(highlight=False, soft_wrap=True)


def narrow(console: Console) -> bool:
    """Whether *console* is a terminal of few columns."""
    return console.is_terminal and console.width < NARROW
