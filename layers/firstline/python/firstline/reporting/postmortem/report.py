"""Report: an incident for readers afterwards. It holds values; renderings are made from it."""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from firstline.reporting.links import Link
from firstline.reporting.postmortem.incident_facts import IncidentFacts
from firstline.reporting.tones import Tone

_SETTLED = frozenset({Tone.QUIET, Tone.GOOD, Tone.BAD})


def report_tone(tone: Tone) -> Tone:
    """*tone* in a report, where nothing waits for a person any more."""
    return tone if tone in _SETTLED else Tone.PLAIN


class Lane(StrEnum):
    """The timeline's lanes, in the order of an incident's life."""

    SIGNALS = "signals"
    PAGES = "pages"
    EVIDENCE = "evidence"
    DECISIONS = "decisions"
    FIXES = "fixes"
    VERIFICATION = "verification"


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One event; ``until`` where it took time. ``entry`` is its sequence."""

    at: datetime
    lane: Lane
    word: str
    text: str
    tone: Tone = Tone.PLAIN
    entry: int
    until: datetime | None = None


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A key figure: its name, the value in words, and an explanation."""

    name: str
    value: str
    note: str = ""
    tone: Tone = Tone.PLAIN


class GuardResult(msgspec.Struct, frozen=True, kw_only=True):
    """One guard's answer; ``why`` is empty where the plan passed."""

    guard: str
    why: str = ""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with its reasoning, or several of one rule in a row (``times``)."""

    at: datetime
    until: datetime
    times: int
    entry: int
    step: str
    rule: str
    what: str
    reasons: tuple[str, ...]
    facts: tuple[str, ...] = ()
    guards: tuple[GuardResult, ...] = ()


class Point(msgspec.Struct, frozen=True):
    """One reading."""

    at: datetime
    value: float


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Readings of one value over the incident, in the order of time.

    Each holds until the next one, and no longer than ``holds`` where that is given.
    """

    name: str
    tone: Tone
    points: tuple[Point, ...]
    holds: timedelta | None = None


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """Readings over the incident, or since it ``begins``. ``limit`` is an alarm's threshold."""

    title: str
    unit: str
    note: str
    lines: tuple[Line, ...]
    limit: float | None = None
    limit_name: str = ""
    begins: datetime | None = None


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A metric around the start, with the same time of the days before (R20).

    ``limit`` is the threshold of the leading alarm, if it watches this metric directly.
    """

    name: str
    around: tuple[float, ...]
    before: tuple[float, ...]
    unusual: bool
    limit: float | None = None


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """The likely cause (R40), with the facts for and against it."""

    likely: str
    supports: tuple[str, ...]
    against: tuple[str, ...]


class Advice(msgspec.Struct, frozen=True):
    """A suggestion for people; ``step`` is the runbook's, or the profile's key."""

    step: str
    text: str


def advice(line: str) -> Advice:
    """The advice in a *line* that begins with its step."""
    step, _, text = line.partition(" ")
    return Advice(step, text)


class Guidance(msgspec.Struct, frozen=True, kw_only=True):
    """The incident's state, and the next steps of a person."""

    text: str
    steps: tuple[Advice, ...]


class Meeting(msgspec.Struct, frozen=True, kw_only=True):
    """The proposed post-mortem (R43)."""

    begins_at: datetime
    duration: timedelta
    local: str


class Report(IncidentFacts, frozen=True, kw_only=True):
    """An incident and its explanation. ``known`` and ``unknown`` are facts, and facts that lacked.

    ``guidance`` is None for a signal that opened no incident. ``links`` lead to pages
    elsewhere.
    """

    incident: str
    component: str
    title: str
    guidance: Guidance | None
    links: tuple[Link, ...]
    summary: tuple[str, ...]
    figures: tuple[Figure, ...]
    moments: tuple[Moment, ...]
    known: tuple[str, ...]
    unknown: tuple[str, ...]
    choices: tuple[Choice, ...]
    plots: tuple[Plot, ...]
    comparisons: tuple[Comparison, ...]
    cause: Cause
    follow_ups: tuple[Advice, ...]
    changes: tuple[Advice, ...]
    meeting: Meeting | None
    entries: int
    head: str
    policies: tuple[str, ...]
    codes: tuple[str, ...]
