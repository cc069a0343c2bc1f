"""Replay: one scenario through the whole system, from the queue's message to the last page.

Handlers and adapters are the deployed ones; AWS is the twin's, PagerDuty a server on loopback,
and time virtual: delays, visibility and the sweep's minute pass as fast as the work in them.
"""

import contextlib
import copy
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec

import firstline
from firstline import version as code
from firstline.adapters import wiring
from firstline.adapters.pagerduty.http_line import Patience
from firstline.config import fleet_file as profiles
from firstline.config.settings import Home
from firstline.controller.operators.commands import CommandResult
from firstline.controller.overdue import OverdueIncidents
from firstline.controller.system import System
from firstline.diagnosis.evidence import AlarmState
from firstline.errors import DependencyUnavailable, InvalidInput, InvariantViolation
from firstline.event_sources import ALARM, LAUNCH_UNSUCCESSFUL
from firstline.ids import IncidentId, incident_id
from firstline.lab.http_fault import HttpFault
from firstline.lab.twin import alarm_events, undeployed, unreadable_incidents, unreadable_items
from firstline.lab.twin import operator_requests as person
from firstline.lab.twin import scenario as scenarios
from firstline.lab.twin.aws import TwinAws
from firstline.lab.twin.clock import WorldClock
from firstline.lab.twin.event_source_mapping import VISIBILITY, Deliveries, EventSource
from firstline.lab.twin.fleet.alarms import MuteWindow
from firstline.lab.twin.function_runs import RunRecorder
from firstline.lab.twin.pager.alerts import Received
from firstline.lab.twin.pager.pagerduty import Fault, PagerDutyServer
from firstline.lab.twin.replay_result import (
    ALARM_METRICS,
    IncidentLedger,
    ReplayedEvent,
    ReplayResult,
)
from firstline.lab.twin.scenario import OperatorCommandPlan, Scenario
from firstline.lab.twin.world import World
from firstline.monitoring import alarms as detection
from firstline.remediation import kill_switch as pauses
from firstline.signal import Signal, SignalKind
from firstline.signals.classify import with_profile_name
from firstline.signals.drill_marker import state_reason
from firstline.signals.sources.envelope import parse
from firstline.signals.sources.transports import unwrap_envelope
from functions import ingest, operator, reconcile, sweep

MINUTE = timedelta(minutes=1)
LONGEST = timedelta(days=5)
"""No incident is open for so long, nor waits for a business day; a longer replay has found a
bug."""
PACKAGE = Path(firstline.__file__).parent
PAGER_PATIENCE = timedelta(seconds=3)
"""The wait for a hung PagerDuty, in virtual time."""
PATIENCE = Patience(connect=60, read=60, deadline=60)
"""In real time: the server on loopback answers or closes at once, however busy the machine is."""
PAGER_FAULTS: dict[str, Fault] = {"error": "error", "hang": "hang", "timeout-after": "lose-answer"}


type HttpFaultPlan = Callable[[str, str, timedelta], HttpFault | None]
"""The HTTP fault of a function's call of that name, so long after the start."""


def no_http_faults(_function: str, _call: str, _after: timedelta) -> None:
    """Inject no HTTP fault."""


def replay(  # noqa: PLR0913 - who replays says all of it
    scenario: Scenario,
    events: tuple[ReplayedEvent, ...],
    profile_path: Path,
    home: Home,
    progress: Callable[[datetime], None],
    *,
    spoils: HttpFaultPlan = no_http_faults,
) -> ReplayResult:
    """Run *scenario* to its end; *progress* receives the virtual time occasionally.

    Raises `InvalidInput` for a profile that cannot be loaded.
    """
    policy = scenarios.ruled(profiles.read(profile_path), scenario)
    profile = profiles.parse(policy, str(profile_path))
    world = World(scenario, _start(scenario, events, home), profile.fleet.group)
    for event in events:
        _watch_alarm(event, world, home)
    world.mutes += alarm_events.mute_windows(scenario, world.start, home)
    world.made = detection.deployable_alarms(profile)
    clock = WorldClock(world)
    pagerduty = PagerDutyServer(lambda: world.now, lambda: _pager_fault(world, clock))
    tally = RunRecorder()
    with TwinAws(world, clock.sleep, home) as aws, pagerduty:
        with aws.without_faults():
            client = aws.session.client("dynamodb")
            unreadable_items.spoil_items(client, world, profile.fleet.name)
        tally.listen(aws.session)
        aws.wire.spoils = lambda call: spoils(tally.function, call, world.elapsed)
        settings = aws.settings(policy, scenario.mode, pagerduty.url)
        settings = copy.replace(settings, code=code.digest(PACKAGE))
        system = wiring.system(settings, aws.session, clock, PATIENCE)
        run = Run(world, aws, system, tally)
        run.run_to_end(events, progress)
        with aws.without_faults():
            ledgers = run.ledgers(home, pagerduty.alerts.received)
            control = run.system.ports.store.entries(pauses.CHAIN)
    return ReplayResult(
        start=world.start,
        end=run.last_at,
        ledgers=ledgers,
        pages=tuple(pagerduty.alerts.received),
        updates=tuple(pagerduty.alerts.changes),
        dead=len(run.deliveries.dead),
        refused=tuple(run.refused),
        control=control,
        changes=tuple(aws.wire.changes),
        policy=policy.decode(),
        ran=tuple(tally.ran),
    )


class Run:
    """The system at work in its world, until nothing is left to do."""

    def __init__(self, world: World, aws: TwinAws, system: System, tally: RunRecorder) -> None:
        self.deliveries = Deliveries()
        self.last_at = world.start
        self._world = world
        self._aws = aws
        self._tally = tally
        self.system = system
        self.refused: list[str] = []
        self._commands = sorted(world.scenario.operator_commands, key=lambda each: each.at_seconds)
        self._delivered: list[bytes] = []
        self._versions = unreadable_items.UnreadableItems(aws.session.client("dynamodb"), world)
        self._spoilt = unreadable_incidents.spoilt_ids(world)
        self._next_sweep = world.start + MINUTE
        self._signals = self._source("signals", tally.of("ingest", ingest.handler))
        self._wakes = self._source("wakes", tally.of("reconcile", reconcile.handler))

    def run_to_end(
        self, events: tuple[ReplayedEvent, ...], progress: Callable[[datetime], None]
    ) -> None:
        """Deliver *events* and everything that follows."""
        for event in events:
            if not event.lost:
                self._deliver(event.body, self._world.start + event.after)
        while self._busy():
            ahead = (self.deliveries.next_at, self._versions.next_at)
            at = min(self._next_sweep, self._command_at, *(each for each in ahead if each))
            for body in self._world.advance(at):
                self._deliver(body, at)
            progress(self._world.now)
            with self._aws.without_faults():
                self._versions.follow()
            if self._world.now >= self._command_at:
                self._execute(self._commands.pop(0))
            while self.deliveries.deliver(self._world.now):
                self._take_wakes()
            if self._world.now >= self._next_sweep:
                self._sweep()

    def ledgers(self, home: Home, pages: Sequence[Received]) -> tuple[IncidentLedger, ...]:
        """Return every ledger of the run, in the order of its signals.

        Those that no event began come last; what a sweep opens is paged.
        """
        store, start = self.system.ports.store, self._world.start
        signalled = (incident_id(parse(body, home, start).key) for body in self._delivered)
        paged = (IncidentId(each.key.partition(":")[0]) for each in pages)
        ids = dict.fromkeys(each for each in (*signalled, *paged) if each not in self._spoilt)
        found = ((id_, store.load(id_), store.entries(id_)) for id_ in ids)
        return tuple(
            IncidentLedger(id_, loaded.incident if loaded else None, entries)
            for id_, loaded, entries in found
            if entries
        )

    def _source(self, name: str, handler: Callable[..., Any]) -> EventSource:
        return EventSource(
            name,
            lambda event: dict(handler(event, None, self.system)),
            VISIBILITY[name],
        )

    def _deliver(self, body: bytes, at: datetime) -> None:
        self._delivered.append(body)
        signal = parse(body, self.system.settings.home, at)
        if (signal.kind, signal.state) == (SignalKind.ALARM_CONFIGURATION, "delete"):
            self._world.delete_alarm(signal.arn, at)
        if signal.kind is SignalKind.ALARM_CONFIGURATION and alarm_events.disables_actions(body):
            self._disable_actions(signal, at)
        if signal.source == ALARM and signal.state in set(AlarmState):
            self._world.schedule_state(signal.arn, AlarmState(signal.state), at)
        if signal.subject == LAUNCH_UNSUCCESSFUL:
            self._world.group.fail_launch(at)
        if signal.muted_until is not None:
            self._world.mutes.append(MuteWindow(signal.arn, at, signal.muted_until, announced=True))
        self.deliveries.send(self._signals, body.decode(errors="replace"), at)

    def _disable_actions(self, signal: Signal, at: datetime) -> None:
        """Disable the actions of an alarm, named by its ARN or by the profile's name."""
        settings = self.system.settings
        known = with_profile_name(signal, self.system.profile, settings.alarms).subject
        for arn in {signal.arn, undeployed.alarm_arn(known, settings.home)}:
            self._world.disable_actions(arn, at)

    @property
    def _command_at(self) -> datetime:
        """Return when an operator acts next."""
        ahead = (self._world.start + timedelta(seconds=each.at_seconds) for each in self._commands)
        return next(ahead, self._world.start + LONGEST)

    def _execute(self, plan: OperatorCommandPlan) -> None:
        """Execute an operator's command; a rejection is part of the result."""
        try:
            with self._aws.without_faults():
                event = person.function_url_event(plan, self.system)
            answer = self._tally.of("operator", operator.handler)(event, None, self.system)
        except InvalidInput as error:
            answer = {"statusCode": 400, "body": str(error)}
        if answer["statusCode"] != HTTPStatus.OK:
            self.refused.append(f"{plan.command} at {plan.at_seconds} s: {answer['body']}")
        elif plan.command == "drill":
            self._start_drill(
                plan.scope, msgspec.json.decode(str(answer["body"]), type=CommandResult).marker
            )
        self._take_wakes()

    def _start_drill(self, alarm: str, word: str | None) -> None:
        """Turn *alarm* on purpose, with the marker of its announced drill."""
        now, state, marker = self._world.now, AlarmState.ALARM, state_reason(word or "")
        home = self.system.settings.home
        self._deliver(
            alarm_events.alarm_event(alarm, state, now, self.system.profile, home, marker), now
        )

    def _take_wakes(self) -> None:
        self.last_at = self._world.now
        for taken in self._aws.take(self.system.settings.wakes_queue_url):
            self.deliveries.send(self._wakes, taken.body, taken.due_at)

    def _sweep(self) -> None:
        """Run the scheduled sweep; a failure is an error of its function only."""
        self._next_sweep += MINUTE
        with contextlib.suppress(DependencyUnavailable):
            self._tally.of("sweep", sweep.handler)({}, None, self.system)
        self._take_wakes()

    def _busy(self) -> bool:
        """True if a message is in flight, or an incident waits for the sweep."""
        if self._world.elapsed > LONGEST:
            message = f"the replay did not end within {LONGEST}"
            raise InvariantViolation(message)
        if self.deliveries.next_at is not None:
            return True
        with self._aws.without_faults():
            store = self.system.ports.store
            known = OverdueIncidents(store, self._world.now + LONGEST)
            due = [each for each in known if each.incident not in self._spoilt]
            lasts = self._world.elapsed.total_seconds() < self._world.scenario.lasts_seconds
            if due and not lasts and not self._commands and not store.switch().pauses:
                self._skip_to(due[0].next_wake_at)
        return bool(due) or lasts

    def _skip_to(self, at: datetime) -> None:
        """Skip the sweeps that would find nothing: days may pass before a digest."""
        self._next_sweep += max(at - self._next_sweep, timedelta(0)) // MINUTE * MINUTE


def _start(scenario: Scenario, events: tuple[ReplayedEvent, ...], home: Home) -> datetime:
    """Return the first signal's own instant: an event is replayed as if it just happened."""
    first = next((each for each in events if not each.lost), None)
    return parse(first.body, home, undeployed.UNDATED).at if first else scenario.begins


def _watch_alarm(event: ReplayedEvent, world: World, home: Home) -> None:
    """Add the alarm of *event* to the world; it turns when that is delivered."""
    signal = parse(event.body, home, world.start)
    if signal.source == ALARM and signal.arn not in world.alarms:
        counts = (
            None if event.counts == "nothing" else event.counts or ALARM_METRICS.get(signal.metric)
        )
        later = event.after > timedelta(0) and not event.lost
        since = world.start + event.after if later else signal.at
        world.watch(
            signal.arn, unwrap_envelope(event.body), counts, AlarmState(signal.state), since
        )


def _pager_fault(world: World, clock: WorldClock) -> Fault | None:
    """Return PagerDuty's fault now; a hang costs the pager's patience."""
    fault = world.scenario.fault("pagerduty", world.elapsed)
    if fault == "hang":
        clock.sleep(PAGER_PATIENCE)
    return PAGER_FAULTS[fault] if fault else None
