"""The console's views as values: every text in them is printable, shortened and redacted."""

from datetime import datetime, timedelta

import msgspec

from firstline.ids import IncidentId
from firstline.reporting.links import Link
from firstline.reporting.tones import Tone

LINES_MAX = 400
"""Lines of a timeline that are shown, the latest: an answer of Lambda has a size limit."""
DECISIONS_PER_LINE_MAX = 50
"""Decisions that are listed under one line, the latest."""


class ApprovalRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A plan that awaits an answer, with the commands to approve and to deny it."""

    what: str
    until: datetime
    approve: str
    deny: str


class Hosts(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of hosts in service by health, at the decision of ``at``."""

    at: datetime
    total: int
    counts: dict[str, int]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One incident: ``outcome`` is ``open`` or its final status.

    It is ``escalated`` while a person has it and its alarms are not known to be OK; ``alarms``
    describes their state. ``owner`` has it since ``owned_since``; ``approvers`` allowed a fix
    of it. ``doing`` is the current action, ``why`` the last decision's reason, and ``next`` the
    step at ``next_at``. ``steps`` are a person's next steps. ``unreadable`` is why it cannot be
    read and what to do; then most other fields are unknown.
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
    asks: tuple[ApprovalRequest, ...] = ()
    links: tuple[Link, ...] = ()


class ActivePause(msgspec.Struct, frozen=True, kw_only=True):
    """An active pause of fixes."""

    scope: str
    why: str
    by: str
    until: datetime


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """All incidents, each list with the latest first.

    ``escalated`` are those that a person has and whose alarms are not known to be OK; ``open``
    those that firstline has. ``ended`` are the others, back to ``ended_within``. ``more`` is
    true if further open or escalated ones are not shown, ``more_ended`` if further ended ones
    are not. ``unreadable`` is why the pauses could not be read, which stops every fix.
    """

    fleet: str
    mode: str
    now: datetime
    open: tuple[Row, ...]
    escalated: tuple[Row, ...] = ()
    ended: tuple[Row, ...] = ()
    ended_within: str = ""
    stops: tuple[ActivePause, ...] = ()
    unreadable: str = ""
    more: bool = False
    more_ended: bool = False
    links: tuple[Link, ...] = ()


class Answer(msgspec.Struct, frozen=True):
    """One guard's answer; ``denial`` is empty where the plan passed."""

    guard: str
    denial: str


class Reasoning(msgspec.Struct, frozen=True, kw_only=True):
    """One decision with its reasoning."""

    after: timedelta
    step: str
    rule: str
    why: str
    facts: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a timeline, repeated ``times`` times, with its decisions."""

    at: datetime
    after: timedelta
    last: timedelta
    times: int = 1
    word: str
    text: str
    tone: Tone = Tone.PLAIN
    decisions: tuple[Reasoning, ...] = ()


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """One incident from its first entry on; ``left_out`` counts the lines that are not shown."""

    fleet: str
    now: datetime
    row: Row
    lines: tuple[Line, ...]
    left_out: int = 0
    links: tuple[Link, ...] = ()


class Missing(msgspec.Struct, frozen=True):
    """The reason why the requested view is not shown."""

    why: str


type View = Overview | Detail | Missing
