"""The controller on the memory door, and the means to interrupt it at any one effect."""

import copy
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from firstline.config.profile import Profile
from firstline.config.settings import Mode
from firstline.controller.ingest import ingest
from firstline.controller.join_incident import Receipt
from firstline.controller.ports.messaging import Wake
from firstline.controller.reconcile import reconcile
from firstline.controller.system import System
from firstline.diagnosis.evidence import AlarmState
from firstline.errors import CommitConflict, Contested, DependencyUnavailable
from firstline.ids import IncidentId, InstanceId
from firstline.incidents import incident as incidents
from firstline.incidents.incident import Incident, Page
from firstline.lab.twin.memory import MemoryBackend
from firstline.lab.twin.scenario import DEFAULT_HOSTS, Dependency, HostPlan, Scenario
from firstline.lab.twin.store import row_of
from firstline.lab.twin.world import World, state_change_event
from firstline.ledger.chain import Kind
from firstline.remediation.kill_switch import CHAIN
from tests.builders import ALARM_ARN, PROFILE, SETTINGS
from tests.events import body

START = datetime(2026, 3, 11, 4, 18, 43, 514000, tzinfo=UTC)
ZERO = body("healthy-hosts-zero")
FLEET = tuple(plan.id for plan in DEFAULT_HOSTS)
A, B, C = FLEET


class Crash(BaseException):
    """The worker dies here: nothing in it may catch this."""


SHORT = {
    "hosts.look": "send",
    "hosts.fix": "send",
    "scaling.fix": "change",
    "scaling.find": "find_change",
    "pager.change": "tell_change",
    "pager.note": "note",
}
"""Short names of effects in tests, if they are not the method's name."""


class Script:
    """`Effects` that do something of the test's around the next call of a port's method."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.made: list[str] = []
        self.at: dict[int, Callable[[], object]] = {}
        self.failing: set[str] = set()
        self.conflicting: Contested | None = None
        self._before: dict[str, Callable[[], object]] = {}
        self._after: dict[str, Callable[[], object]] = {}

    def before(self, name: str, do: Callable[[], object]) -> None:
        """Do this before the next call of *name*; what it raises the call raises, undone."""
        self._before[name] = do

    def after(self, name: str, do: Callable[[], object]) -> None:
        """Do this after the next call of *name*; what it raises the call raises, though done."""
        self._after[name] = do

    def effect[T](self, dependency: Dependency, name: str, act: Callable[[], T]) -> T:
        """Run *act* between what the test put around it."""
        name = SHORT.get(name, name.rpartition(".")[2])
        self.calls[name] += 1
        self.made.append(name)
        self.at.pop(len(self.made), bool)()
        self._before.pop(name, bool)()
        if name in self.failing:
            raise DependencyUnavailable(f"{dependency}.{name}: throttled")
        if name == "commit" and self.conflicting is not None:
            raise CommitConflict(self.conflicting)
        result = act()
        self._after.pop(name, bool)()
        return result


def raising(error: BaseException) -> Callable[[], object]:
    """A function that raises *error*."""

    def do() -> object:
        raise error

    return do


TIMEOUT = raising(DependencyUnavailable("timed out"))
DIES = raising(Crash())


class Rig:
    """One world with its alarm in ALARM, the controller on it, and its queue of wakes."""

    def __init__(
        self,
        *hosts: HostPlan,
        mode: Mode = "enforce",
        profile: Profile = PROFILE,
        paused: bool = False,
        scenario: Scenario | None = None,
    ) -> None:
        scenario = scenario or Scenario(name="test", hosts=hosts or DEFAULT_HOSTS, paused=paused)
        self.world = World(scenario, START, profile.fleet.group)
        self.world.watch(ALARM_ARN, ZERO, "healthy")
        self.script = Script()
        self.door = MemoryBackend(self.world, self.script)
        self.tables = self.door.store.tables
        self.waiting = self.door.wakes.waiting
        self.system = System(self.door.ports, profile, copy.replace(SETTINGS, mode=mode))

    # --- what happens ------------------------------------------------------------------------

    def hear(self, raw: bytes = ZERO) -> Receipt:
        """Deliver an event."""
        return ingest(raw, self.system)

    def turn(self) -> Wake:
        """Move on to the earliest wake, deliver it and whatever the alarms say on the way."""
        at, wake = min(self.waiting, key=lambda each: each[0])
        self.waiting.remove((at, wake))
        for raw in self.world.advance(at):
            self.hear(raw)
        reconcile(wake, self.system)
        return wake

    def until(self, holds: Callable[[Incident], object]) -> Incident:
        """Turn until *holds* of the first incident; fails after 400 turns or without a wake."""
        for _ in range(400):
            if holds(self.incident()):
                return self.incident()
            self.turn()
        raise AssertionError(self.incident())

    def at_the_end(self) -> Incident:
        """The first incident, once no page is pending and no wake is queued."""
        return self.until(lambda held: held.ended and held.next_wake_at is None)

    def at_the_end_of(self, number: int) -> datetime:
        """The incident of that number, once it has no further wake."""
        while self.incident(number).next_wake_at is not None:
            self.turn()
        ended_at = self.incident(number).ended_at
        assert ended_at is not None
        return ended_at

    # --- what is there -----------------------------------------------------------------------

    def id(self, number: int = 0) -> IncidentId:
        """The id of an incident, in the order of opening."""
        return list(self.tables.incidents)[number]

    def incident(self, number: int = 0) -> Incident:
        """An incident as it is stored."""
        id_ = self.id(number)
        return self.tables.incident(id_, self.tables.incidents[id_])

    def store(self, held: Incident, *, version: int) -> None:
        """Write an incident as another worker would."""
        stored = copy.replace(held, version=version)
        self.tables.incidents[held.id] = incidents.encode(stored)
        self.tables.rows[held.id] = row_of(stored)

    def entries_of(self, kind: Kind, number: int = 0) -> list[dict[str, Any]]:
        """The events of the entries of a kind."""
        bodies = [json.loads(each.body) for each in self.tables.entries[self.id(number)]]
        return [each["data"] for each in bodies if each["kind"] == kind]

    def asked(self) -> Page:
        """The last page of the first incident that proposes a plan."""
        pages = (each for each in self.incident().pages if ":approval-" in each.key)
        return [each for each in pages if each.action == "trigger"][-1]

    @property
    def updates(self) -> list[tuple[float, str]]:
        """Each change event of the first incident: how long after the start, and its line.

        The line is without what is the title of every page.
        """
        changes: list[Any] = [(each.at, each.body) for each in self.door.pager.alerts.changes]
        return [
            ((at - START).total_seconds(), str(body["payload"]["summary"]).partition("] ")[2])
            for at, body in changes
            if body["payload"]["custom_details"]["incident"] == self.id()
        ]

    @property
    def control(self) -> list[dict[str, Any]]:
        """The events of the kill switch's own chain."""
        return [json.loads(each.body)["data"] for each in self.tables.entries[CHAIN]]

    @property
    def posts(self) -> list[tuple[str, str]]:
        """The events that PagerDuty accepted: action and key, in order."""
        return [(each.action, each.key) for each in self.door.pager.alerts.received]

    @property
    def notified(self) -> dict[str, int]:
        """The number of notifications, by key."""
        alerts = self.door.pager.alerts
        return {key: alerts.notified(key) for key in alerts.by_key}

    @property
    def fixes(self) -> list[InstanceId]:
        """The hosts of every fix that was sent to one, in order."""
        sent = self.world.commands.values()
        return [id_ for each in sent if each.document != "look_host" for id_ in each.answers]

    @property
    def tried(self) -> list[tuple[str, str]]:
        """Every fix of the first incident that was sent, with its target, in order."""
        sent = (each for each in self.incident().attempts if each.command is not None)
        return [(each.action, each.target) for each in sent]


def later(seconds: float, state: AlarmState = AlarmState.ALARM) -> bytes:
    """A later transition of the same alarm."""
    return state_change_event(ZERO, state, START + timedelta(seconds=seconds))


def opened(*hosts: HostPlan, paused: bool = False) -> Rig:
    """A rig that received its alarm."""
    rig = Rig(*hosts, paused=paused)
    rig.hear()
    return rig


def ready() -> Rig:
    """A rig whose next turn sends the first fix."""
    rig = opened()
    rig.until(lambda held: held.look and not held.hosts)
    return rig
