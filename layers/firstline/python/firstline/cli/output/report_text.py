"""An incident report as text on the terminal or in a pipe."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from firstline.cli.output.terminal import STYLES, WORD
from firstline.reporting.postmortem.formatting import format_duration, format_instant
from firstline.reporting.postmortem.glossary import glossary
from firstline.reporting.postmortem.report import Advice, Report
from firstline.reporting.postmortem.timeline import fold_moments


def print_reports(reports: tuple[Report, ...]) -> None:
    """Print each report; their texts are printable, as reading them ensures."""
    console = Console(highlight=False)
    for each in reports:
        _show(console, each)


def _show(console: Console, report: Report) -> None:
    console.rule(Text(report.title, style="bold"))
    console.print(Text(f"{report.incident}   {format_instant(report.began_at)}", style="dim"))
    if report.guidance is not None:
        steps = map(_advice, report.guidance.steps)
        _facts(console, "Next steps", (report.guidance.text, *steps))
    for sentence in report.summary:
        console.print(Text(sentence))
    console.print(_figures(report))
    console.print(_timeline(report))
    _facts(console, "Unknown", report.unknown)
    _facts(console, "Evidence for the cause", report.cause.supports)
    _facts(console, "Evidence against it, or against others", report.cause.against)
    if report.guidance is None or report.guidance.steps != report.follow_ups:
        _facts(console, "Follow-ups (R41)", map(_advice, report.follow_ups))
    _facts(console, "Runbook and policy (R42)", map(_advice, report.changes))
    if report.meeting is not None:
        _facts(console, "Post-mortem (R43)", (report.meeting.local,))
    _facts(console, "Runbook steps", map(_advice, glossary(report)))
    console.print(Text(f"{report.entries} entries, ledger head {report.head}", style="dim"))


def _figures(report: Report) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for each in report.figures:
        value = Text(each.value, style=STYLES[each.tone])
        table.add_row(Text(each.name, style="dim"), value, Text(each.note))
    return table


def _timeline(report: Report) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    for moment, times in fold_moments(report.moments):
        after = f"+{format_duration(moment.at - report.began_at)}"
        repeats = f" ({times} times)" if times > 1 else ""
        word = Text(moment.word, style=STYLES[moment.tone] or WORD)
        table.add_row(Text(after, style="dim"), word, Text(f"{moment.text}{repeats}"))
    return table


def _advice(advice: Advice) -> str:
    return f"{advice.step}: {advice.text}"


def _facts(console: Console, title: str, facts: Iterable[str]) -> None:
    items = list(facts)
    if items:
        console.print(Text(title, style="bold"))
        for each in items:
            console.print(Text(f"  {each}"))
