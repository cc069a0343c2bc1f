"""Drill checks: what was expected of a drill beside what came, and what of it did not hold."""

from collections.abc import Iterator
from datetime import timedelta

import msgspec

from firstline.cli.analysis.drill.results import Drilled, Expected
from firstline.reporting.incident_summary import OPEN


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was expected, and what came; a ``fault`` says in a line that it did not."""

    what: str
    wanted: str
    came: str
    fault: str = ""


def checks(found: Drilled, wanted: Expected) -> Iterator[Check]:
    """Each thing in the order in which it comes; of what nobody heard nothing else is asked."""
    never = f"no entry came within {_seconds(wanted.target)}: no signal was received"
    yield _in_time("heard", found.heard_after, wanted.target, never, "the entry came")
    if found.heard_after is None:
        return
    yield _taken(found, wanted)
    if wanted.channel is not None:
        never = f"nothing was told on the channel {wanted.channel}"
        what, late = f"told on the channel {wanted.channel}", "it was told"
        yield _in_time(what, found.told_after, wanted.target, never, late)
    never, late = "no decision was recorded", "the first decision came"
    yield _in_time("decided", found.decided_after, wanted.target, never, late)
    if wanted.observed:
        yield _observed(found)
    yield _ended(found, wanted)


def faults(found: Drilled, wanted: Expected) -> tuple[str, ...]:
    """What did not hold, in lines; nothing where the drill went well."""
    return tuple(each.fault for each in checks(found, wanted) if each.fault)


def settled(found: Drilled, wanted: Expected) -> bool:
    """Whether nothing more is awaited but the end."""
    told = wanted.channel is None or found.told_after is not None
    return told and found.heard_after is not None and found.decided_after is not None


def _taken(found: Drilled, wanted: Expected) -> Check:
    said = f"{found.severity} {found.condition}"
    meant = f"{wanted.severity} {wanted.condition}"
    fault = "" if said == meant else f"it was taken for {said}, not {meant}"
    return Check(what="taken for", wanted=meant, came=said, fault=fault)


def _in_time(what: str, after: timedelta | None, target: timedelta, never: str, late: str) -> Check:
    within = f"within {_seconds(target)}"
    if after is None:
        return Check(what=what, wanted=within, came="never", fault=never)
    fault = "" if after <= target else f"{late} after {_seconds(after)}, not {_seconds(target)}"
    return Check(what=what, wanted=within, came=f"after {_seconds(after)}", fault=fault)


def _observed(found: Drilled) -> Check:
    """A decision that could have led to a fix is a fault, whether it did or not."""
    came = " and ".join(found.modes) or "a mode that no decision tells"
    decided = found.decided_after is not None
    fault = f"it was decided on in {came}, and was to be observed only"
    held = found.modes == ("observe",) or not decided
    return Check(what="mode", wanted="observe", came=came, fault="" if held else fault)


def _ended(found: Drilled, wanted: Expected) -> Check:
    """An incident ends unless a host is dead, which whoever only observes does not mend."""
    left = wanted.observed and any(each.plan for each in found.considered)
    ends = "none, for a host is dead and is left alone" if left else "an end"
    if found.ended_after is not None:
        came = f"{found.outcome} after {_seconds(found.ended_after)}"
        return Check(what="ended", wanted=ends, came=came)
    late = "it had not ended when the drill was over: see its timeline, or give --for longer"
    return Check(what="ended", wanted=ends, came=OPEN, fault="" if left else late)


def _seconds(passed: timedelta) -> str:
    return f"{passed.total_seconds():.0f} s"
