"""Glossary: the runbook's codes in a report, with their texts."""

from collections.abc import Iterator

import msgspec

from firstline.reporting import runbook_steps
from firstline.reporting.postmortem.report import Advice, Report

TIMELINE, CAUSE, FOLLOW_UPS, CHANGES = "R39", "R40", "R41", "R42"
METRICS, MEETING = "R20", "R43"
"""The steps of a report's own sections."""


def glossary(report: Report) -> tuple[Advice, ...]:
    """Each code in *report* or in one of its headings, in the runbook's order."""
    headings = [TIMELINE, CAUSE, FOLLOW_UPS, CHANGES]
    headings += [METRICS] if report.comparisons else []
    headings += [MEETING] if report.meeting else []
    codes = runbook_steps.mentioned_steps((*headings, *_texts(msgspec.to_builtins(report))))
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
