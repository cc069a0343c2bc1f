"""The terminal: colours and progress there, plain text in a pipe."""

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

WORD_WIDTH = 9
BEGIN = 20
"""The column of a moment's words, behind its time and its first word."""


@contextlib.contextmanager
def progress(name: str) -> Iterator[Callable[[datetime], None]]:
    """Tell on a terminal which virtual time the run has reached; elsewhere say nothing."""
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status(name) as status:
        yield lambda at: status.update(f"{name}  {at:%Y-%m-%d %H:%M:%S}")


def show(scenario: Scenario, replayed: ReplayResult, lines: tuple[ReplayLine, ...]) -> None:
    """The timeline of each incident, and its outcome as the last line."""
    terminal.say([f"{scenario.name}   {scenario.mode}   {replayed.start:%Y-%m-%d %H:%M:%S} UTC"])
    for chapter, line in zip(replayed.ledgers or (None,), lines, strict=True):
        terminal.say(["", *_head(line)])
        moments = timeline.moments(chapter.entries) if chapter else _pages_only(replayed)
        terminal.say(_timeline(moments, replayed.start), BEGIN)
        style = STYLES[tone(line.outcome or "")] or "bold"
        terminal.say([Text(_ending(line, _took(chapter, replayed)), style=style)])


def _took(chapter: IncidentLedger | None, replayed: ReplayResult) -> timedelta:
    """From the start to the incident's end; to the run's end where there is none."""
    incident = chapter.incident if chapter else None
    end = incident.ended_at if incident and incident.ended_at else replayed.end
    return end - replayed.start


def _head(line: ReplayLine) -> Iterator[Text]:
    if line.incident is not None:
        what = f"{line.severity} {line.condition}   {line.incident}"
        yield Text(what, style="bold")


def _pages_only(replayed: ReplayResult) -> Iterator[Moment]:
    """What is known of a run whose store took nothing: PagerDuty's own word."""
    for page in replayed.pages:
        yield Moment(page.at, "paged", f"{page.action} {page.key}", Tone.ALERT)
    yield Moment(replayed.end, "ends", "the store took nothing, so nothing was fixed", Tone.BAD)


def _timeline(moments: Iterable[Moment], start: datetime) -> Iterator[Text]:
    """A line for each moment; what comes again at once is one line, with how often and how long."""
    for _, equal in groupby(moments, key=lambda each: each[1:]):
        first, *more = equal
        passed = f"+{format_elapsed(first.at - start)}"
        again = (
            f" ({len(more) + 1} times until +{format_elapsed(more[-1].at - start)})" if more else ""
        )
        yield Text.assemble(
            (f"{passed:>8}  ", "dim"),
            (f"{first.word:<{WORD_WIDTH}} ", STYLES[first.tone] or WORD),
            terminal.printable(first.text),  # a foreign event's words are told too
            (again, "dim"),
        )


def _ending(line: ReplayLine, took: timedelta) -> str:
    """The last line: the outcome, what it took, and where the record ends."""
    fixes = sum(1 for each in line.actions if each.kind == "fix")
    pages = sum(each.notified is True for each in line.pages)
    counts = f"{_count(fixes, 'fix', 'fixes')}, {_count(pages, 'page', 'pages')}"
    record = f"{_count(line.entries, 'entry', 'entries')}, ledger head {line.ledger_head}"
    told_outcome = (line.outcome or "nothing heard").replace("-", " ")
    if not line.entries:
        record = "no record"
    return f"{told_outcome} after {format_elapsed(took)}: {counts}, {record}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
