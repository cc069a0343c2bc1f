"""Review: what firstline did over a time, across incidents, from the ledger alone.

Incidents are gone through one at a time; of each only its few durations are kept.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import chain

import msgspec

from firstline import command_lines
from firstline.ledger.entries import ActionPromoted
from firstline.ledger.export import Recorded
from firstline.remediation.kill_switch import CHAIN
from firstline.reporting.incident_summary import OPEN, Summary
from firstline.reporting.summarize import chains, summarise
from firstline.reporting.tally import ALONE, BY_ITSELF, WITH_A_PERSON, Tally, count

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

    Not every fix has a verdict: some were never sent, and some incidents ended before.
    """

    action: str
    tried: int
    helped: int
    failed: int
    approved: int


class Blocked(msgspec.Struct, frozen=True, kw_only=True):
    """How often a guard said no: to how many fixes, in how many incidents."""

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


def review(
    records: Iterable[Recorded], since: datetime | None = None, until: datetime | None = None
) -> Review:
    """The review of what opened from *since* on and before *until*; raises `Malformed`."""
    tally, turns = Tally(), list[Turn]()
    for id_, entries in chains(records):
        if id_ == CHAIN:
            turns += _promotions(entries)
            continue
        first = next(entries)
        told = summarise(chain((first,), entries))
        turns += _demotions(told)
        if told.opened and _within(told.opened_at, since, until):
            count(tally, told)
    return _told(tally, sorted(turns, key=lambda each: each.at), since, until)


def _within(at: datetime, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or at >= since) and (until is None or at < until)


def _demotions(told: Summary) -> list[Turn]:
    return [
        Turn(
            action=each.action,
            at=each.at,
            demoted=True,
            failed=each.failed,
            incident=told.incident,
        )
        for each in told.demoted
    ]


def _promotions(entries: Iterable[Recorded]) -> list[Turn]:
    return [
        Turn(
            action=each.event.action,
            at=each.at,
            demoted=False,
            by=each.event.by,
        )
        for each in entries
        if isinstance(each.event, ActionPromoted)
    ]


def _told(
    tally: Tally, turns: list[Turn], since: datetime | None, until: datetime | None
) -> Review:
    ended, counts = tally.endings, tally.counts
    needed = ended[ALONE] + ended[WITH_A_PERSON] + ended["handed-over"]
    last = {each.action: each.demoted for each in turns}
    demoted = tuple(action for action, down in last.items() if down)
    return Review(
        since=since,
        until=until,
        incidents=counts["incidents"],
        by_severity=dict(sorted(tally.severities.items())),
        by_condition=dict(tally.conditions.most_common()),
        still_open=ended[OPEN],
        alone=ended[ALONE],
        with_a_person=ended[WITH_A_PERSON],
        by_themselves=ended[BY_ITSELF],
        handed_over=ended["handed-over"],
        alone_percent=100 * ended[ALONE] // needed if needed else None,
        to_page=_spread(tally.took.get("page", [])),
        to_fix=_spread(tally.took.get("fix", [])),
        to_recover=_spread(tally.took.get("recover", [])),
        unpaged=counts["unpaged"],
        missed_targets=dict(sorted(tally.missed.items())),
        actions=_records(tally),
        denials=_blocked(tally),
        noisy=_noisy(tally),
        promotable=_promotable(tally, demoted),
        turns=tuple(each for each in turns if _within(each.at, since, until)),
        demoted=demoted,
        partial=counts["partial"],
    )


def _spread(took: list[int]) -> Spread:
    took.sort()
    ranks = [took[-(-len(took) * part // 100) - 1] if took else None for part in (50, 90)]
    return Spread(len(took), *ranks)


def _records(tally: Tally) -> tuple[Record, ...]:
    return tuple(
        Record(
            action=action,
            tried=each["tried"],
            helped=each["helped"],
            failed=each["failed"],
            approved=each["approved"],
        )
        for action, each in sorted(tally.actions.items())
    )


def _blocked(tally: Tally) -> tuple[Blocked, ...]:
    told = (
        Blocked(guard=guard, fixes=each["fixes"], incidents=each["incidents"])
        for guard, each in tally.guards.items()
    )
    return tuple(sorted(told, key=lambda each: (-each.incidents, each.guard)))


def _noisy(tally: Tally) -> tuple[Noisy, ...]:
    told = (
        Noisy(
            alarm=alarm,
            incidents=each["incidents"],
            observed=each["observed"],
            flaps=each["flaps"],
        )
        for alarm, each in tally.alarms.items()
        if each["flaps"] >= NOISY_MIN
        or (each["incidents"] >= NOISY_MIN and 2 * each["observed"] >= each["incidents"])
    )
    return tuple(sorted(told, key=lambda each: (-each.incidents, each.alarm)))


def _promotable(tally: Tally, demoted: tuple[str, ...]) -> tuple[Promotable, ...]:
    """Actions that people allowed each time; one that was demoted is promoted by its lever."""
    return tuple(
        Promotable(
            action,
            each["helped"],
            command_lines.promote(action)
            if action in demoted
            else f'[[actions]] name = "{action}": autonomy = "auto"',
        )
        for action, each in sorted(tally.actions.items())
        if each["helped"] >= PROVED_MIN and not each["failed"] and each["approved"] == each["tried"]
    )
