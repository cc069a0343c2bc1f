"""``firstline report --since``: what firstline did over a time, across incidents."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from rich.text import Text

from firstline import command_lines
from firstline.cli import incidents, times
from firstline.cli.analysis.statistics import Review, Spread, Turn, review
from firstline.cli.fleets import Place
from firstline.cli.output import lines as output
from firstline.cli.output import terminal
from firstline.cli.output.terminal import STYLES
from firstline.errors import InvalidInput
from firstline.reporting.timeline import format_elapsed
from firstline.reporting.tones import Tone

HEADS = "bold"
GOOD, WARNING, BAD = (STYLES[each] for each in (Tone.GOOD, Tone.WARNING, Tone.BAD))


def tell(export: Path | None, since: str, until: str, place: Place, *, as_json: bool) -> None:
    """Tell the review of *export*, or of the deployed ledger; raises `InvalidInput`."""
    window = (times.read("--since", since), times.read("--until", until))
    if None not in window and window[0] >= window[1]:  # type: ignore[operator]  # neither is None
        raise InvalidInput("--until: give an instant later than --since")
    where = _where(export, place)
    with incidents.reading(export, place) as entries:
        told = review(entries, *window, where)
    if as_json:
        output.emit(told)
        return
    shown = ((terminal.printable(line), style) for line, style in lines(told, where))
    terminal.say(Text(line, style=style) for line, style in shown)


def _where(export: Path | None, place: Place) -> str:
    """The options that name the deployment; an export does not say of which it is."""
    named = place.fleet or ("NAME" if export else "")
    return command_lines.deployment(named, place.region) if named else ""


def lines(told: Review, where: str) -> Iterator[tuple[str, str]]:
    """The review in words, a line each, with its style; *where* names the deployment."""
    yield f"{told.incidents} incidents{_window(told)}{_counts(told.by_severity)}", HEADS
    yield f"  conditions{_counts(told.by_condition)}", ""
    yield from ((f"  {each}", "") for each in _endings(told))
    yield "", ""
    yield f"{'':<18}{'incidents':>10}{'median':>10}{'p90':>10}", HEADS
    for name, spread in (
        ("time to page", told.to_page),
        ("time to first fix", told.to_fix),
        ("time to recover", told.to_recover),
    ):
        yield _spread(name, spread), ""
    missed = _counts(told.missed_targets) if told.missed_targets else ": none"
    yield f"response targets missed{missed}", ""
    if told.unpaged:
        yield f"{told.unpaged} of P1 and P2 were not paged as far as the ledger knows", BAD
    if told.partial:
        yield f"of {told.partial} incidents entries are missing: audit verify tells", BAD
    yield from _acting(told)
    yield from _proposals(told, where)


def _window(told: Review) -> str:
    since = f" since {told.since:%Y-%m-%d %H:%M}" if told.since else ""
    return f"{since} until {told.until:%Y-%m-%d %H:%M}" if told.until else since


def _counts(counts: dict[str, int]) -> str:
    return f": {', '.join(f'{name} {count}' for name, count in counts.items())}" if counts else ""


def _endings(told: Review) -> Iterator[str]:
    share = "" if told.alone_percent is None else f", {told.alone_percent} % of what needed a fix"
    yield f"mended without a person: {told.alone}{share}"
    yield f"mended with a person's word: {told.with_a_person}"
    yield f"recovered by themselves: {told.by_themselves}"
    yield f"handed over: {told.handed_over}; still open: {told.still_open}"


def _spread(name: str, spread: Spread) -> str:
    times = (spread.median_seconds, spread.p90_seconds)
    told = ("-" if each is None else format_elapsed(timedelta(seconds=each)) for each in times)
    return f"{name:<18}{spread.count:>10}" + "".join(f"{each:>10}" for each in told)


def _acting(told: Review) -> Iterator[tuple[str, str]]:
    if told.actions:
        yield "", ""
        yield f"{'fixes':<18}{'tried':>10}{'helped':>10}{'failed':>10}{'approved':>10}", HEADS
    for each in told.actions:
        helped = "-" if each.undoing else each.helped
        counts = (each.tried, helped, each.failed, each.approved)
        undone = f"  {each.undoing}: {each.undone}" if each.undoing else ""
        yield f"{each.action:<18}" + "".join(f"{count:>10}" for count in counts) + undone, ""
    if told.denials:
        yield "", ""
        yield f"{'guards that said no':<28}{'fixes':>10}{'incidents':>10}", HEADS
    for blocked in told.denials:
        yield f"{blocked.guard:<28}{blocked.fixes:>10}{blocked.incidents:>10}", ""


def _proposals(told: Review, where: str) -> Iterator[tuple[str, str]]:
    """What a person may want to change: alarms, and how far actions go by themselves."""
    for noisy in told.noisy:
        counts = f"{noisy.incidents} incidents, {noisy.observed} recovered by themselves"
        flaps = f", {noisy.flaps} recoveries that did not last" if noisy.flaps else ""
        yield f"noisy: {noisy.alarm}: {counts}{flaps}", WARNING
    for each in told.promotable:
        why = f"it helped {each.helped} times of {each.helped}, allowed by a person each time"
        yield f"may be promoted: {each.action}: {why}; {each.key}", GOOD
    for turn in told.turns:
        yield _turn(turn), BAD if turn.demoted else GOOD
    for action in told.demoted:
        how = f"until somebody says: {command_lines.promote(action, where)}"
        yield f"demoted: {action} asks a person each time, {how}", BAD


def _turn(turn: Turn) -> str:
    at = f"{turn.at:%Y-%m-%d %H:%M}"
    if turn.demoted:
        why = f"{turn.failed} of its fixes in a row did not help ({turn.incident})"
        return f"{at} {turn.action} was demoted by itself: {why}"
    return f"{at} {turn.action} was promoted by {turn.by}"
