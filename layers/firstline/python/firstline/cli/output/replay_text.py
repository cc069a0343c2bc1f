"""A replay as text: the timeline of each incident. Colours and progress need a terminal."""

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby

from rich.console import Console
from rich.text import Text

from firstline.cli.output import terminal
from firstline.cli.output.lines import ReplayLine
from firstline.cli.output.terminal import STYLES, WORD
from firstline.lab.twin.replay_result import IncidentLedger, ReplayResult
from firstline.lab.twin.scenario import Scenario
from firstline.reporting import timeline
from firstline.reporting.timeline import Moment, format_elapsed
from firstline.reporting.tones import Tone, tone

WORD_WIDTH = 10
TEXT_COLUMN = 20
"""The column where a moment's text begins, after its time and first word."""


@contextlib.contextmanager
def virtual_time_progress(name: str) -> Iterator[Callable[[datetime], None]]:
    """Yield a function that shows the virtual time on a terminal, and does nothing elsewhere."""
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status(name) as status:
        yield lambda at: status.update(f"{name}  {at:%Y-%m-%d %H:%M:%S}")


def print_replay(scenario: Scenario, replayed: ReplayResult, lines: tuple[ReplayLine, ...]) -> None:
    """Print the timeline of each incident, with its outcome as the last line."""
    terminal.print_lines(
        [f"{scenario.name}   {scenario.mode}   {replayed.start:%Y-%m-%d %H:%M:%S} UTC"]
    )
    for ledger, line in zip(replayed.ledgers or (None,), lines, strict=True):
        terminal.print_lines(["", *_head(line)])
        moments = timeline.moments(ledger.entries) if ledger else _pages_only(replayed)
        terminal.print_lines(_timeline(moments, replayed.start), TEXT_COLUMN)
        style = STYLES[tone(line.outcome or "")] or "bold"
        terminal.print_lines([Text(_last_line(line, _duration(ledger, replayed)), style=style)])


def _duration(ledger: IncidentLedger | None, replayed: ReplayResult) -> timedelta:
    """Return the time from the start to the incident's end, else to the end of the run."""
    incident = ledger.incident if ledger else None
    end = incident.ended_at if incident and incident.ended_at else replayed.end
    return end - replayed.start


def _head(line: ReplayLine) -> Iterator[Text]:
    if line.incident is not None:
        what = f"{line.severity} {line.condition}   {line.incident}"
        yield Text(what, style="bold")


def _pages_only(replayed: ReplayResult) -> Iterator[Moment]:
    """Yield the pages of a run whose store accepted no write, as PagerDuty has them."""
    for page in replayed.pages:
        yield Moment(page.at, "pages", f"{page.action} {page.key}", Tone.ALERT)
    yield Moment(replayed.end, "ends", "the store accepted no write, so no fix ran", Tone.BAD)


def _timeline(moments: Iterable[Moment], start: datetime) -> Iterator[Text]:
    """Yield a line for each moment; repeated moments are one line with count and duration."""
    for _, equal in groupby(moments, key=lambda each: each[1:]):
        first, *more = equal
        elapsed = f"+{format_elapsed(first.at - start)}"
        repeats = ""
        if more:
            repeats = f" ({len(more) + 1} times until +{format_elapsed(more[-1].at - start)})"
        yield Text.assemble(
            (f"{elapsed:>8}  ", "dim"),
            (f"{first.word:<{WORD_WIDTH}} ", STYLES[first.tone] or WORD),
            terminal.printable(first.text),  # may quote an external event
            (repeats, "dim"),
        )


def _last_line(line: ReplayLine, duration: timedelta) -> str:
    """Return the last line: outcome, duration, counts, and the head of the ledger."""
    fixes = sum(1 for each in line.actions if each.kind == "fix")
    pages = sum(each.notified is True for each in line.pages)
    counts = f"{_count(fixes, 'fix', 'fixes')}, {_count(pages, 'page', 'pages')}"
    record = f"{_count(line.entries, 'entry', 'entries')}, ledger head {line.ledger_head}"
    outcome = line.outcome or "nothing received"
    if not line.entries:
        record = "no record"
    return f"{outcome} after {format_elapsed(duration)}: {counts}, {record}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
