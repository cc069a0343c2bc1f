"""What the console shows, as values: every text in them is printable, cut and redacted."""

from datetime import datetime, timedelta

import msgspec

from firstline.ids import IncidentId
from firstline.reporting.tones import Tone

LINES_MAX = 400
"""As many lines of a timeline are shown, the latest: an answer of Lambda has its bounds."""
DECISIONS_MAX = 50
"""As many decisions are unfolded under one line, the latest."""


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A plan that waits for a person's word, and the two commands that say it."""

    what: str
    until: datetime
    approve: str
    deny: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One incident: ``outcome`` is ``open`` or how it ended, ``doing`` what goes on now.

    Of one that cannot be read ``unreadable`` says why and what to do, and little else is known.
    """

    id: IncidentId
    severity: str
    condition: str
    alarm: str
    opened_at: datetime | None
    ended_at: datetime | None
    outcome: str
    owner: str
    doing: str = ""
    unreadable: str = ""
    asks: tuple[Ask, ...] = ()


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """Fixes that somebody paused."""

    scope: str
    why: str
    by: str
    until: datetime


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """What there is; ``more`` says that more are open than are shown.

    ``unreadable`` says why the pauses could not be read, which stops every fix.
    """

    fleet: str
    mode: str
    now: datetime
    open: tuple[Row, ...]
    ended: tuple[Row, ...] = ()
    stops: tuple[Stop, ...] = ()
    unreadable: str = ""
    more: bool = False


class Answer(msgspec.Struct, frozen=True):
    """What one guard said; ``denial`` is empty where it let the plan pass."""

    guard: str
    denial: str


class Reasons(msgspec.Struct, frozen=True, kw_only=True):
    """One decision, with all that it gave for itself."""

    after: timedelta
    step: str
    rule: str
    why: str
    facts: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a timeline, which was said ``times`` times, and the decisions behind it."""

    at: datetime
    after: timedelta
    last: timedelta
    times: int = 1
    word: str
    text: str
    tone: Tone = Tone.PLAIN
    decisions: tuple[Reasons, ...] = ()


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """One incident from its first entry on; ``left_out`` counts the lines that are not shown."""

    fleet: str
    now: datetime
    row: Row
    lines: tuple[Line, ...]
    left_out: int = 0


class Missing(msgspec.Struct, frozen=True):
    """Why what was asked for is not shown."""

    why: str


type View = Overview | Detail | Missing
