"""Incidents as a person reads them: a line each, as they come."""

from collections.abc import Iterable, Iterator

from rich.text import Text

from firstline.cli.output import lines as output
from firstline.cli.output import terminal
from firstline.cli.output.terminal import STYLES
from firstline.reporting.incident_summary import Summary
from firstline.reporting.tally import tally
from firstline.reporting.timeline import format_elapsed
from firstline.reporting.tones import Tone, tone


def tell(told: Iterable[Summary], *, as_json: bool) -> None:
    """One line for each incident."""
    if as_json:
        for each in told:
            output.emit(output.incident(each))
        return
    narrow = terminal.narrow(terminal.console())
    terminal.say(line for each in told for line in _incident(each, narrow=narrow))


def _incident(told: Summary, *, narrow: bool) -> Iterator[Text]:
    """Its line, or both halves of it."""
    took = format_elapsed(told.ended_at - told.opened_at) if told.ended_at else "-"
    head = f"{told.opened_at:%Y-%m-%d %H:%M:%S}  {told.severity or '--'}  "
    row = Text.assemble(
        terminal.printable(head),
        terminal.printable(f"{told.condition or told.disposition:<18}  "),
        (f"{told.outcome:<11}", STYLES[tone(told.outcome)]),
    )
    rest = Text.assemble(
        f"  {took:>8}  {_fixes(told):<22}  ",
        (terminal.printable(told.incident), "dim"),
        "" if told.whole else ("  entries are missing", STYLES[Tone.BAD]),
    )
    yield from (row, rest) if narrow else (row + rest,)


def _fixes(told: Summary) -> str:
    """How many were tried, and how many of them helped."""
    return tally(told.fixes) if told.fixes else "no fix"
