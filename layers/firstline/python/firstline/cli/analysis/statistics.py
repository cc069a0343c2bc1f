"""Statistics: the review of what firstline did over a time, across incidents, from the ledger.

Incidents are gone through one at a time; of each only its few durations are kept.
"""

import copy
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import msgspec

from firstline import command_lines
from firstline.actions.catalogue import UNDO_RESULTS
from firstline.cli.analysis.selection import chains
from firstline.ledger.entries import ActionPromoted
from firstline.ledger.export import DecodedEntry
from firstline.remediation.kill_switch import CHAIN
from firstline.reporting.events import timed
from firstline.reporting.incident_summary import OPEN, Summary, summarise
from firstline.signal import Severity

PAGED = frozenset(each.value for each in Severity if each.pages)
ALONE, WITH_A_PERSON, BY_ITSELF = "alone", "with a person", "observed"
"""How an incident ended well: by fixes of ours, by some that a person allowed, or by none."""
HANDED_OVER = "handed-over"

PROVED_MIN = 5
"""So many fixes that all helped make an action one that a person may promote."""
NOISY_MIN = 3
"""So many incidents, or recoveries that did not last, make an alarm one to look at."""


class Spread(msgspec.Struct, frozen=True):
    """How long something took, over ``count`` incidents, by nearest rank; None over none."""

    count: int
    median_seconds: int | None
    p90_seconds: int | None


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """How the fixes of one action went; ``approved`` were allowed by a person, one by one.

    Not every fix has a verdict: some were never sent, and some incidents ended before. ``undone``
    is how often an action took back a fix of ours, as ``undoing`` says: that is no fix that helped.
    """

    action: str
    tried: int = 0
    helped: int = 0
    failed: int = 0
    approved: int = 0
    undone: int = 0

    @property
    def undoing(self) -> str:
        """What it comes to where it takes back a fix of ours; empty for any other."""
        return UNDO_RESULTS.get(self.action, "")


class Blocked(msgspec.Struct, frozen=True, kw_only=True):
    """How often a guard denied: how many fixes, in how many incidents."""

    guard: str
    fixes: int
    incidents: int


class Noisy(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm that opens much for little: ``observed`` of its incidents needed nothing done."""

    alarm: str
    incidents: int
    observed: int
    flaps: int


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """An action that was ``demoted`` by itself after ``failed`` failed fixes, or promoted again."""

    action: str
    at: datetime
    demoted: bool
    failed: int = 0
    incident: str | None = None
    by: str | None = None


class Promotable(msgspec.Struct, frozen=True):
    """An action that needs a person each time and always helped; ``key`` is the profile's."""

    action: str
    helped: int
    key: str


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """What happened among the incidents that opened in a time.

    Of those that ended, ``alone`` were mended by firstline alone, ``with_a_person`` by fixes of
    which a person allowed one, ``by_themselves`` without any fix; the others were handed over.
    ``alone_percent`` is of those that needed something done. ``unpaged`` are P1 and P2 of which no
    page was taken; ``partial`` those of which entries are missing.
    """

    since: datetime | None
    until: datetime | None
    incidents: int
    by_severity: dict[str, int]
    by_condition: dict[str, int]
    still_open: int
    alone: int
    with_a_person: int
    by_themselves: int
    handed_over: int
    alone_percent: int | None
    to_page: Spread
    to_fix: Spread
    to_recover: Spread
    unpaged: int
    missed_targets: dict[str, int]
    actions: tuple[Record, ...]
    denials: tuple[Blocked, ...]
    noisy: tuple[Noisy, ...]
    promotable: tuple[Promotable, ...]
    turns: tuple[Turn, ...]
    demoted: tuple[str, ...]
    partial: int


class _Tally(msgspec.Struct, kw_only=True):
    """What was counted so far; ``took`` in seconds, of all that did."""

    partial: int = 0
    unpaged: int = 0
    severities: Counter[str] = msgspec.field(default_factory=Counter)
    conditions: Counter[str] = msgspec.field(default_factory=Counter)
    endings: Counter[str] = msgspec.field(default_factory=Counter)
    missed: Counter[str] = msgspec.field(default_factory=Counter)
    took: dict[str, list[int]] = {}
    actions: dict[str, Counter[str]] = {}
    guards: dict[str, Counter[str]] = {}
    alarms: dict[str, Counter[str]] = {}


def review(
    records: Iterable[DecodedEntry],
    since: datetime | None = None,
    until: datetime | None = None,
    where: str = "",
) -> Review:
    """The review of what opened from *since* on and before *until*; raises `InvalidInput`.

    *where* are the options of a command line that name the deployment.
    """
    tally, turns = _Tally(), list[Turn]()
    for id_, entries in chains(records):
        if id_ == CHAIN:
            turns += (
                Turn(action=each.action, at=at, demoted=False, by=each.by)
                for at, each in timed(entries, ActionPromoted)
            )
            continue
        told = summarise(entries)
        turns += (
            Turn(action=each.action, at=each.at, demoted=True, failed=each.failed, incident=id_)
            for each in told.demoted
        )
        if told.opened and _within(told.opened_at, since, until):
            _count(tally, told)
    found = _told(tally, sorted(turns, key=lambda each: each.at), since, until)
    named = (_named(each, found.demoted, where) for each in found.promotable)
    return copy.replace(found, promotable=tuple(named))


def _within(at: datetime, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or at >= since) and (until is None or at < until)


# --- counting ----------------------------------------------------------------------------------


def _count(tally: _Tally, told: Summary) -> None:
    """Add one incident to *tally*."""
    ending = _ending(told)
    tally.partial += not told.whole
    tally.unpaged += told.severity in PAGED and told.paged_at is None
    tally.severities[told.severity or "none"] += 1
    tally.conditions[told.condition or "none"] += 1
    tally.endings[ending] += 1
    tally.missed.update(told.missed)
    _count_durations(tally, told)
    for fix in told.fixes:
        record = tally.actions.setdefault(fix.action, Counter())
        record.update(tried=1, approved=int(fix.approved))
        if fix.helped is not None:
            good = "undone" if fix.undoing else "helped"
            record[good if fix.helped else "failed"] += 1
    for guard, times in Counter(each.guard for each in told.denials).items():
        tally.guards.setdefault(guard, Counter()).update(fixes=times, incidents=1)
    tally.alarms.setdefault(told.alarm, Counter()).update(
        incidents=1, observed=int(ending == BY_ITSELF), flaps=told.flaps
    )


def _ending(told: Summary) -> str:
    if told.outcome != "resolved":
        return told.outcome
    return WITH_A_PERSON if any(each.approved for each in told.fixes) else ALONE


def _count_durations(tally: _Tally, told: Summary) -> None:
    """From the signal's own instant, as responses are measured."""
    began = told.signalled_at or told.opened_at
    fixed = min((each.at for each in told.fixes), default=None)
    for what, at in (("page", told.paged_at), ("fix", fixed), ("recover", told.recovered_at)):
        if at is not None:
            tally.took.setdefault(what, []).append(max(int((at - began).total_seconds()), 0))


# --- telling -----------------------------------------------------------------------------------


def _told(
    tally: _Tally, turns: list[Turn], since: datetime | None, until: datetime | None
) -> Review:
    ended = tally.endings
    needed = ended[ALONE] + ended[WITH_A_PERSON] + ended[HANDED_OVER]
    last = {each.action: each.demoted for each in turns}
    demoted = tuple(action for action, down in last.items() if down)
    actions = tuple(Record(action=name, **each) for name, each in sorted(tally.actions.items()))
    denials = (Blocked(guard=name, **each) for name, each in tally.guards.items())
    alarms = (Noisy(alarm=name, **each) for name, each in tally.alarms.items())
    return Review(
        since=since,
        until=until,
        incidents=ended.total(),
        by_severity=dict(sorted(tally.severities.items())),
        by_condition=dict(tally.conditions.most_common()),
        still_open=ended[OPEN],
        alone=ended[ALONE],
        with_a_person=ended[WITH_A_PERSON],
        by_themselves=ended[BY_ITSELF],
        handed_over=ended[HANDED_OVER],
        alone_percent=100 * ended[ALONE] // needed if needed else None,
        to_page=_spread(tally.took.get("page", [])),
        to_fix=_spread(tally.took.get("fix", [])),
        to_recover=_spread(tally.took.get("recover", [])),
        unpaged=tally.unpaged,
        missed_targets=dict(sorted(tally.missed.items())),
        actions=actions,
        denials=tuple(sorted(denials, key=lambda each: (-each.incidents, each.guard))),
        noisy=tuple(sorted(filter(_noisy, alarms), key=lambda each: (-each.incidents, each.alarm))),
        promotable=tuple(_promotable(each) for each in actions if _proved(each)),
        turns=tuple(each for each in turns if _within(each.at, since, until)),
        demoted=demoted,
        partial=tally.partial,
    )


def _spread(took: list[int]) -> Spread:
    took.sort()
    ranks = [took[-(-len(took) * part // 100) - 1] if took else None for part in (50, 90)]
    return Spread(len(took), *ranks)


def _noisy(alarm: Noisy) -> bool:
    many = alarm.incidents >= NOISY_MIN
    return alarm.flaps >= NOISY_MIN or (many and 2 * alarm.observed >= alarm.incidents)


def _proved(action: Record) -> bool:
    helped = action.helped >= PROVED_MIN and not action.failed
    return helped and action.approved == action.tried


def _promotable(action: Record) -> Promotable:
    """An action that people allowed each time: by a line of the fleet file."""
    name = action.action
    return Promotable(name, action.helped, f'[[actions]] name = "{name}": autonomy = "auto"')


def _named(action: Promotable, demoted: tuple[str, ...], where: str) -> Promotable:
    """One that was demoted is promoted by an operator's command."""
    if action.action not in demoted:
        return action
    return copy.replace(action, key=command_lines.promote(action.action, where))
