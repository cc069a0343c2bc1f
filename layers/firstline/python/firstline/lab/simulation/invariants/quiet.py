"""Quiet: one trouble has one incident and one alert, though it recovers and comes back (I36)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from firstline.diagnosis.evidence import AlarmState
from firstline.incidents.incident import Incident, Page, Status
from firstline.lab.simulation.left import Left
from firstline.ledger.entries import DecisionMade, SignalsJoined
from firstline.signal import Condition, Severity

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
    if held.status is not Status.OBSERVED or held.ended_at is None or held.storm or drill:
        return
    until = _fired_last(left, held, held.ended_at) + _window(left) - SKEW
    for other in left.held:
        later = other.cause == held.cause and held.ended_at <= other.opened_at
        prompt = other.opened_at - other.signalled_at <= PROMPT
        if later and prompt and other.signalled_at < until:
            yield f"{other.id} opened again what {held.id} had recovered from by itself"


def _window(left: Left) -> timedelta:
    return timedelta(seconds=left.policy.quiet_seconds)


def _fired_last(left: Left, held: Incident, until: datetime) -> datetime:
    """When an alarm of *held* was last in ALARM before *until*, by the world."""
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
        if (each.channel, each.action) == ("pager", "trigger")
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
