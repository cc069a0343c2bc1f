"""A drill's expectation, from the profile, and its result, from the ledger."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from firstline.config.channels import CHANGE
from firstline.config.profile import Profile
from firstline.errors import InvalidInput
from firstline.event_sources import ALARM
from firstline.ids import IncidentId
from firstline.ledger.entries import DecisionMade, PageDelivered
from firstline.ledger.export import DecodedEntry
from firstline.reporting.events import timed
from firstline.reporting.incident_summary import summarise
from firstline.signal import DRILL_ALARM, Condition, Severity

DEFAULT_TARGET = timedelta(minutes=5)
"""Target for the entry of a severity without a response target in the profile."""


class DrillExpectation(msgspec.Struct, frozen=True, kw_only=True):
    """The expected results of a drill.

    ``channel`` is the channel of its notification; None where it is not sent at once. A drill that
    is a ``dry_run`` must lead to no fix, whatever the deployment's mode.
    """

    alarm: str
    condition: str
    severity: str
    channel: str | None
    target: timedelta
    dry_run: bool = True


class DecisionSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A distinct decision; ``denied`` lists the guards that denied its plan."""

    step: str
    rule: str
    why: str
    plan: str | None = None
    denied: tuple[str, ...] = ()


class DrillResult(msgspec.Struct, frozen=True, kw_only=True):
    """The results of a drill; times count from the alarm's state change.

    ``modes`` are the distinct modes of its decisions.
    """

    incident: IncidentId | None = None
    condition: str | None = None
    severity: str | None = None
    received_after: timedelta | None = None
    notified_after: timedelta | None = None
    decided_after: timedelta | None = None
    modes: tuple[str, ...] = ()
    decisions: tuple[DecisionSummary, ...] = ()
    outcome: str | None = None
    ended_after: timedelta | None = None


def alarm_names(profile: Profile, condition: Condition) -> tuple[str, ...]:
    """Return the rules' names of alarms for *condition*, gravest first; raises `InvalidInput`."""
    if condition is Condition.DRILL:
        return (DRILL_ALARM,)
    rules = [it for it in profile.rules if (it.source, it.condition) == (ALARM, condition)]
    if not rules:
        known = {str(each.condition) for each in profile.rules if each.source == ALARM}
        message = (
            f"no alarm of the fleet file has the condition {condition}: name one of "
            f"{', '.join(sorted(known))}"
        )
        raise InvalidInput(message)
    by_severity = sorted(rules, key=lambda each: each.severity)
    return tuple(dict.fromkeys(each.subject for each in by_severity))


def drill_expectation(
    alarm: str,
    condition: Condition,
    severity: Severity,
    profile: Profile,
    *,
    dry_run: bool = True,
) -> DrillExpectation:
    """Return the expectation for *alarm*, which means *condition* with *severity*."""
    route = next(iter(profile.routes.of(severity)), None)
    channel = CHANGE if condition is Condition.DRILL else route
    return DrillExpectation(
        alarm=alarm,
        condition=condition.value,
        severity=severity.value,
        channel=channel,
        target=profile.response_target(severity) or DEFAULT_TARGET,
        dry_run=dry_run,
    )


def drill_result(chain: Iterable[DecodedEntry], expected: DrillExpectation) -> DrillResult:
    """Return the result from the incident's entries; raises `InvalidInput` for an unknown form."""
    entries = tuple(chain)
    if not entries:
        return DrillResult()
    summary = summarise(entries)
    start = summary.signalled_at or summary.opened_at
    pages = timed(entries, PageDelivered)
    notified_at = next((at for at, page in pages if _is_notification(page, expected.channel)), None)
    decisions = tuple(timed(entries, DecisionMade))
    return DrillResult(
        incident=summary.incident,
        condition=summary.condition,
        severity=summary.severity,
        received_after=summary.opened_at - start,
        notified_after=_after(start, notified_at),
        decided_after=_after(start, decisions[0][0]) if decisions else None,
        modes=tuple(dict.fromkeys(made.mode for _, made in decisions if made.mode)),
        decisions=tuple(dict.fromkeys(_decision_summary(made) for _, made in decisions)),
        outcome=summary.outcome,
        ended_after=_after(start, summary.ended_at),
    )


def _is_notification(page: PageDelivered, channel: str | None) -> bool:
    return (page.channel, page.action, page.outcome) == (channel, "trigger", "accepted")


def _decision_summary(event: DecisionMade) -> DecisionSummary:
    plan = event.plan
    return DecisionSummary(
        step=event.step_type,
        rule=event.rule,
        why=event.why,
        plan=f"{plan.action} on {plan.target}" if plan else None,
        denied=tuple(guard for guard, _ in event.denials),
    )


def _after(start: datetime, at: datetime | None) -> timedelta | None:
    return None if at is None else at - start
