"""Quiet: one trouble has one incident and one alert, though it recovers and comes back (I36)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from firstline.diagnosis.evidence import AlarmState
from firstline.incidents.incident import Incident, Page, Status
from firstline.lab.simulation.left import Left
from firstline.ledger.entries import DecisionMade, SignalsJoined
from firstline.signal import Condition, Severity

YOUNG = timedelta(hours=1)
"""One that ends older may have been bounded by its age."""
SKEW = timedelta(seconds=20)
"""As far as two workers' clocks may differ."""
PROMPT = timedelta(seconds=30)
"""A signal that takes longer may come when its window is over."""


def one_trouble_one_alert(left: Left) -> Iterator[str]:
    """I36: a cause that comes back in its quiet window opens nothing, and rings no second time.

    A P1 rings each time that it comes back, under a key of its own.
    """
    for held in left.held:
        yield from _opened_again(left, held)
        yield from _rung_again(held)
        yield from _returned_unheard(left, held)


def _opened_again(left: Left, held: Incident) -> Iterator[str]:
    """No other incident of its cause is of a signal from within the window."""
    drill = held.drill or held.condition is Condition.DRILL
    if held.ended_at is None or held.storm or drill or not _watched(held):
        return
    until = _troubled_last(left, held, held.ended_at) + _window(left) - SKEW
    for other in left.held:
        another = other.id != held.id and other.cause == held.cause
        later = another and held.ended_at <= other.opened_at
        prompt = other.opened_at - other.signalled_at <= PROMPT
        if later and prompt and other.signalled_at < until:
            yield f"{other.id} opened again what {held.id} was about"


def _watched(held: Incident) -> bool:
    """Whether it recovered by itself, or had no alarm that could tell a recovery."""
    age = held.ended_at - held.opened_at if held.ended_at is not None else timedelta(0)
    unread = not held.alarms and age < YOUNG
    return held.status is Status.OBSERVED or (held.status is Status.HANDED_OVER and unread)


def _window(left: Left) -> timedelta:
    return timedelta(seconds=left.policy.quiet_seconds)


def _troubled_last(left: Left, held: Incident, until: datetime) -> datetime:
    """When an alarm of *held* was last in ALARM before *until*, or its last signal came."""
    if not held.alarms:
        return held.joined_at
    known = (left.world.alarms[arn] for arn in held.alarms if arn in left.world.alarms)
    ends = (at for alarm in known for at, was in alarm.turned if was is AlarmState.ALARM)
    return max((at for at in ends if at <= until), default=held.opened_at)


def _rung_again(held: Incident) -> Iterator[str]:
    """Each severity has one page of its trouble, and a P1 one more for each return."""
    rises = [each.severity for each in _rings(held) if ":returned-" not in each.key]
    returns = [each for each in _rings(held) if ":returned-" in each.key]
    if len(rises) > len(set(rises)):
        yield f"{held.id} rang more than once at the same severity"
    if len(returns) > held.returns or any(each.severity is not Severity.P1 for each in returns):
        yield f"{held.id} rang for {len(returns)} returns, and came back {held.returns} times"


def _rings(held: Incident) -> list[Page]:
    """The pages of its trouble itself: of its opening, of its rises and of its returns."""
    other = (":gave-up", ":ask-", ":no-drill")
    return [
        each
        for each in held.pages
        if each.traits.pages_on_call
        and each.action == "trigger"
        and not any(part in each.key for part in other)
    ]


def _returned_unheard(left: Left, held: Incident) -> Iterator[str]:
    """A P1 that came back is owed a page in the commit that takes its signal in."""
    since: datetime | None = None
    for told in left.of(DecisionMade, SignalsJoined):
        if told.incident != held.id:
            continue
        if isinstance(told.event, DecisionMade):
            quiet = told.event.rule == "quiet window"
            since = (since or told.at) if quiet else None
        elif since is not None and _rises(told.event, since + SKEW):
            owed = [each.owed_at for each in _rings(held)]
            if not any(abs(told.at - at) <= SKEW for at in owed):
                yield f"{held.id} came back as a P1 at {told.at.time()}, and rang nobody"
            since = None


def _rises(event: SignalsJoined, since: datetime) -> bool:
    """Whether one of the signals is of a P1 that turned after *since*."""
    return any(
        (each.disposition, each.severity) == ("incident", Severity.P1)
        and each.signalled_at is not None
        and each.signalled_at > since
        for each in event.joined
    )


def short_groups_page(left: Left) -> Iterator[str]:
    """I36 (short): a group that could not launch, and was short for so long, pages."""
    length = timedelta(seconds=left.policy.short_group_seconds)
    for held in left.held:
        if held.condition is not Condition.CAPACITY or held.ended_at is None:
            continue
        lived = held.ended_at - held.opened_at
        minutes = range(int(lived.total_seconds() // 60) + 1)
        short = all(_short(left, held.opened_at + timedelta(minutes=each)) for each in minutes)
        if short and lived > length and not held.severity.pages:
            yield f"{held.id} paged nobody, and its group was short for {lived}"


def _short(left: Left, at: datetime) -> bool:
    return len(left.world.group.in_service(at)) < left.world.group.desired
