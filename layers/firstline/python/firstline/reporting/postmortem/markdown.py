"""A report as Markdown: for a wiki, a ticket, or a reader without a browser."""

import re
from collections.abc import Iterable, Iterator

from firstline.reporting.postmortem.choices import guard_summary
from firstline.reporting.postmortem.formatting import format_duration, format_instant
from firstline.reporting.postmortem.glossary import glossary
from firstline.reporting.postmortem.report import Advice, Choice, Comparison, Report
from firstline.reporting.postmortem.timeline import fold_moments

_STEERS = re.compile(r"([\\`*_{}\[\]<>#|~&!])")
_LINKS = re.compile(r"(?i)\b(https?|ftp|www)([:.])")


def markdown(report: Report) -> str:
    """The whole report; its texts contain no active markup."""
    return "\n".join(_lines(report)) + "\n"


def escape(text: str) -> str:
    """*text* so that Markdown shows it literally: no markup, no HTML, no link."""
    return _LINKS.sub("\\1\N{ZERO WIDTH NON-JOINER}\\2", _STEERS.sub(r"\\\1", text))


def _lines(report: Report) -> Iterator[str]:
    yield f"# {escape(report.title)}"
    yield ""
    when = f"{format_instant(report.began_at)} to {format_instant(report.ended_at)}"
    yield f"Incident {escape(report.incident)}, {when}."
    yield ""
    yield from _guidance(report)
    yield from map(escape, report.summary)
    yield from table(
        ("figure", "value", ""), ((each.name, each.value, each.note) for each in report.figures)
    )
    yield from ("", "## Timeline (R39)")
    yield from table(("UTC", "after", "lane", "event"), _timeline(report))
    yield from section("Observed", report.known, "No host was inspected.")
    yield from section("Unknown", report.unknown, "None.")
    yield from ("", "## Likely cause (R40)", "", escape(report.cause.likely))
    yield from section("Evidence for", report.cause.supports, "No fact.", level=3)
    yield from section(
        ("Evidence against it, or against others"), report.cause.against, "No fact.", level=3
    )
    yield from ("", "## Decisions")
    yield from table(
        ("UTC", "step", "rule", "step and reason", "guards"), map(_choice, report.choices)
    )
    if report.comparisons:
        yield from ("", "## Metrics around the start (R20)")
        yield from table(
            ("metric", "around", "the days before", ""), map(_compared, report.comparisons)
        )
    if report.guidance is None or report.guidance.steps != report.follow_ups:
        yield from _advice("Proposed follow-ups (R41)", report.follow_ups)
    yield from _advice("Runbook and policy (R42)", report.changes)
    if report.meeting is not None:
        yield from ("", "## Post-mortem (R43)", "", f"Proposed: {escape(report.meeting.local)}.")
    yield from _advice("Runbook steps", glossary(report))
    yield from (
        "",
        "## Record",
        "",
        f"{report.entries} entries; the last one's hash is `{report.head}`.",
    )


def _guidance(report: Report) -> Iterator[str]:
    """The links, which firstline makes, and the guidance."""
    if report.links:
        yield ", ".join(f"{escape(each.text)} <{each.href}>" for each in report.links)
        yield ""
    if report.guidance is not None:
        yield from ("## Next steps", "", escape(report.guidance.text), "")
        yield from (f"- {escape(f'{each.step}: {each.text}')}" for each in report.guidance.steps)
        yield from ("", "## Summary", "")


def _timeline(report: Report) -> Iterator[tuple[str, ...]]:
    for moment, times in fold_moments(report.moments):
        often = f" ({times} times)" if times > 1 else ""
        after = f"+{format_duration(moment.at - report.began_at)}"
        yield f"{moment.at:%H:%M:%S}", after, moment.lane, f"{moment.word} {moment.text}{often}"


def _choice(choice: Choice) -> tuple[str, ...]:
    often = f" ({choice.times} times)" if choice.times > 1 else ""
    facts = f"; facts: {', '.join(choice.facts)}" if choice.facts else ""
    why = "; ".join(dict.fromkeys((choice.what, *choice.reasons)))
    return (
        f"{choice.at:%H:%M:%S}",
        choice.step + often,
        choice.rule,
        why + facts,
        guard_summary(choice),
    )


def _compared(each: Comparison) -> tuple[str, ...]:
    around, before = (
        ", ".join(f"{value:.4g}" for value in values) for values in (each.around, each.before)
    )
    return each.name, around, before, "unusual" if each.unusual else ""


def section(title: str, facts: Iterable[str], none: str, level: int = 2) -> Iterator[str]:
    """The lines of a heading with *facts* below it, or *none* where there are none."""
    yield from ("", f"{'#' * level} {title}", "")
    lines = [f"- {escape(each)}" for each in facts]
    yield from lines or [none]


def _advice(title: str, advice: tuple[Advice, ...]) -> Iterator[str]:
    return section(title, (f"{each.step}: {each.text}" for each in advice), "None.")


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """The lines of a table, after an empty one."""
    yield ""
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(map(escape, row))} |"
