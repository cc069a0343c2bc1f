"""Stop conditions: what operators and AWS report stops fixes; own actions open nothing."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from firstline.controller.ports.store import OperatorAnswer
from firstline.incidents.incident import Incident
from firstline.lab.simulation.run import TIMEOUTS
from firstline.lab.simulation.run_result import RecordedEvent, RunResult
from firstline.ledger.entries import FixIntended, PauseChanged, SignalReceived, SignalsJoined
from firstline.remediation.kill_switch import EVERYTHING
from firstline.signal import Mark

SKEW = timedelta(seconds=10)
"""The maximum error of a worker's clock."""
REPLACING_ACTIONS = ("replace_instance", "refresh_fleet", "scale_out")


def pauses_stop_fixes(result: RunResult) -> Iterator[str]:
    """I15: no fix is intended after a pause's commit; an unreadable switch is a pause.

    The exception is the cancel of firstline's own refresh.
    """
    scenario, start = result.world.scenario, result.world.start
    if result.mutations and (
        result.run.initial.scenario.mode == "dry-run" or scenario.switch_corrupt
    ):
        yield "a fix was sent, and none may be"
    pauses = {each.scope: each.until for each in scenario.switch(start).pauses}
    for each in result.journal:
        match each:
            case RecordedEvent(
                event=PauseChanged(change="paused", until=datetime() as until) as paused
            ):
                pauses[paused.scope] = until
            case RecordedEvent(event=PauseChanged() as over):
                pauses.pop(over.scope, None)
            case RecordedEvent(event=FixIntended() as intended) if _paused(result, each, pauses):
                yield f"{intended.action} of {each.incident} was intended in a pause"
            case _:
                pass


def _paused(
    result: RunResult, intended: RecordedEvent[FixIntended], pauses: dict[str, datetime]
) -> bool:
    """True if a pause of it was committed before, and lasts by its worker's clock."""
    if intended.event.action == "cancel_refresh":
        return False
    incident = result.by_id[intended.incident]
    scopes = {EVERYTHING, incident.condition.value, incident.id}
    return any(scope in scopes and intended.at < until for scope, until in pauses.items())


def denied_plans_are_not_intended(result: RunResult) -> Iterator[str]:
    """I35: once a denial of a plan is committed, the plan is not intended."""
    denied: set[tuple[str, str]] = set()
    for each in result.journal:
        if isinstance(each, OperatorAnswer):
            denied |= set() if each.approval.granted else {(each.incident, each.approval.plan)}
        elif isinstance(each.event, FixIntended) and (each.incident, each.event.plan) in denied:
            yield f"{each.event.action} of {each.incident} was intended, and a person denied it"


def suppressed_alarms_stop_fixes(result: RunResult) -> Iterator[str]:
    """I17: an incident whose alarms are all suppressed is not fixed.

    A worker reads that actions are disabled, and may intend a fix a while later.
    """
    disabled = result.world.scenario.actions_disabled_at_seconds
    if disabled is not None:
        since = result.world.start + timedelta(seconds=disabled) + TIMEOUTS["reconcile"]
        late = (each for each in result.events(FixIntended) if each.at >= since)
        yield from (f"{each.incident} was fixed, and its alarms are disabled" for each in late)
    suppressed = {each.id for each in result.incidents if each.suppressed}
    told_so = bool(result.bodies("suppressed")) and not result.bodies("alarm")
    for record in result.events(FixIntended):
        if record.incident in suppressed or told_so:
            yield f"{record.incident} was fixed, and its alarm is suppressed"


def muted_alarms_stop_fixes(result: RunResult) -> Iterator[str]:
    """I17: no fix rests only on alarms that a rule mutes or whose mute was recorded."""
    muted = set[str]()
    for each in result.journal:
        match each:
            case RecordedEvent(event=SignalReceived() | SignalsJoined() as record):
                muted |= {signal.subject for signal in record.signals if Mark.MUTED in signal.marks}
            case RecordedEvent(event=FixIntended()) if _alarms(result.by_id[each.incident]) <= (
                (muted | _ruled(result, each.at)) - _unmuted(result, each.at)
            ):
                yield f"{each.incident} was fixed, and its alarms are muted"
            case _:
                pass


def _ruled(result: RunResult, at: datetime) -> set[str]:
    """Return the names of the alarms whose mute window began by *at*, within clock skew."""
    return {each.arn.rpartition(":")[2] for each in result.world.mutes if each.starts <= at - SKEW}


def _unmuted(result: RunResult, at: datetime) -> set[str]:
    """Return the names of the alarms whose mute window ends by *at*, within clock skew.

    A fix is dated by the start of its reconcile, which may read the rules until its timeout.
    """
    until = at + TIMEOUTS["reconcile"] + SKEW
    return {each.arn.rpartition(":")[2] for each in result.world.mutes if each.ends <= until}


def _alarms(incident: Incident) -> set[str]:
    """Return the names of its alarms."""
    return {arn.rpartition(":")[2] for arn in incident.alarms}


def issues_stop_fixes(result: RunResult) -> Iterator[str]:
    """I18: during an AWS issue nothing is replaced, and during one of KMS nothing is fixed."""
    about, issues = result.subjects("issue"), set[str]()
    for each in result.journal:
        match each:
            case RecordedEvent(event=SignalReceived(source="aws.health") as record):
                issues |= {service for service in about if service in record.subject}
            case RecordedEvent(event=FixIntended() as intended):
                for service in issues:
                    if service == "KMS" or intended.action in REPLACING_ACTIONS:
                        yield f"{intended.action} was intended in an issue of {service}"
            case _:
                pass


def calendars_stop_fixes(result: RunResult) -> Iterator[str]:
    """I18: no fix is intended once a closed change calendar is recorded."""
    closed = False
    for each in result.journal:
        match each:
            case RecordedEvent(event=SignalReceived(subject="change calendar") as record):
                closed = record.state == "CLOSED"
            case RecordedEvent(event=FixIntended() as intended) if closed:
                yield f"{intended.action} of {each.incident} was intended in a change freeze"
            case _:
                pass


def storms_open_one_incident(result: RunResult) -> Iterator[str]:
    """I21: only so many unrelated problems open incidents; one more covers the others."""
    window = timedelta(seconds=result.policy.storm_window_seconds)
    opened = [each for each in result.incidents if each.severity != "P1" and not each.storm]
    for first in opened:
        causes = {
            each.correlation_key
            for each in opened
            if first.opened_at <= each.opened_at < first.opened_at + window
        }
        if len(causes) > result.policy.storm_scopes_max + _races(result):
            yield f"{len(causes)} unrelated troubles opened incidents within {window}"
            return
    for incident in result.incidents:
        if incident.storm and incident.attempts:
            yield f"{incident.id} stands for a storm, and was fixed"


def _races(result: RunResult) -> int:
    """Return the failed reads of open incidents: they count none, since paging goes first."""
    missed = (
        times
        for (effect, fault), times in result.run.scheduler.coverage.items()
        if effect in ("store.openings", "store.open_incident") and fault != "none"
    )
    down = any(each.dependency == "store" for each in result.world.scenario.faults)
    return sum(missed) + (99 if down else 0)


def suspect_hosts_are_kept(result: RunResult) -> Iterator[str]:
    """I22: no fix of a host is intended once a severe finding on it is committed."""
    suspects = set[str]()
    for each in result.journal:
        match each:
            case RecordedEvent(event=SignalReceived(source="aws.guardduty")):
                suspects = result.subjects("finding")
            case RecordedEvent(event=FixIntended() as intended) if kept := suspects & set(
                intended.hosts
            ):
                yield f"{intended.action} on {', '.join(sorted(kept))}, which is evidence"
            case _:
                pass


def own_actions_open_nothing(result: RunResult) -> Iterator[str]:
    """I31: the group's events about own fixes open nothing; a refusal by AWS may."""
    for incident in result.incidents:
        if incident.opening.startswith("autoscaling|") and result.world.scenario.launches:
            yield f"{incident.id} was opened by what a fix of ours did"
