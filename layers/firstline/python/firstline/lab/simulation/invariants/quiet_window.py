"""The quiet window: a problem that recovers and returns has one incident and one alert (I36)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from firstline.diagnosis.evidence import AlarmState
from firstline.incidents.incident import Incident, Page, Status
from firstline.lab.simulation.run_result import RunResult
from firstline.ledger.entries import DecisionMade, SignalsJoined
from firstline.remediation.rules.rule_name import RuleName
from firstline.signal import Condition, Severity

YOUNG = timedelta(hours=1)
"""An older incident may have ended because of its age."""
SKEW = timedelta(seconds=20)
"""The maximum difference between two workers' clocks."""
PROMPT = timedelta(seconds=30)
"""A signal that takes longer may arrive after its window."""


def one_alert_per_incident(result: RunResult) -> Iterator[str]:
    """I36: a problem that returns in its quiet window opens and pages nothing more.

    A P1 pages at each return, under a key of its own.
    """
    for incident in result.incidents:
        yield from _opened_again(result, incident)
        yield from _rung_again(incident)
        yield from _returned_unheard(result, incident)


def _opened_again(result: RunResult, incident: Incident) -> Iterator[str]:
    """Yield other incidents with the same key whose signal is inside the window."""
    drill = incident.drill or incident.condition is Condition.DRILL
    if incident.ended_at is None or incident.storm or drill or not _watched(incident):
        return
    until = _troubled_last(result, incident, incident.ended_at) + _window(result) - SKEW
    for other in result.incidents:
        another = other.id != incident.id and other.correlation_key == incident.correlation_key
        later = another and incident.ended_at <= other.opened_at
        prompt = other.opened_at - other.signalled_at <= PROMPT
        if later and prompt and other.signalled_at < until:
            yield f"{other.id} opened again what {incident.id} was about"


def _watched(incident: Incident) -> bool:
    """True if it recovered by itself, or had no alarm that could show a recovery."""
    age = incident.ended_at - incident.opened_at if incident.ended_at is not None else timedelta(0)
    unread = not incident.alarms and age < YOUNG
    return incident.status is Status.SELF_RECOVERED or (
        incident.status is Status.ESCALATED and unread
    )


def _window(result: RunResult) -> timedelta:
    return timedelta(seconds=result.policy.quiet_seconds)


def _troubled_last(result: RunResult, incident: Incident, until: datetime) -> datetime:
    """Return when an alarm of *incident* was last in ALARM before *until*."""
    if not incident.alarms:
        return incident.joined_at
    known = (result.world.alarms[arn] for arn in incident.alarms if arn in result.world.alarms)
    ends = (at for alarm in known for at, was in alarm.turned if was is AlarmState.ALARM)
    return max((at for at in ends if at <= until), default=incident.opened_at)


def _rung_again(incident: Incident) -> Iterator[str]:
    """Yield incidents with more than one page per severity, or per return of a P1."""
    rises = [each.severity for each in _rings(incident) if ":returned-" not in each.key]
    returns = [each for each in _rings(incident) if ":returned-" in each.key]
    if len(rises) > len(set(rises)):
        yield f"{incident.id} rang more than once at the same severity"
    if len(returns) > incident.returns or any(each.severity is not Severity.P1 for each in returns):
        rang = f"{incident.id} rang for {len(returns)} returns"
        yield f"{rang}, and came back {incident.returns} times"


def _rings(incident: Incident) -> list[Page]:
    """Return the pages of the incident itself: its opening, its rises and its returns."""
    other = (":escalated", ":approval-", ":no-drill")
    return [
        each
        for each in incident.pages
        if each.traits.pages_on_call
        and each.action == "trigger"
        and not any(part in each.key for part in other)
    ]


def _returned_unheard(result: RunResult, incident: Incident) -> Iterator[str]:
    """Yield P1s that returned without a page in the commit of their signal."""
    since: datetime | None = None
    for record in result.events(DecisionMade, SignalsJoined):
        if record.incident != incident.id:
            continue
        if isinstance(record.event, DecisionMade):
            quiet = record.event.rule == RuleName.QUIET_WINDOW
            since = (since or record.at) if quiet else None
        elif since is not None and _rises(record.event, since + SKEW):
            queued = [each.queued_at for each in _rings(incident)]
            if not any(abs(record.at - at) <= SKEW for at in queued):
                yield f"{incident.id} came back as a P1 at {record.at.time()}, and rang nobody"
            since = None


def _rises(event: SignalsJoined, since: datetime) -> bool:
    """True if one of the signals is of a P1 that turned after *since*."""
    return any(
        (each.disposition, each.severity) == ("incident", Severity.P1)
        and each.signalled_at is not None
        and each.signalled_at > since
        for each in event.joined
    )


def short_groups_page(result: RunResult) -> Iterator[str]:
    """I36 (short): a group that could not launch, and stayed short, pages."""
    length = timedelta(seconds=result.policy.short_group_seconds)
    for incident in result.incidents:
        if incident.condition is not Condition.CAPACITY or incident.ended_at is None:
            continue
        lived = incident.ended_at - incident.opened_at
        minutes = range(int(lived.total_seconds() // 60) + 1)
        short = all(
            _short(result, incident.opened_at + timedelta(minutes=each)) for each in minutes
        )
        if short and lived > length and not incident.severity.pages:
            yield f"{incident.id} paged nobody, and its group was short for {lived}"


def _short(result: RunResult, at: datetime) -> bool:
    return len(result.world.group.in_service(at)) < result.world.group.desired
