"""The event feed: which events the world of a run emits, and when; kept for the invariants."""

from datetime import datetime, timedelta
from typing import NamedTuple

from firstline.config.profile import Profile
from firstline.diagnosis.evidence import AlarmState
from firstline.lab.simulation import envelopes
from firstline.lab.simulation.envelopes import HOME
from firstline.lab.simulation.initial_worlds import InitialWorld, PlannedEvent
from firstline.lab.simulation.queues import Queues
from firstline.lab.twin import alarm_events
from firstline.lab.twin.fleet.alarms import MuteWindow
from firstline.lab.twin.scenario import BEGINS
from firstline.lab.twin.world import World
from firstline.remediation.departure import Activity
from firstline.signal import Severity
from firstline.signals.sources.envelope import parse

ALARM_METRICS = {
    "healthy-hosts": "healthy",
    "enclave-answering": "answering",
    "unhealthy-hosts": "unhealthy",
}
"""The metric of the world that each alarm follows."""


class DeliveredEvent(NamedTuple):
    """An event that was enqueued, and when."""

    planned: PlannedEvent
    body: bytes
    at: datetime


class EventFeed:
    """The planned events, the alarms' own transitions, and the group's activities.

    ``delivered`` has every event; ``firing_windows`` the spans in which any alarm fired.
    """

    def __init__(
        self, initial: InitialWorld, world: World, profile: Profile, queues: Queues
    ) -> None:
        self.delivered: list[DeliveredEvent] = []
        self.firing_windows: list[tuple[datetime, datetime | None]] = [(BEGINS, None)]
        self._world = world
        self._profile = profile
        self._queues = queues
        self._known_activities: set[str] = set()
        events = sorted(initial.events, key=lambda each: each.at_seconds)
        self._pending = [each for each in events if not each.lost]
        for each in events:
            self._watch_alarm(each)
        world.mutes += alarm_events.mute_windows(initial.scenario, BEGINS, HOME)

    @property
    def next_at(self) -> datetime | None:
        """Return when the next planned event is due."""
        return self._due_at(self._pending[0]) if self._pending else None

    def advance(self, to: datetime) -> None:
        """Advance the world, and deliver what it emits on the way."""
        for body in self._world.advance(to):
            self._deliver(body, PlannedEvent(0, lambda *_: b"", label="alarm"))
        self._record_firing(to)
        self._deliver_due()
        self._deliver_activities()

    def _watch_alarm(self, planned: PlannedEvent) -> None:
        """Put the alarm into the world: OK before its first event, then in that state."""
        if not planned.alarm:
            return
        named, at = alarm_arn(planned.alarm), self._due_at(planned)
        if named not in self._world.alarms:
            body = envelopes.alarm(planned.alarm)(self._profile, BEGINS)
            counts = ALARM_METRICS.get(planned.alarm) if planned.follows_hosts else None
            self._world.watch(named, body, counts, planned.state, at)
        self._world.schedule_state(named, planned.state, at)

    def _deliver_due(self) -> None:
        """Deliver the planned events that are due."""
        while self._pending and self._due_at(self._pending[0]) <= self._world.now:
            planned = self._pending.pop(0)
            self._deliver(planned.make(self._profile, self._due_at(planned)), planned)

    def _due_at(self, planned: PlannedEvent) -> datetime:
        return BEGINS + timedelta(seconds=planned.at_seconds)

    def _deliver(self, body: bytes, planned: PlannedEvent) -> None:
        """Enqueue an event; that of a P1's alarm may be lost on the way."""
        now, signal = self._world.now, parse(body, HOME, self._world.now)
        severity = self._profile.severity_of(signal.arn.rpartition(":")[2])
        critical = severity is Severity.P1 and signal.state == AlarmState.ALARM
        if not self._queues.send(now, "ingest", body, may_be_lost=critical):
            return
        self.delivered.append(DeliveredEvent(planned, body, now))
        if signal.muted_until is not None:
            self._world.mutes.append(
                MuteWindow(signal.arn, now, signal.muted_until, announced=True)
            )

    def _deliver_activities(self) -> None:
        """Deliver the group's activities, also those that firstline caused (I31)."""
        for activity in self._world.group.activities:
            if activity.id not in self._known_activities and activity.description.startswith(
                "Terminating"
            ):
                self._known_activities.add(activity.id)
                self._deliver_activity(activity)

    def _deliver_activity(self, activity: Activity) -> None:
        ended = "EC2 Instance Terminate Successful"
        launches = self._world.scenario.launches
        begun = "EC2 Instance Launch " + ("Successful" if launches else "Unsuccessful")
        later = int((self._world.now + self._world.group.boot - BEGINS).total_seconds())
        id_ = f"{activity.id}-launch"
        old = envelopes.group_activity(ended, activity.id)
        self._deliver(old(self._profile, self._world.now), PlannedEvent(0, old, subject=ended))
        fresh = PlannedEvent(later, envelopes.group_activity(begun, id_), subject=begun)
        self._pending = sorted((*self._pending, fresh), key=lambda each: each.at_seconds)

    def _record_firing(self, at: datetime) -> None:
        """Record the begin and end of each span in which an alarm fires."""
        fires = any(each.state is AlarmState.ALARM for each in self._world.alarms.values())
        last = self.firing_windows[-1]
        if fires and last[1] is not None:
            self.firing_windows.append((at, None))
        elif not fires and last[1] is None:
            self.firing_windows[-1] = (last[0], at)


def alarm_arn(alarm: str) -> str:
    """Return the ARN of the alarm with that name."""
    return f"arn:aws:cloudwatch:{HOME.region}:{HOME.account}:alarm:{alarm}"
