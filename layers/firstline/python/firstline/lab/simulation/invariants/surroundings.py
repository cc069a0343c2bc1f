"""Surroundings: what people and AWS told stops fixes, and our own doing starts none."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from firstline.controller.ports.store import OperatorAnswer
from firstline.incidents.incident import Incident
from firstline.lab.simulation.left import Left, Told
from firstline.lab.simulation.run import TIMEOUTS
from firstline.ledger.entries import FixIntended, PauseChanged, SignalReceived, SignalsJoined
from firstline.remediation.kill_switch import EVERYTHING
from firstline.signal import Mark

SKEW = timedelta(seconds=10)
"""As far as a worker's clock may be wrong."""
SCALES = ("replace_instance", "refresh_fleet", "scale_out")


def nothing_is_fixed_in_a_pause(left: Left) -> Iterator[str]:
    """I15: no fix is intended once a pause was committed; an unreadable switch is a pause.

    But for the cancel of a refresh of ours, which ends what goes on.
    """
    scenario, start = left.world.scenario, left.world.start
    if left.mutations and (left.run.start.scenario.mode == "observe" or scenario.switch_corrupt):
        yield "a fix was sent, and none may be"
    pauses = {each.scope: each.until for each in scenario.switch(start).pauses}
    for each in left.journal:
        match each:
            case Told(event=PauseChanged(change="paused", until=datetime() as until) as paused):
                pauses[paused.scope] = until
            case Told(event=PauseChanged() as over):
                pauses.pop(over.scope, None)
            case Told(event=FixIntended() as intended) if _paused(left, each, pauses):
                yield f"{intended.action} of {each.incident} was intended in a pause"
            case _:
                pass


def _paused(left: Left, intended: Told[FixIntended], pauses: dict[str, datetime]) -> bool:
    """Whether a pause of it was committed before, and goes on by the clock of its worker."""
    if intended.event.action == "cancel_refresh":
        return False
    held = left.by_id[intended.incident]
    scopes = {EVERYTHING, held.condition.value, held.id}
    return any(scope in scopes and intended.at < until for scope, until in pauses.items())


def no_denied_plan_is_intended(left: Left) -> Iterator[str]:
    """I35: once a person's denial of a plan was committed, the plan is not intended."""
    denied: set[tuple[str, str]] = set()
    for each in left.journal:
        if isinstance(each, OperatorAnswer):
            denied |= set() if each.approval.granted else {(each.incident, each.approval.plan)}
        elif isinstance(each.event, FixIntended) and (each.incident, each.event.plan) in denied:
            yield f"{each.event.action} of {each.incident} was intended, and a person denied it"


def what_is_suppressed_is_left_alone(left: Left) -> Iterator[str]:
    """I17: an incident of which every alarm is suppressed is not fixed.

    That actions are disabled is read, by a worker that may live for a while before it intends.
    """
    disabled = left.world.scenario.actions_disabled_at_seconds
    if disabled is not None:
        since = left.world.start + timedelta(seconds=disabled) + TIMEOUTS["reconcile"]
        late = (each for each in left.of(FixIntended) if each.at >= since)
        yield from (f"{each.incident} was fixed, and its alarms are disabled" for each in late)
    suppressed = {each.id for each in left.held if each.suppressed}
    told_so = bool(left.labelled("suppressed")) and not left.labelled("alarm")
    for told in left.of(FixIntended):
        if told.incident in suppressed or told_so:
            yield f"{told.incident} was fixed, and its alarm is suppressed"


def what_is_muted_is_left_alone(left: Left) -> Iterator[str]:
    """I17: no fix rests on alarms alone that a rule mutes, or whose mute was recorded."""
    muted = set[str]()
    for each in left.journal:
        match each:
            case Told(event=SignalReceived() | SignalsJoined() as told):
                muted |= {signal.subject for signal in told.signals if Mark.MUTED in signal.marks}
            case Told(event=FixIntended()) if _alarms(left.by_id[each.incident]) <= (
                (muted | _ruled(left, each.at)) - _unmuted(left, each.at)
            ):
                yield f"{each.incident} was fixed, and its alarms are muted"
            case _:
                pass


def _ruled(left: Left, at: datetime) -> set[str]:
    """The names of the alarms whose mute window has begun by *at*, as far as clocks may differ."""
    return {each.arn.rpartition(":")[2] for each in left.world.mutes if each.starts <= at - SKEW}


def _unmuted(left: Left, at: datetime) -> set[str]:
    """The names of the alarms whose mute window ends by *at*, as far as clocks may differ.

    A fix is dated by the beginning of its turn, which may read the rules until its function ends.
    """
    until = at + TIMEOUTS["reconcile"] + SKEW
    return {each.arn.rpartition(":")[2] for each in left.world.mutes if each.ends <= until}


def _alarms(held: Incident) -> set[str]:
    """The names of the alarms behind it."""
    return {arn.rpartition(":")[2] for arn in held.alarms}


def issues_stop_fixes(left: Left) -> Iterator[str]:
    """I18: in an open issue of AWS's nothing is replaced, and in one of KMS nothing is fixed."""
    about, issues = left.about("issue"), set[str]()
    for each in left.journal:
        match each:
            case Told(event=SignalReceived(source="aws.health") as told):
                issues |= {service for service in about if service in told.subject}
            case Told(event=FixIntended() as intended):
                for service in issues:
                    if service == "KMS" or intended.action in SCALES:
                        yield f"{intended.action} was intended in an issue of {service}"
            case _:
                pass


def calendars_stop_fixes(left: Left) -> Iterator[str]:
    """I18: no fix is intended once it was recorded that a change calendar is closed."""
    closed = False
    for each in left.journal:
        match each:
            case Told(event=SignalReceived(subject="change calendar") as told):
                closed = told.state == "CLOSED"
            case Told(event=FixIntended() as intended) if closed:
                yield f"{intended.action} of {each.incident} was intended in a change freeze"
            case _:
                pass


def storms_open_one(left: Left) -> Iterator[str]:
    """I21: of unrelated troubles so many open an incident, and one more stands for the others."""
    window = timedelta(seconds=left.policy.storm_window_seconds)
    opened = [each for each in left.held if each.severity != "P1" and not each.storm]
    for first in opened:
        causes = {
            each.cause
            for each in opened
            if first.opened_at <= each.opened_at < first.opened_at + window
        }
        if len(causes) > left.policy.storm_scopes_max + _races(left):
            yield f"{len(causes)} unrelated troubles opened incidents within {window}"
            return
    for held in left.held:
        if held.storm and held.attempts:
            yield f"{held.id} stands for a storm, and was fixed"


def _races(left: Left) -> int:
    """A worker that finds what opened unreadable counts nothing: paging is never held back."""
    missed = (
        times
        for (effect, fault), times in left.run.scheduler.coverage.items()
        if effect in ("store.openings", "store.open_incident") and fault != "none"
    )
    down = any(each.dependency == "store" for each in left.world.scenario.faults)
    return sum(missed) + (99 if down else 0)


def suspects_are_kept(left: Left) -> Iterator[str]:
    """I22: no fix of a host is intended once a grave finding on it was committed."""
    suspects = set[str]()
    for each in left.journal:
        match each:
            case Told(event=SignalReceived(source="aws.guardduty")):
                suspects = left.about("finding")
            case Told(event=FixIntended() as intended) if kept := suspects & set(intended.hosts):
                yield f"{intended.action} on {', '.join(sorted(kept))}, which is evidence"
            case _:
                pass


def own_actions_start_nothing(left: Left) -> Iterator[str]:
    """I31: what the group tells of our own fixes opens no incident; AWS's refusal may."""
    for held in left.held:
        if held.opening.startswith("autoscaling|") and left.world.scenario.launches:
            yield f"{held.id} was opened by what a fix of ours did"
