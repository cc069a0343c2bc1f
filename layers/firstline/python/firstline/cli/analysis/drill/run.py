"""Runs a drill: raises an alarm, follows its incident in the ledger, and resets the alarm."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from firstline.cli.account.alarm_state import DrillAlarm
from firstline.cli.analysis.drill import results as drills
from firstline.cli.analysis.drill.checks import faults, is_settled
from firstline.cli.analysis.drill.report import DrillReport
from firstline.cli.analysis.drill.results import DrillExpectation, DrillResult
from firstline.cli.output.deployment_lines import DrillDecision, DrillLine
from firstline.config.profile import Profile
from firstline.config.settings import Home
from firstline.controller.operators.commands import AnnounceDrill, CommandResult
from firstline.controller.ports.messaging import Clock
from firstline.controller.ports.store import Store
from firstline.diagnosis.evidence import AlarmState
from firstline.errors import InvalidInput
from firstline.event_sources import ALARM
from firstline.ids import IncidentId, SignalKey
from firstline.ledger.chain import Entry
from firstline.ledger.export import decode_entry
from firstline.signal import Condition, Signal, SignalKind
from firstline.signals import drill_marker as announced
from firstline.signals.classify import Classification, classify

POLL_INTERVAL = timedelta(seconds=5)
LATE_MARGIN = timedelta(seconds=30)
"""Time after the target for which a late entry is still waited for."""
OVER_REASON = "firstline drill: over"


class DrillAlarms(Protocol):
    """The operations of a drill on the deployment's alarms."""

    def find_created(self, known_as: str) -> DrillAlarm | None:
        """Return the alarm that the stack created for the profile's *known_as*."""
        ...

    def find(self, name: str) -> DrillAlarm | None:
        """Return the alarm of this name."""
        ...

    def set_state(self, alarm: DrillAlarm, state: AlarmState, reason: str) -> None:
        """Set the state until CloudWatch next evaluates the alarm."""
        ...


class DrillDeployment(NamedTuple):
    """The deployed system, as a drill uses it."""

    profile: Profile
    home: Home
    mode: str
    alarms: DrillAlarms
    store: Store
    clock: Clock
    announce: Callable[[AnnounceDrill], CommandResult]


class DrillRun(NamedTuple):
    """A finished drill: its JSON document, its report and its incident's chain."""

    line: DrillLine
    report: DrillReport
    chain: tuple[Entry, ...]


def run_drill(
    condition: Condition, deployment: DrillDeployment, duration_min: timedelta, *, enforce: bool
) -> DrillRun:
    """Raise the alarm, follow its incident, and reset the alarm.

    Unless *enforce*, the incident runs in mode dry-run: a deployment in another mode gets the drill
    announced first, and nothing is raised if it refuses. Raises `InvalidInput` where the alarm must
    not be raised.
    """
    known_as, alarm = _alarm(condition, deployment)
    classification = _classification(known_as, alarm, deployment)
    expected = drills.drill_expectation(
        alarm.name,
        classification.condition,
        classification.severity,
        deployment.profile,
        dry_run=not enforce,
    )
    _require_quiet(alarm, classification, deployment)
    duration = max(duration_min, expected.target + LATE_MARGIN)
    reason = _alarm_reason(alarm, duration, deployment, enforce=enforce)
    started_at = deployment.clock.now()
    try:
        deployment.alarms.set_state(alarm, AlarmState.ALARM, reason)
        incident = _follow(classification, expected, deployment)
    finally:
        deployment.alarms.set_state(alarm, AlarmState.OK, OVER_REASON)
    result = _wait_for_end(incident, expected, started_at + duration, deployment)
    return DrillRun(
        line=_line(result, expected, deployment),
        report=DrillReport(
            expected=expected, result=result, mode=deployment.mode, started_at=started_at
        ),
        chain=_chain(incident, deployment),
    )


def _alarm_reason(
    alarm: DrillAlarm, duration: timedelta, deployment: DrillDeployment, *, enforce: bool
) -> str:
    """Return the reason of the alarm's state; it has a marker if the drill may not fix."""
    if enforce or deployment.mode == "dry-run":
        return announced.REASON
    if duration + LATE_MARGIN > announced.DRILL_DURATION_MAX:
        raise InvalidInput(f"--for: a drill lasts at most {announced.DRILL_DURATION_MAX}")
    until = deployment.clock.now() + duration + LATE_MARGIN
    command_result = deployment.announce(AnnounceDrill(alarm=alarm.arn, until=until))
    if not command_result.marker:
        raise InvalidInput("the deployment did not register the drill: no alarm was set")
    return announced.state_reason(command_result.marker)


def _alarm(condition: Condition, deployment: DrillDeployment) -> tuple[str, DrillAlarm]:
    """Return the existing alarm of *condition* with the gravest severity, and its name in rules."""
    names = drills.alarm_names(deployment.profile, condition)
    external = {each.known_as: each.name for each in deployment.profile.alarms.external}
    for known_as in names:
        alarm = deployment.alarms.find_created(known_as)
        if alarm is None and known_as in external:
            alarm = deployment.alarms.find(external[known_as])
        if alarm is not None:
            return known_as, alarm
    raise InvalidInput(f"no alarm of {condition} exists in CloudWatch: {', '.join(names)}")


def _classification(
    known_as: str, alarm: DrillAlarm, deployment: DrillDeployment
) -> Classification:
    """Return the profile's classification of the alarm's event."""
    signal = Signal(
        key=SignalKey("drill"),
        kind=SignalKind.ALARM,
        source=ALARM,
        subject=known_as,
        state=AlarmState.ALARM.value,
        at=deployment.clock.now(),
        account=deployment.home.account,
        region=deployment.home.region,
        arn=alarm.arn,
        metric=alarm.metric,
        dimensions=alarm.dimensions,
    )
    return classify(signal, deployment.profile, deployment.home)


def _require_quiet(
    alarm: DrillAlarm, classification: Classification, deployment: DrillDeployment
) -> None:
    if alarm.state is AlarmState.ALARM:
        raise InvalidInput(f"{alarm.name} is in ALARM already: resolve that first")
    incident = deployment.store.open_incident(classification.correlation_key)
    if incident is not None:
        raise InvalidInput(f"{incident} is open and the drill would join it: wait until it ends")


def _follow(
    classification: Classification, expected: DrillExpectation, deployment: DrillDeployment
) -> IncidentId | None:
    """Return the incident that the alarm opened, after its notification or the deadline."""
    until = deployment.clock.now() + expected.target + LATE_MARGIN
    incident = None
    while deployment.clock.now() < until:
        deployment.clock.sleep(POLL_INTERVAL)
        incident = incident or deployment.store.open_incident(classification.correlation_key)
        if is_settled(_read(incident, expected, deployment), expected):
            break
    return incident


def _wait_for_end(
    incident: IncidentId | None,
    expected: DrillExpectation,
    until: datetime,
    deployment: DrillDeployment,
) -> DrillResult:
    """Return the results at the incident's end, or at *until*."""
    result = _read(incident, expected, deployment)
    while incident is not None and result.outcome == "open" and deployment.clock.now() < until:
        deployment.clock.sleep(POLL_INTERVAL)
        result = _read(incident, expected, deployment)
    return result


def _read(
    incident: IncidentId | None, expected: DrillExpectation, deployment: DrillDeployment
) -> DrillResult:
    return drills.drill_result(map(decode_entry, _chain(incident, deployment)), expected)


def _chain(incident: IncidentId | None, deployment: DrillDeployment) -> tuple[Entry, ...]:
    return deployment.store.entries(incident) if incident else ()


def _line(
    result: DrillResult, expected: DrillExpectation, deployment: DrillDeployment
) -> DrillLine:
    missing = faults(result, expected)
    return DrillLine(
        alarm=expected.alarm,
        mode=deployment.mode,
        dry_run=expected.dry_run,
        incident=result.incident,
        severity=result.severity,
        condition=result.condition,
        target_seconds=_whole_seconds(expected.target) or 0,
        received_after_seconds=_whole_seconds(result.received_after),
        channel=expected.channel,
        notified_after_seconds=_whole_seconds(result.notified_after),
        decided_after_seconds=_whole_seconds(result.decided_after),
        decisions=tuple(
            DrillDecision(step=it.step, rule=it.rule, why=it.why, plan=it.plan, denied=it.denied)
            for it in result.decisions
        ),
        outcome=result.outcome,
        ended_after_seconds=_whole_seconds(result.ended_after),
        holds=not missing,
        why="; ".join(missing) or "received, classified, notified and decided on in time",
    )


def _whole_seconds(elapsed: timedelta | None) -> int | None:
    return None if elapsed is None else round(elapsed.total_seconds())
