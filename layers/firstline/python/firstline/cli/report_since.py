"""``firstline report --since``: statistics across incidents over a time."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from rich.text import Text

from firstline import command_lines
from firstline.cli import incidents, times
from firstline.cli.analysis.statistics import AutonomyChange, DurationStatistics, Review, review
from firstline.cli.fleets import Place
from firstline.cli.output import lines as output
from firstline.cli.output import terminal
from firstline.cli.output.terminal import STYLES
from firstline.errors import InvalidInput
from firstline.reporting.timeline import format_elapsed
from firstline.reporting.tones import Tone

HEADS = "bold"
GOOD, WARNING, BAD = (STYLES[each] for each in (Tone.GOOD, Tone.WARNING, Tone.BAD))


def print_review(
    export: Path | None, since: str, until: str, place: Place, *, as_json: bool
) -> None:
    """Print the statistics of *export* or the deployed ledger; raises `InvalidInput`."""
    window = (times.parse_instant("--since", since), times.parse_instant("--until", until))
    if None not in window and window[0] >= window[1]:  # type: ignore[operator]  # neither is None
        raise InvalidInput("--until: give an instant later than --since")
    where = _where(export, place)
    with incidents.open_entries(export, place) as entries:
        summary = review(entries, *window, where)
    if as_json:
        output.emit(summary)
        return
    shown = ((terminal.printable(line), style) for line, style in lines(summary, where))
    terminal.print_lines(Text(line, style=style) for line, style in shown)


def _where(export: Path | None, place: Place) -> str:
    """Return the options that name the deployment; an export does not name its own."""
    named = place.fleet or ("NAME" if export else "")
    return command_lines.deployment(named, place.region) if named else ""


def lines(summary: Review, where: str) -> Iterator[tuple[str, str]]:
    """Yield the statistics as lines, each with its style; *where* names the deployment."""
    yield f"{summary.incidents} incidents{_window(summary)}{_counts(summary.by_severity)}", HEADS
    yield f"  conditions{_counts(summary.by_condition)}", ""
    yield from ((f"  {each}", "") for each in _endings(summary))
    yield "", ""
    yield f"{'':<18}{'incidents':>10}{'median':>10}{'p90':>10}", HEADS
    for name, spread in (
        ("time to page", summary.to_page),
        ("time to first fix", summary.to_fix),
        ("time to recover", summary.to_recover),
    ):
        yield _duration_line(name, spread), ""
    missed = _counts(summary.missed_targets) if summary.missed_targets else ": none"
    yield f"response targets missed{missed}", ""
    if summary.unpaged:
        yield f"{summary.unpaged} P1 and P2 have no page in the ledger", BAD
    if summary.partial:
        yield f"of {summary.partial} incidents entries are missing: run audit verify", BAD
    yield from _fix_lines(summary)
    yield from _proposals(summary, where)


def _window(summary: Review) -> str:
    since = f" since {summary.since:%Y-%m-%d %H:%M}" if summary.since else ""
    return f"{since} until {summary.until:%Y-%m-%d %H:%M}" if summary.until else since


def _counts(counts: dict[str, int]) -> str:
    return f": {', '.join(f'{name} {count}' for name, count in counts.items())}" if counts else ""


def _endings(summary: Review) -> Iterator[str]:
    share = (
        ""
        if summary.alone_percent is None
        else (f", {summary.alone_percent} % of the incidents that needed a fix")
    )
    yield f"fixed without a person: {summary.alone}{share}"
    yield f"fixed after an approval: {summary.with_approval}"
    yield f"recovered without a fix: {summary.self_recovered}"
    yield f"escalated: {summary.escalated}; still open: {summary.still_open}"


def _duration_line(name: str, spread: DurationStatistics) -> str:
    times = (spread.median_seconds, spread.p90_seconds)
    cells = ("-" if each is None else format_elapsed(timedelta(seconds=each)) for each in times)
    return f"{name:<18}{spread.count:>10}" + "".join(f"{each:>10}" for each in cells)


def _fix_lines(summary: Review) -> Iterator[tuple[str, str]]:
    if summary.actions:
        yield "", ""
        yield f"{'fixes':<18}{'tried':>10}{'helped':>10}{'failed':>10}{'approved':>10}", HEADS
    for each in summary.actions:
        helped = "-" if each.undoing else each.helped
        counts = (each.tried, helped, each.failed, each.approved)
        undone = f"  {each.undoing}: {each.undone}" if each.undoing else ""
        yield f"{each.action:<18}" + "".join(f"{count:>10}" for count in counts) + undone, ""
    if summary.denials:
        yield "", ""
        yield f"{'denials by guard':<28}{'fixes':>10}{'incidents':>10}", HEADS
    for blocked in summary.denials:
        yield f"{blocked.guard:<28}{blocked.fixes:>10}{blocked.incidents:>10}", ""


def _proposals(summary: Review, where: str) -> Iterator[tuple[str, str]]:
    """Yield proposed changes: noisy alarms, and the autonomy of actions."""
    for noisy in summary.noisy:
        counts = f"{noisy.incidents} incidents, {noisy.self_recovered} recovered without a fix"
        flaps = f", {noisy.flaps} recoveries that did not last" if noisy.flaps else ""
        yield f"noisy: {noisy.alarm}: {counts}{flaps}", WARNING
    for each in summary.promotable:
        why = f"it helped {each.helped} of {each.helped} times, each after an approval"
        yield f"may be promoted: {each.action}: {why}; {each.key}", GOOD
    for turn in summary.autonomy_changes:
        yield _autonomy_change(turn), BAD if turn.demoted else GOOD
    for action in summary.demoted:
        how = f"until an operator runs: {command_lines.promote(action, where)}"
        yield f"demoted: {action} requires an approval each time, {how}", BAD


def _autonomy_change(turn: AutonomyChange) -> str:
    at = f"{turn.at:%Y-%m-%d %H:%M}"
    if turn.demoted:
        why = f"{turn.failed} of its fixes in a row did not help ({turn.incident})"
        return f"{at} {turn.action} was demoted automatically: {why}"
    return f"{at} {turn.action} was promoted by {turn.by}"
