"""The report of a drill, printed before the report of the incident that it opened.

A drill without an incident has a report too.
"""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from firstline.cli.analysis.drill.checks import Check, faults, run_checks
from firstline.cli.analysis.drill.results import DecisionSummary, DrillExpectation, DrillResult
from firstline.reporting.postmortem.markdown import section, table


class DrillReport(msgspec.Struct, frozen=True, kw_only=True):
    """The expectation and result of a drill in a deployment in ``mode``."""

    expected: DrillExpectation
    result: DrillResult
    mode: str
    started_at: datetime

    @property
    def checks(self) -> tuple[Check, ...]:
        """Return the checks of the result."""
        return tuple(run_checks(self.result, self.expected))

    @property
    def plans(self) -> tuple[str, ...]:
        """Return the plans of its decisions."""
        return tuple(_plan_text(each) for each in self.result.decisions if each.plan)

    @property
    def title(self) -> str:
        """Return the title, with the verdict."""
        verdict = "does not hold" if faults(self.result, self.expected) else "holds"
        return f"Drill of {self.expected.condition}: {verdict}"

    @property
    def mode_note(self) -> str:
        """Return a sentence about the mode of deployment and drill."""
        if self.expected.dry_run:
            return f"The deployment is in mode {self.mode}; the drill requires dry-run."
        return f"The deployment is in mode {self.mode}, and the drill used that mode."


def _plan_text(each: DecisionSummary) -> str:
    """Return a plan with the guards that denied it."""
    denied = f", denied by {', '.join(each.denied)}" if each.denied else ", denied by no guard"
    return f"{each.plan}{denied}"


def as_markdown(report: DrillReport) -> str:
    """Return the report as Markdown; external text in it is escaped."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: DrillReport) -> Iterator[str]:
    yield f"# {report.title}"
    when = f"{report.started_at:%Y-%m-%d %H:%M:%S} UTC"
    yield from section(
        "Actions", (f"{report.expected.alarm} was set to ALARM {when}.", report.mode_note), ""
    )
    yield from ("", "## Expected and actual")
    rows = (
        (each.name, each.expected, each.actual, each.fault or "holds") for each in report.checks
    )
    yield from table(("", "expected", "came", ""), rows)
    none = "Nothing: no host was proven dead."
    yield from section("Fixes that would have run", report.plans, none)
