"""Drill checks: expected and actual results, compared."""

from collections.abc import Iterator
from datetime import timedelta

import msgspec

from firstline.cli.analysis.drill.results import DrillExpectation, DrillResult
from firstline.reporting.incident_summary import OPEN


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """An expectation and the actual result; ``fault`` is empty if they match."""

    name: str
    expected: str
    actual: str
    fault: str = ""


def run_checks(result: DrillResult, expected: DrillExpectation) -> Iterator[Check]:
    """Yield each check in order of time; without a received signal there are no further ones."""
    never = f"no entry came within {_seconds(expected.target)}: no signal was received"
    yield _time_check(
        "heard", result.received_after, expected.target, never, ("the signal was received")
    )
    if result.received_after is None:
        return
    yield _classification_check(result, expected)
    if expected.channel is not None:
        never = f"no notification was accepted on the channel {expected.channel}"
        what, late_text = f"notified on the channel {expected.channel}", "it was notified"
        yield _time_check(what, result.notified_after, expected.target, never, late_text)
    never, late_text = "no decision was recorded", "the first decision came"
    yield _time_check("decided", result.decided_after, expected.target, never, late_text)
    if expected.dry_run:
        yield _mode_check(result)
    yield _end_check(result, expected)


def faults(result: DrillResult, expected: DrillExpectation) -> tuple[str, ...]:
    """Return the faults as lines; empty for a successful drill."""
    return tuple(each.fault for each in run_checks(result, expected) if each.fault)


def is_settled(result: DrillResult, expected: DrillExpectation) -> bool:
    """True if only the incident's end is missing."""
    notified = expected.channel is None or result.notified_after is not None
    return notified and result.received_after is not None and result.decided_after is not None


def _classification_check(result: DrillResult, expected: DrillExpectation) -> Check:
    actual = f"{result.severity} {result.condition}"
    wanted_text = f"{expected.severity} {expected.condition}"
    fault = "" if actual == wanted_text else f"it was classified as {actual}, not {wanted_text}"
    return Check(name="classified", expected=wanted_text, actual=actual, fault=fault)


def _time_check(
    name: str, elapsed: timedelta | None, target: timedelta, never: str, late: str
) -> Check:
    limit = f"within {_seconds(target)}"
    if elapsed is None:
        return Check(name=name, expected=limit, actual="never", fault=never)
    fault = "" if elapsed <= target else f"{late} after {_seconds(elapsed)}, not {_seconds(target)}"
    return Check(name=name, expected=limit, actual=f"after {_seconds(elapsed)}", fault=fault)


def _mode_check(result: DrillResult) -> Check:
    """A decision in a mode that permits fixes is a fault, even if no fix followed."""
    actual = " and ".join(result.modes) or "a mode that no decision records"
    is_decided = result.decided_after is not None
    fault = f"it was decided on in {actual}; the drill requires dry-run"
    holds = result.modes == ("dry-run",) or not is_decided
    return Check(name="mode", expected="dry-run", actual=actual, fault="" if holds else fault)


def _end_check(result: DrillResult, expected: DrillExpectation) -> Check:
    """An incident must end, unless a host is dead and the drill may not fix it."""
    stays_open = expected.dry_run and any(each.plan for each in result.decisions)
    end_text = "none, because a host is dead and not fixed" if stays_open else "an end"
    if result.ended_after is not None:
        actual = f"{result.outcome} after {_seconds(result.ended_after)}"
        return Check(name="ended", expected=end_text, actual=actual)
    late = (
        "the incident had not ended when the drill ended: see its timeline, or give a longer --for"
    )
    return Check(name="ended", expected=end_text, actual=OPEN, fault="" if stays_open else late)


def _seconds(elapsed: timedelta) -> str:
    return f"{elapsed.total_seconds():.0f} s"
