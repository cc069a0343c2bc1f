"""What the console shows, as values: every text in them is printable, cut and redacted."""

from datetime import datetime, timedelta

import msgspec

from firstline.ids import IncidentId
from firstline.reporting.links import Link
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


class Hosts(msgspec.Struct, frozen=True, kw_only=True):
    """How many hosts in service were dead, serving and so on, as the decision of ``at`` knew."""

    at: datetime
    total: int
    counts: dict[str, int]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One incident: ``outcome`` is ``open`` or how it ended.

    It is ``escalated`` while a person has it and its alarms are not known to be OK; ``alarms`` says
    how they stand then. ``owner`` has it since ``owned_since``; ``approvers`` allowed a fix of it.
    ``doing`` is what goes on now, ``why`` the last decision's reason, and ``next`` what comes at
    ``next_at``. ``steps`` are a person's next steps. Of one that cannot be read ``unreadable`` says
    why and what to do, and little else is known.
    """

    id: IncidentId
    severity: str
    condition: str
    alarm: str
    opened_at: datetime | None
    ended_at: datetime | None
    outcome: str
    owner: str
    escalated: bool = False
    alarms: str = ""
    owned_since: datetime | None = None
    approvers: tuple[str, ...] = ()
    hosts: Hosts | None = None
    doing: str = ""
    unreadable: str = ""
    why: str = ""
    next: str = ""
    next_at: datetime | None = None
    steps: tuple[str, ...] = ()
    asks: tuple[Ask, ...] = ()
    links: tuple[Link, ...] = ()


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """Fixes that somebody paused."""

    scope: str
    why: str
    by: str
    until: datetime


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """What there is, each list with the latest first.

    ``escalated`` are those that a person has and whose alarms are not known to be OK; ``open``
    those that firstline has. ``ended`` are the others, of as long ago as ``ended_within`` says.
    ``more`` says that there are more open or escalated ones than are shown, ``more_ended`` that
    there are more ended ones. ``unreadable`` says why the pauses could not be read, which stops
    every fix.
    """

    fleet: str
    mode: str
    now: datetime
    open: tuple[Row, ...]
    escalated: tuple[Row, ...] = ()
    ended: tuple[Row, ...] = ()
    ended_within: str = ""
    stops: tuple[Stop, ...] = ()
    unreadable: str = ""
    more: bool = False
    more_ended: bool = False
    links: tuple[Link, ...] = ()


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
    links: tuple[Link, ...] = ()


class Missing(msgspec.Struct, frozen=True):
    """Why what was asked for is not shown."""

    why: str


type View = Overview | Detail | Missing
