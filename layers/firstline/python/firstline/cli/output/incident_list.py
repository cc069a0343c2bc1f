"""Incidents as text, printed one by one as they are read."""

from collections.abc import Iterable, Iterator

from rich.text import Text

from firstline.cli.output import lines as output
from firstline.cli.output import terminal
from firstline.cli.output.terminal import STYLES
from firstline.reporting.incident_summary import Summary
from firstline.reporting.tally import tally
from firstline.reporting.timeline import format_elapsed
from firstline.reporting.tones import Tone, tone


def print_incidents(summaries: Iterable[Summary], *, as_json: bool) -> None:
    """Print one line for each incident."""
    if as_json:
        for each in summaries:
            output.emit(output.incident(each))
        return
    narrow = terminal.is_narrow(terminal.console())
    terminal.print_lines(
        line for each in summaries for line in _incident_lines(each, narrow=narrow)
    )


def _incident_lines(summary: Summary, *, narrow: bool) -> Iterator[Text]:
    """Yield the line of an incident, in two halves on a narrow terminal."""
    duration = format_elapsed(summary.ended_at - summary.opened_at) if summary.ended_at else "-"
    head = f"{summary.opened_at:%Y-%m-%d %H:%M:%S}  {summary.severity or '--'}  "
    row = Text.assemble(
        terminal.printable(head),
        terminal.printable(f"{summary.condition or summary.disposition:<18}  "),
        (f"{summary.outcome:<11}", STYLES[tone(summary.outcome)]),
    )
    rest = Text.assemble(
        f"  {duration:>8}  {_fixes(summary):<22}  ",
        (terminal.printable(summary.incident), "dim"),
        "" if summary.whole else ("  entries are missing", STYLES[Tone.BAD]),
    )
    yield from (row, rest) if narrow else (row + rest,)


def _fixes(summary: Summary) -> str:
    """Return how many fixes were tried, and how many helped."""
    return tally(summary.fixes) if summary.fixes else "no fix"
