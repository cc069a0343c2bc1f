"""Rehearsal: the report of a drill, which stands before the report of the incident that it opened.

It is there without one, too: nobody having heard it is what a drill may find.
"""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from firstline.cli.analysis.drill.checks import Check, checks, faults
from firstline.cli.analysis.drill.results import Considered, Drilled, Expected
from firstline.reporting.postmortem.markdown import section, table


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """A drill that was rung in a deployment in ``mode``: what was wanted, and what came of it."""

    wanted: Expected
    found: Drilled
    mode: str
    rung_at: datetime

    @property
    def checks(self) -> tuple[Check, ...]:
        """What was expected beside what came."""
        return tuple(checks(self.found, self.wanted))

    @property
    def would(self) -> tuple[str, ...]:
        """The plans that it led to."""
        return tuple(_planned(each) for each in self.found.considered if each.plan)

    @property
    def title(self) -> str:
        """What it was, and whether it went well."""
        verdict = "does not hold" if faults(self.found, self.wanted) else "holds"
        return f"Drill of {self.wanted.condition}: {verdict}"

    @property
    def handled(self) -> str:
        """How far it could go."""
        if self.wanted.observed:
            return f"The deployment is in mode {self.mode}; the drill was to be observed only."
        return f"The deployment is in mode {self.mode}, and the drill was let go as far as that."


def _planned(each: Considered) -> str:
    """A plan, and the guards that said no to it."""
    denied = f", denied by {', '.join(each.denied)}" if each.denied else ", which nothing denied"
    return f"{each.plan}{denied}"


def as_markdown(report: Rehearsal) -> str:
    """The whole of it; whatever it says is text, and marks nothing up."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Rehearsal) -> Iterator[str]:
    yield f"# {report.title}"
    when = f"{report.rung_at:%Y-%m-%d %H:%M:%S} UTC"
    yield from section(
        "What was done", (f"{report.wanted.alarm} was rung {when}.", report.handled), ""
    )
    yield from ("", "## What was expected, and what came")
    rows = ((each.what, each.wanted, each.came, each.fault or "holds") for each in report.checks)
    yield from table(("", "expected", "came", ""), rows)
    none = "Nothing: no host was proven dead."
    yield from section("What would have been done", report.would, none)
