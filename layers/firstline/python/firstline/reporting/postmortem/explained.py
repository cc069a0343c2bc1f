"""Explained: the runbook's codes that a report names, each with what it stands for."""

from collections.abc import Iterator

import msgspec

from firstline.reporting import runbook_steps
from firstline.reporting.postmortem.report import Advice, Report

TIMELINE, CAUSE, FOLLOW_UPS, CHANGES = "R39", "R40", "R41", "R42"
METRICS, MEETING = "R20", "R43"
"""The steps that a report's own sections are for."""


def explained(report: Report) -> tuple[Advice, ...]:
    """Each code that *report* or one of its headings has, in the runbook's order."""
    headings = [TIMELINE, CAUSE, FOLLOW_UPS, CHANGES]
    headings += [METRICS] if report.comparisons else []
    headings += [MEETING] if report.meeting else []
    codes = runbook_steps.named((*headings, *_texts(msgspec.to_builtins(report))))
    return tuple(Advice(code, ": ".join(runbook_steps.STEPS[code])) for code in codes)


def _texts(node: object) -> Iterator[str]:
    match node:
        case str():
            yield node
        case dict():
            for inner in node.values():
                yield from _texts(inner)
        case list() | tuple():
            for inner in node:
                yield from _texts(inner)
        case _:
            pass
