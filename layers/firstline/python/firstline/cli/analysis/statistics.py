"""Statistics across incidents over a time, from the ledger.

Incidents are read one at a time; only their durations are kept.
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

PAGED_SEVERITIES = frozenset(each.value for each in Severity if each.pages)
ALONE, WITH_APPROVAL, SELF_RECOVERED = "alone", "with approval", "self-recovered"
"""Ways to end without escalation: fixes of firstline's alone, some approved fixes, or no fix."""
ESCALATED = "escalated"

PROVEN_FIXES_MIN = 5
"""Number of fixes, all successful, after which a person may promote an action."""
NOISY_INCIDENTS_MIN = 3
"""Number of incidents, or of recoveries that did not last, that makes an alarm noisy."""


class DurationStatistics(msgspec.Struct, frozen=True):
    """Percentiles of a duration over ``count`` incidents, by nearest rank; null over none."""

    count: int
    median_seconds: int | None
    p90_seconds: int | None


class ActionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The fixes of one action; ``approved`` counts the fixes that a person approved.

    A fix has no verdict if it was never sent or its incident ended first. ``undone`` counts
    successful attempts of an action that only reverts a fix of firstline's; they never count as
    ``helped``.
    """

    action: str
    tried: int = 0
    helped: int = 0
    failed: int = 0
    approved: int = 0
    undone: int = 0

    @property
    def undoing(self) -> str:
        """Return what the action reverts; empty for an action that repairs."""
        return UNDO_RESULTS.get(self.action, "")


class GuardDenials(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of the fixes that a guard denied, and of their incidents."""

    guard: str
    fixes: int
    incidents: int


class NoisyAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """A noisy alarm.

    ``self_recovered`` of its incidents recovered by themselves; ``flaps`` recoveries did not last.
    """

    alarm: str
    incidents: int
    self_recovered: int
    flaps: int


class AutonomyChange(msgspec.Struct, frozen=True, kw_only=True):
    """A demotion or promotion of an action.

    An action is ``demoted`` automatically after ``failed`` failed fixes in a row, and promoted by a
    person.
    """

    action: str
    at: datetime
    demoted: bool
    failed: int = 0
    incident: str | None = None
    by: str | None = None


class PromotableAction(msgspec.Struct, frozen=True):
    """An action whose fixes all helped and were all approved by a person.

    ``key`` is the line of the fleet file, or the command, that promotes it.
    """

    action: str
    helped: int
    key: str


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """Statistics of the incidents that opened in a time.

    ``alone`` counts the incidents that firstline resolved alone, ``with_approval`` those with an
    approved fix, ``self_recovered`` those that recovered without a fix, and ``escalated`` the
    escalated ones. ``alone_percent`` is the share of ``alone`` among incidents that needed a fix.
    ``unpaged`` counts the P1 and P2 without an accepted page; ``partial`` the incidents with
    missing entries.
    """

    since: datetime | None
    until: datetime | None
    incidents: int
    by_severity: dict[str, int]
    by_condition: dict[str, int]
    still_open: int
    alone: int
    with_approval: int
    self_recovered: int
    escalated: int
    alone_percent: int | None
    to_page: DurationStatistics
    to_fix: DurationStatistics
    to_recover: DurationStatistics
    unpaged: int
    missed_targets: dict[str, int]
    actions: tuple[ActionRecord, ...]
    denials: tuple[GuardDenials, ...]
    noisy: tuple[NoisyAlarm, ...]
    promotable: tuple[PromotableAction, ...]
    autonomy_changes: tuple[AutonomyChange, ...]
    demoted: tuple[str, ...]
    partial: int


class _Totals(msgspec.Struct, kw_only=True):
    """Running totals; ``durations`` are in seconds."""

    partial: int = 0
    unpaged: int = 0
    severities: Counter[str] = msgspec.field(default_factory=Counter)
    conditions: Counter[str] = msgspec.field(default_factory=Counter)
    endings: Counter[str] = msgspec.field(default_factory=Counter)
    missed: Counter[str] = msgspec.field(default_factory=Counter)
    durations: dict[str, list[int]] = {}
    actions: dict[str, Counter[str]] = {}
    guards: dict[str, Counter[str]] = {}
    alarms: dict[str, Counter[str]] = {}


def review(
    records: Iterable[DecodedEntry],
    since: datetime | None = None,
    until: datetime | None = None,
    where: str = "",
) -> Review:
    """Return the statistics of incidents opened from *since* on and before *until*.

    *where* are the command-line options that name the deployment. Raises `InvalidInput`.
    """
    totals, changes = _Totals(), list[AutonomyChange]()
    for id_, entries in chains(records):
        if id_ == CHAIN:
            changes += (
                AutonomyChange(action=each.action, at=at, demoted=False, by=each.by)
                for at, each in timed(entries, ActionPromoted)
            )
            continue
        summary = summarise(entries)
        changes += (
            AutonomyChange(
                action=each.action, at=each.at, demoted=True, failed=each.failed, incident=id_
            )
            for each in summary.demoted
        )
        if summary.opened and _in_window(summary.opened_at, since, until):
            _count(totals, summary)
    result = _review(totals, sorted(changes, key=lambda each: each.at), since, until)
    named = (_with_promote_command(each, result.demoted, where) for each in result.promotable)
    return copy.replace(result, promotable=tuple(named))


def _in_window(at: datetime, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or at >= since) and (until is None or at < until)


# --- counting ----------------------------------------------------------------------------------


def _count(totals: _Totals, summary: Summary) -> None:
    """Add one incident to *totals*."""
    ending = _ending(summary)
    totals.partial += not summary.whole
    totals.unpaged += summary.severity in PAGED_SEVERITIES and summary.paged_at is None
    totals.severities[summary.severity or "none"] += 1
    totals.conditions[summary.condition or "none"] += 1
    totals.endings[ending] += 1
    totals.missed.update(summary.missed)
    _count_durations(totals, summary)
    for fix in summary.fixes:
        record = totals.actions.setdefault(fix.action, Counter())
        record.update(tried=1, approved=int(fix.approved))
        if fix.helped is not None:
            verdict = "undone" if fix.undoing else "helped"
            record[verdict if fix.helped else "failed"] += 1
    for guard, times in Counter(each.guard for each in summary.denials).items():
        totals.guards.setdefault(guard, Counter()).update(fixes=times, incidents=1)
    totals.alarms.setdefault(summary.alarm, Counter()).update(
        incidents=1, self_recovered=int(ending == SELF_RECOVERED), flaps=summary.flaps
    )


def _ending(summary: Summary) -> str:
    if summary.outcome != "resolved":
        return summary.outcome
    return WITH_APPROVAL if any(each.approved for each in summary.fixes) else ALONE


def _count_durations(totals: _Totals, summary: Summary) -> None:
    """Add its durations since the signal's own instant, as response targets are measured."""
    start = summary.signalled_at or summary.opened_at
    fixed = min((each.at for each in summary.fixes), default=None)
    for name, at in (("page", summary.paged_at), ("fix", fixed), ("recover", summary.recovered_at)):
        if at is not None:
            totals.durations.setdefault(name, []).append(max(int((at - start).total_seconds()), 0))


# --- results -----------------------------------------------------------------------------------


def _review(
    totals: _Totals, changes: list[AutonomyChange], since: datetime | None, until: datetime | None
) -> Review:
    endings = totals.endings
    acted_on = endings[ALONE] + endings[WITH_APPROVAL] + endings[ESCALATED]
    demoted_now = {each.action: each.demoted for each in changes}
    demoted = tuple(action for action, down in demoted_now.items() if down)
    actions = tuple(
        ActionRecord(action=name, **each) for name, each in sorted(totals.actions.items())
    )
    denials = (GuardDenials(guard=name, **each) for name, each in totals.guards.items())
    alarms = (NoisyAlarm(alarm=name, **each) for name, each in totals.alarms.items())
    return Review(
        since=since,
        until=until,
        incidents=endings.total(),
        by_severity=dict(sorted(totals.severities.items())),
        by_condition=dict(totals.conditions.most_common()),
        still_open=endings[OPEN],
        alone=endings[ALONE],
        with_approval=endings[WITH_APPROVAL],
        self_recovered=endings[SELF_RECOVERED],
        escalated=endings[ESCALATED],
        alone_percent=100 * endings[ALONE] // acted_on if acted_on else None,
        to_page=_duration_statistics(totals.durations.get("page", [])),
        to_fix=_duration_statistics(totals.durations.get("fix", [])),
        to_recover=_duration_statistics(totals.durations.get("recover", [])),
        unpaged=totals.unpaged,
        missed_targets=dict(sorted(totals.missed.items())),
        actions=actions,
        denials=tuple(sorted(denials, key=lambda each: (-each.incidents, each.guard))),
        noisy=tuple(
            sorted(filter(_is_noisy, alarms), key=lambda each: (-each.incidents, each.alarm))
        ),
        promotable=tuple(_promotable(each) for each in actions if _is_proven(each)),
        autonomy_changes=tuple(each for each in changes if _in_window(each.at, since, until)),
        demoted=demoted,
        partial=totals.partial,
    )


def _duration_statistics(durations: list[int]) -> DurationStatistics:
    durations.sort()
    ranks = [
        durations[-(-len(durations) * part // 100) - 1] if durations else None for part in (50, 90)
    ]
    return DurationStatistics(len(durations), *ranks)


def _is_noisy(alarm: NoisyAlarm) -> bool:
    many = alarm.incidents >= NOISY_INCIDENTS_MIN
    return alarm.flaps >= NOISY_INCIDENTS_MIN or (
        many and 2 * alarm.self_recovered >= alarm.incidents
    )


def _is_proven(action: ActionRecord) -> bool:
    always_helped = action.helped >= PROVEN_FIXES_MIN and not action.failed
    return always_helped and action.approved == action.tried


def _promotable(action: ActionRecord) -> PromotableAction:
    """Return the action with the line of the fleet file that promotes it."""
    name = action.action
    return PromotableAction(name, action.helped, f'[[actions]] name = "{name}": autonomy = "auto"')


def _with_promote_command(
    action: PromotableAction, demoted: tuple[str, ...], where: str
) -> PromotableAction:
    """Return a demoted action with the operator command that promotes it."""
    if action.action not in demoted:
        return action
    return copy.replace(action, key=command_lines.promote(action.action, where))
