"""News: what a start's world tells firstline, when, and what is remembered of it for checkers."""

from datetime import datetime, timedelta
from typing import NamedTuple

from firstline.config.profile import Profile
from firstline.diagnosis.evidence import AlarmState
from firstline.lab.simulation import envelopes
from firstline.lab.simulation.envelopes import HOME
from firstline.lab.simulation.mail import Mail
from firstline.lab.simulation.starts import Start, Told
from firstline.lab.twin import tell
from firstline.lab.twin.fleet.alarms import MuteWindow
from firstline.lab.twin.scenario import BEGINS
from firstline.lab.twin.world import World
from firstline.remediation.departure import Activity
from firstline.signal import Severity
from firstline.signals.sources.envelope import parse

ALARMS = {
    "healthy-hosts": "healthy",
    "enclave-answering": "answering",
    "unhealthy-hosts": "unhealthy",
}
"""What an alarm is over that follows the fleet."""


class Heard(NamedTuple):
    """What was told to firstline, and when it was put into the queue."""

    told: Told
    body: bytes
    at: datetime


class News:
    """The start's own events, the alarms that turn by themselves, and what the group does.

    ``heard`` is all that was told; ``firing`` is when any alarm fired.
    """

    def __init__(self, start: Start, world: World, profile: Profile, mail: Mail) -> None:
        self.heard: list[Heard] = []
        self.firing: list[tuple[datetime, datetime | None]] = [(BEGINS, None)]
        self._world = world
        self._profile = profile
        self._mail = mail
        self._known: set[str] = set()
        events = sorted(start.told, key=lambda each: each.at_seconds)
        self._telling = [each for each in events if not each.lost]
        for each in events:
            self._stand_behind(each)
        world.mutes += tell.mutes(start.scenario, BEGINS, HOME)

    @property
    def next_at(self) -> datetime | None:
        """When the next of the start's own events is due."""
        return self._at(self._telling[0]) if self._telling else None

    def advance(self, to: datetime) -> None:
        """Move the world on, and tell what happens on the way."""
        for body in self._world.advance(to):
            self._hear(body, Told(0, lambda *_: b"", label="alarm"))
        self._remember(to)
        self._tell()
        self._tell_activities()

    def _stand_behind(self, told: Told) -> None:
        """From its first event on the alarm is in the state of that; before, it is OK."""
        if not told.alarm:
            return
        named, at = arn(told.alarm), self._at(told)
        if named not in self._world.alarms:
            body = envelopes.alarm(told.alarm)(self._profile, BEGINS)
            counts = ALARMS.get(told.alarm) if told.follows else None
            self._world.watch(named, body, counts, told.state, at)
        self._world.tell(named, told.state, at)

    def _tell(self) -> None:
        """What is due of the start's own events."""
        while self._telling and self._at(self._telling[0]) <= self._world.now:
            told = self._telling.pop(0)
            self._hear(told.make(self._profile, self._at(told)), told)

    def _at(self, told: Told) -> datetime:
        return BEGINS + timedelta(seconds=told.at_seconds)

    def _hear(self, body: bytes, told: Told) -> None:
        """Put it into the queue; the event of a P1's alarm may be lost on its way there."""
        now, signal = self._world.now, parse(body, HOME, self._world.now)
        severity = self._profile.severity_of(signal.arn.rpartition(":")[2])
        grave = severity is Severity.P1 and signal.state == AlarmState.ALARM
        if not self._mail.send(now, "ingest", body, may_be_lost=grave):
            return
        self.heard.append(Heard(told, body, now))
        if signal.muted_until is not None:
            self._world.mutes.append(
                MuteWindow(signal.arn, now, signal.muted_until, announced=True)
            )

    def _tell_activities(self) -> None:
        """The group tells of what it did: also of what we asked it for (I31)."""
        for activity in self._world.group.activities:
            if activity.id not in self._known and activity.description.startswith("Terminating"):
                self._known.add(activity.id)
                self._tell_activity(activity)

    def _tell_activity(self, activity: Activity) -> None:
        ended = "EC2 Instance Terminate Successful"
        launches = self._world.scenario.launches
        begun = "EC2 Instance Launch " + ("Successful" if launches else "Unsuccessful")
        later = int((self._world.now + self._world.group.boot - BEGINS).total_seconds())
        id_ = f"{activity.id}-launch"
        old = envelopes.activity(ended, activity.id)
        self._hear(old(self._profile, self._world.now), Told(0, old, about=ended))
        fresh = Told(later, envelopes.activity(begun, id_), about=begun)
        self._telling = sorted((*self._telling, fresh), key=lambda each: each.at_seconds)

    def _remember(self, at: datetime) -> None:
        """When alarms fired, for who asks later."""
        fires = any(each.state is AlarmState.ALARM for each in self._world.alarms.values())
        last = self.firing[-1]
        if fires and last[1] is not None:
            self.firing.append((at, None))
        elif not fires and last[1] is None:
            self.firing[-1] = (last[0], at)


def arn(alarm: str) -> str:
    """The ARN of the alarm with that name."""
    return f"arn:aws:cloudwatch:{HOME.region}:{HOME.account}:alarm:{alarm}"
