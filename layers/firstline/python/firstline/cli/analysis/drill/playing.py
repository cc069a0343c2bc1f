"""Drilling: ring an alarm, follow its incident in the ledger, and let it end."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from firstline.cli.account.alarm_state import Rung
from firstline.cli.analysis.drill import results as drills
from firstline.cli.analysis.drill.checks import faults, settled
from firstline.cli.analysis.drill.rehearsal import Rehearsal
from firstline.cli.analysis.drill.results import Drilled, Expected
from firstline.cli.output.deployed import DrillDecision, DrillLine
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

POLL = timedelta(seconds=5)
SPARE = timedelta(seconds=30)
"""So long after the target an entry that comes late is still waited for."""
OVER = "firstline drill: over"


class Alarms(Protocol):
    """What a drill does with the deployment's alarms."""

    def made(self, known_as: str) -> Rung | None:
        """The alarm that the stack made for the profile's *known_as*."""
        ...

    def named(self, name: str) -> Rung | None:
        """The alarm of this name."""
        ...

    def turn(self, alarm: Rung, state: AlarmState, reason: str) -> None:
        """Turn it, until CloudWatch judges it anew."""
        ...


class Stage(NamedTuple):
    """The deployed system, as a drill meets it."""

    profile: Profile
    home: Home
    mode: str
    alarms: Alarms
    store: Store
    clock: Clock
    announce: Callable[[AnnounceDrill], CommandResult]


class Played(NamedTuple):
    """A drill that is over: in short, as a report, and with the chain of what it opened."""

    line: DrillLine
    report: Rehearsal
    chain: tuple[Entry, ...]


def play(condition: Condition, stage: Stage, patience: timedelta, *, enforce: bool) -> Played:
    """Ring, follow, let it end; raises `InvalidInput` where it must not be rung.

    Unless *enforce*, what it opens is only observed, also where the deployment may fix: there the
    drill is announced first, and where that is refused nothing is rung.
    """
    known_as, alarm = _alarm(condition, stage)
    found = _meant(known_as, alarm, stage)
    wanted = drills.expected(
        alarm.name, found.condition, found.severity, stage.profile, observed=not enforce
    )
    _check_quiet(alarm, found, stage)
    lasts = max(patience, wanted.target + SPARE)
    reason = _reason(alarm, lasts, stage, enforce=enforce)
    began = stage.clock.now()
    try:
        stage.alarms.turn(alarm, AlarmState.ALARM, reason)
        incident = _followed(found, wanted, stage)
    finally:
        stage.alarms.turn(alarm, AlarmState.OK, OVER)
    seen = _ended(incident, wanted, began + lasts, stage)
    return Played(
        line=_line(seen, wanted, stage),
        report=Rehearsal(wanted=wanted, found=seen, mode=stage.mode, rung_at=began),
        chain=_chain(incident, stage),
    )


def _reason(alarm: Rung, lasts: timedelta, stage: Stage, *, enforce: bool) -> str:
    """What the alarm's state is to say; the word of a drill that must only be observed."""
    if enforce or stage.mode == "observe":
        return announced.REASON
    if lasts + SPARE > announced.DRILL_DURATION_MAX:
        raise InvalidInput(f"--for: a drill is observed for {announced.DRILL_DURATION_MAX} at most")
    until = stage.clock.now() + lasts + SPARE
    pulled = stage.announce(AnnounceDrill(alarm=alarm.arn, until=until))
    if not pulled.word:
        raise InvalidInput("the deployment announced no drill: nothing is rung")
    return announced.state_reason(pulled.word)


def _alarm(condition: Condition, stage: Stage) -> tuple[str, Rung]:
    """The gravest alarm of *condition* that is there, and what the rules call it."""
    names = drills.alarms(stage.profile, condition)
    external = {each.known_as: each.name for each in stage.profile.alarms.external}
    for known_as in names:
        alarm = stage.alarms.made(known_as)
        if alarm is None and known_as in external:
            alarm = stage.alarms.named(external[known_as])
        if alarm is not None:
            return known_as, alarm
    raise InvalidInput(f"none of the alarms of {condition} is there: {', '.join(names)}")


def _meant(known_as: str, alarm: Rung, stage: Stage) -> Classification:
    """What the profile makes of the alarm's event."""
    signal = Signal(
        key=SignalKey("drill"),
        kind=SignalKind.ALARM,
        source=ALARM,
        subject=known_as,
        state=AlarmState.ALARM.value,
        at=stage.clock.now(),
        account=stage.home.account,
        region=stage.home.region,
        arn=alarm.arn,
        metric=alarm.metric,
        dimensions=alarm.dimensions,
    )
    return classify(signal, stage.profile, stage.home)


def _check_quiet(alarm: Rung, found: Classification, stage: Stage) -> None:
    if alarm.state is AlarmState.ALARM:
        raise InvalidInput(f"{alarm.name} is in ALARM already: see to that first")
    incident = stage.store.open_incident(found.cause)
    if incident is not None:
        raise InvalidInput(f"{incident} is open, which the drill would join: let it end first")


def _followed(found: Classification, wanted: Expected, stage: Stage) -> IncidentId | None:
    """The incident that it opened, once it was told or should have been."""
    until = stage.clock.now() + wanted.target + SPARE
    incident = None
    while stage.clock.now() < until:
        stage.clock.sleep(POLL)
        incident = incident or stage.store.open_incident(found.cause)
        if settled(_read(incident, wanted, stage), wanted):
            break
    return incident


def _ended(incident: IncidentId | None, wanted: Expected, until: datetime, stage: Stage) -> Drilled:
    """What came of it by its end, or by *until*."""
    seen = _read(incident, wanted, stage)
    while incident is not None and seen.outcome == "open" and stage.clock.now() < until:
        stage.clock.sleep(POLL)
        seen = _read(incident, wanted, stage)
    return seen


def _read(incident: IncidentId | None, wanted: Expected, stage: Stage) -> Drilled:
    return drills.drilled(map(decode_entry, _chain(incident, stage)), wanted)


def _chain(incident: IncidentId | None, stage: Stage) -> tuple[Entry, ...]:
    return stage.store.entries(incident) if incident else ()


def _line(seen: Drilled, wanted: Expected, stage: Stage) -> DrillLine:
    lacking = faults(seen, wanted)
    return DrillLine(
        alarm=wanted.alarm,
        mode=stage.mode,
        observed=wanted.observed,
        incident=seen.incident,
        severity=seen.severity,
        condition=seen.condition,
        target_seconds=_whole(wanted.target) or 0,
        heard_after_seconds=_whole(seen.heard_after),
        channel=wanted.channel,
        told_after_seconds=_whole(seen.told_after),
        decided_after_seconds=_whole(seen.decided_after),
        decisions=tuple(
            DrillDecision(step=it.step, rule=it.rule, why=it.why, plan=it.plan, denied=it.denied)
            for it in seen.considered
        ),
        outcome=seen.outcome,
        ended_after_seconds=_whole(seen.ended_after),
        holds=not lacking,
        why="; ".join(lacking) or "heard, understood, told and decided on in time",
    )


def _whole(passed: timedelta | None) -> int | None:
    return None if passed is None else round(passed.total_seconds())
