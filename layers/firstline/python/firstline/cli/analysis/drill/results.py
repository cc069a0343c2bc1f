"""Drill: an alarm that is rung on purpose, and whether it reached a person in time.

What is expected follows from the profile, what came from the ledger: both are values here.
"""

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

UNHURRIED = timedelta(minutes=5)
"""Within what an entry must be there where the profile sets the severity no target."""


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What must come of a drill; ``channel`` is where it is told, None where it is not at once.

    One that is ``observed`` must lead to no fix, whatever the deployment may do.
    """

    alarm: str
    condition: str
    severity: str
    channel: str | None
    target: timedelta
    observed: bool = True


class Considered(msgspec.Struct, frozen=True, kw_only=True):
    """A decision, said once however often it was made; ``denied`` are the guards that said no."""

    step: str
    rule: str
    why: str
    plan: str | None = None
    denied: tuple[str, ...] = ()


class Drilled(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it; times are since the alarm's own instant.

    ``modes`` are those that its decisions were made in, each once.
    """

    incident: IncidentId | None = None
    condition: str | None = None
    severity: str | None = None
    heard_after: timedelta | None = None
    told_after: timedelta | None = None
    decided_after: timedelta | None = None
    modes: tuple[str, ...] = ()
    considered: tuple[Considered, ...] = ()
    outcome: str | None = None
    ended_after: timedelta | None = None


def alarms(profile: Profile, condition: Condition) -> tuple[str, ...]:
    """What the rules call the alarms that mean *condition*, the gravest first; `InvalidInput`."""
    if condition is Condition.DRILL:
        return (DRILL_ALARM,)
    rules = [it for it in profile.rules if (it.source, it.condition) == (ALARM, condition)]
    if not rules:
        known = {str(each.condition) for each in profile.rules if each.source == ALARM}
        message = (
            f"no alarm of the profile means {condition}: name one of {', '.join(sorted(known))}"
        )
        raise InvalidInput(message)
    ordered = sorted(rules, key=lambda each: each.severity)
    return tuple(dict.fromkeys(each.subject for each in ordered))


def expected(
    alarm: str,
    condition: Condition,
    severity: Severity,
    profile: Profile,
    *,
    observed: bool = True,
) -> Expected:
    """What must come of ringing *alarm*, which means *condition* with *severity*."""
    routed = next(iter(profile.routes.of(severity)), None)
    channel = CHANGE if condition is Condition.DRILL else routed
    return Expected(
        alarm=alarm,
        condition=condition.value,
        severity=severity.value,
        channel=channel,
        target=profile.response_target(severity) or UNHURRIED,
        observed=observed,
    )


def drilled(chain: Iterable[DecodedEntry], wanted: Expected) -> Drilled:
    """What the entries of the incident tell; raises `InvalidInput` for one of another form."""
    entries = tuple(chain)
    if not entries:
        return Drilled()
    summary = summarise(entries)
    since = summary.signalled_at or summary.opened_at
    pages = timed(entries, PageDelivered)
    told_at = next((at for at, page in pages if _tells(page, wanted.channel)), None)
    decisions = tuple(timed(entries, DecisionMade))
    return Drilled(
        incident=summary.incident,
        condition=summary.condition,
        severity=summary.severity,
        heard_after=summary.opened_at - since,
        told_after=_after(since, told_at),
        decided_after=_after(since, decisions[0][0]) if decisions else None,
        modes=tuple(dict.fromkeys(made.mode for _, made in decisions if made.mode)),
        considered=tuple(dict.fromkeys(_considered(made) for _, made in decisions)),
        outcome=summary.outcome,
        ended_after=_after(since, summary.ended_at),
    )


def _tells(page: PageDelivered, channel: str | None) -> bool:
    return (page.channel, page.action, page.outcome) == (channel, "trigger", "accepted")


def _considered(event: DecisionMade) -> Considered:
    plan = event.plan
    return Considered(
        step=event.step_type,
        rule=event.rule,
        why=event.why,
        plan=f"{plan.action} on {plan.target}" if plan else None,
        denied=tuple(guard for guard, _ in event.denials),
    )


def _after(since: datetime, at: datetime | None) -> timedelta | None:
    return None if at is None else at - since
