"""The ports over the twin's world, in memory: what tests and simulation run the controller on.

Every method goes through `Effects.effect`, which is where a scheduler may switch workers,
inject a fault or crash one; by itself it only asks the scenario for its faults.
"""

import copy
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from firstline import incident as incidents
from firstline.errors import Conflict, Contested, Unavailable
from firstline.evidence import AlarmReading, Group, HostReport, Instance, TargetHealth, Unknown
from firstline.ids import Cause, CommandId, IncidentId, InstanceId, SignalKey, Token
from firstline.ledger import Entry
from firstline.limits import Lease, Limits, Switch
from firstline.ports import (
    Answer,
    Answered,
    Change,
    Delivery,
    Due,
    FixOrder,
    Loaded,
    LookOrder,
    NotYet,
    Pending,
    Ports,
    Refused,
    Sending,
    Sent,
    Unsettled,
    Wake,
)
from firstline.signals import Signal
from firstline.twin.alerts import Alerts
from firstline.twin.scenario import Dependency
from firstline.twin.world import Command, Unregistered, World

ROUTING_KEY = "0" * 32
WAKE_DELAY_MAX = timedelta(minutes=15)
"""SQS delays no longer; what is due later is the sweep's."""


class Effects(Protocol):
    """The one seam of every in-memory port."""

    def effect[T](self, dependency: Dependency, name: str, act: Callable[[], T]) -> T:
        """Run *act*, or raise `Unavailable`; ``name`` is the port's method."""
        ...


class ScenarioFaults:
    """`Effects` that fail as the scenario says."""

    def __init__(self, world: World) -> None:
        self._world = world

    def effect[T](self, dependency: Dependency, name: str, act: Callable[[], T]) -> T:
        """Run *act* between the scenario's faults."""
        fault = self._world.scenario.fault(dependency, self._world.elapsed)
        if fault == "timeout-after":
            act()
        if fault is not None:
            message = f"{name}: {fault}"
            raise Unavailable(message)
        return act()


class Tables(msgspec.Struct):
    """What the store holds; aggregates as the JSON text that a table would hold."""

    incidents: dict[IncidentId, str] = {}
    inboxes: dict[IncidentId, dict[SignalKey, Signal]] = {}
    processed: set[SignalKey] = set()
    causes: dict[Cause, IncidentId] = {}
    leases: dict[str, Lease] = {}
    entries: dict[IncidentId, list[Entry]] = {}
    switch: Switch = Switch(paused=False)


class MemoryStore:
    """`Store` in dictionaries; a commit checks every condition before it writes anything."""

    def __init__(self, effects: Effects) -> None:
        self.tables = Tables()
        self._effects = effects

    def load(self, incident: IncidentId) -> Loaded | None:
        """See `firstline.ports.Store`."""
        return self._effects.effect("store", "load", lambda: self._load(incident))

    def commit(self, change: Change) -> None:
        """See `firstline.ports.Store`."""
        self._effects.effect("store", "commit", lambda: self._commit(change))

    def open_incident(self, cause: Cause) -> IncidentId | None:
        """See `firstline.ports.Store`."""
        return self._effects.effect("store", "open_incident", lambda: self.tables.causes.get(cause))

    def limits(self, group: str) -> Limits:
        """See `firstline.ports.Store`."""
        tables = self.tables
        return self._effects.effect(
            "store",
            "limits",
            lambda: Limits(tables.leases.get(group, Lease(group=group)), tables.switch),
        )

    def due(self, by: datetime) -> tuple[Due, ...]:
        """See `firstline.ports.Store`."""
        return self._effects.effect("store", "due", lambda: self._due(by))

    def entries(self, incident: IncidentId) -> tuple[Entry, ...]:
        """See `firstline.ports.Store`."""
        entries = self.tables.entries
        return self._effects.effect("store", "entries", lambda: tuple(entries.get(incident, ())))

    def _load(self, id_: IncidentId) -> Loaded | None:
        text = self.tables.incidents.get(id_)
        if text is None:
            return None
        inbox = self.tables.inboxes.get(id_, {})
        return Loaded(incidents.decode(text), tuple(inbox[key] for key in sorted(inbox)))

    def _due(self, by: datetime) -> tuple[Due, ...]:
        loaded = (incidents.decode(text) for text in self.tables.incidents.values())
        due = [
            Due(each.id, each.wake_generation, each.next_wake_at)
            for each in loaded
            if each.next_wake_at is not None and each.next_wake_at <= by
        ]
        return tuple(sorted(due, key=lambda each: each.next_wake_at)[:25])

    def _commit(self, change: Change) -> None:
        contested = next(self._contested(change), None)
        if contested is not None:
            raise Conflict(contested)
        tables, incident = self.tables, change.incident
        if incident is not None:
            stored = copy.replace(incident, version=incident.version + 1)
            tables.incidents[incident.id] = incidents.encode(stored)
            inbox = tables.inboxes.setdefault(incident.id, {})
            for key in change.folded:
                inbox.pop(key, None)
            if change.opens:
                tables.causes[change.opens] = incident.id
            if change.closes:
                del tables.causes[change.closes]
        for entry in change.entries:
            tables.entries.setdefault(entry.incident, []).append(entry)
        if change.processed:
            tables.processed.add(change.processed)
        if change.joined:
            inbox = tables.inboxes.setdefault(change.joined.incident, {})
            inbox[change.joined.signal.key] = change.joined.signal
        if change.lease:
            tables.leases[change.lease.lease.group] = change.lease.lease

    def _contested(self, change: Change) -> Iterator[Contested]:
        """What does not hold, the most telling first: a redelivery explains all the others."""
        tables, incident = self.tables, change.incident
        if change.processed in tables.processed:
            yield Contested.PROCESSED
        if change.opens in tables.causes:
            yield Contested.CAUSE
        if incident is not None:
            if change.closes and tables.causes.get(change.closes) != incident.id:
                yield Contested.CAUSE
            if self._version(incident.id) != incident.version:
                yield Contested.VERSION
        if change.lease is not None:
            held = tables.leases.get(change.lease.lease.group)
            if (held.fence if held else 0) != change.lease.fence_read:
                yield Contested.LEASE
        if any(
            each.sequence <= len(tables.entries.get(each.incident, ())) for each in change.entries
        ):
            yield Contested.ENTRY

    def _version(self, id_: IncidentId) -> int:
        text = self.tables.incidents.get(id_)
        return incidents.decode(text).version if text else 0


class MemoryFleet:
    """`Fleet` over the world."""

    def __init__(self, world: World, effects: Effects) -> None:
        self._world = world
        self._effects = effects

    def group(self) -> Group:
        """See `firstline.ports.Fleet`."""
        return self._effects.effect("fleet", "group", self._group)

    def target_health(self) -> TargetHealth | Unknown:
        """See `firstline.ports.Fleet`."""
        world = self._world
        return self._effects.effect(
            "fleet", "target_health", lambda: TargetHealth(world.target_states())
        )

    def alarm(self, arn: str) -> AlarmReading | Unknown:
        """See `firstline.ports.Fleet`."""
        return self._effects.effect("fleet", "alarm", lambda: self._alarm(arn))

    def _group(self) -> Group:
        instances = tuple(Instance(id_, "InService", "Healthy") for id_ in self._world.hosts)
        return Group(desired=len(instances), instances=instances)

    def _alarm(self, arn: str) -> AlarmReading | Unknown:
        found = self._world.alarms.get(arn)
        return AlarmReading(found.state) if found else Unknown("the alarm does not exist")


class MemoryHosts:
    """`Hosts` over the world. A mutation that is not known to have failed is unsettled."""

    def __init__(self, world: World, effects: Effects) -> None:
        self._world = world
        self._effects = effects

    def look(self, order: LookOrder) -> Sending:
        """See `firstline.ports.Hosts`."""
        return self._send("look_host", order.targets, {}, order.token)

    def fix(self, order: FixOrder) -> Sending:
        """See `firstline.ports.Hosts`."""
        parameters = {
            "Unit": "enclave",
            "Token": order.token,
            "NotAfter": str(int(order.not_after.timestamp())),
        }
        return self._send(order.action, (order.target,), parameters, order.token)

    def answers(self, command: CommandId) -> dict[InstanceId, Answer]:
        """See `firstline.ports.Hosts`."""
        return self._effects.effect("hosts", "answers", lambda: self._answers(command))

    def find(self, token: Token, since: datetime) -> CommandId | None:
        """See `firstline.ports.Hosts`."""
        return self._effects.effect("hosts", "find", lambda: self._find(token, since))

    def _send(
        self, action: str, targets: tuple[InstanceId, ...], parameters: dict[str, str], token: Token
    ) -> Sending:
        send = self._world.send
        try:
            command = self._effects.effect(
                "hosts", "send", lambda: send(action, list(targets), parameters, token)
            )
        except Unregistered:
            return Refused("InvalidInstanceId")
        except Unavailable as error:
            return Unsettled(str(error))
        return Sent(command)

    def _answers(self, command: CommandId) -> dict[InstanceId, Answer]:
        look = self._world.commands[command].document == "look_host"
        return {
            id_: _answer(each.status, each.output, look=look)
            for id_, each in self._world.invocations(command).items()
        }

    def _find(self, token: Token, since: datetime) -> CommandId | None:
        def bears(each: Command) -> bool:
            return each.comment == token and each.sent_at >= since

        return next((each.id for each in self._world.commands.values() if bears(each)), None)


class MemoryPager:
    """`Pager` on PagerDuty's rules, without HTTP."""

    def __init__(self, world: World, effects: Effects) -> None:
        self.alerts = Alerts()
        self._world = world
        self._effects = effects

    def routing_key(self) -> str:
        """See `firstline.ports.Pager`."""
        return ROUTING_KEY

    def post(self, routing_key: str, body: dict[str, object]) -> Delivery:
        """See `firstline.ports.Pager`."""
        event = {"routing_key": routing_key, **body}
        now = self._world.now
        try:
            return self._effects.effect(
                "pagerduty", "post", lambda: self.alerts.receive(event, now)
            )
        except Unavailable as error:
            return NotYet(str(error))


class MemoryWakes:
    """`Wakes` as a list of (when, wake); whoever drives the world takes them out."""

    def __init__(self, world: World, effects: Effects) -> None:
        self.waiting: list[tuple[datetime, Wake]] = []
        self._world = world
        self._effects = effects

    def queue(self, wake: Wake, delay: timedelta) -> None:
        """See `firstline.ports.Wakes`."""
        if delay > WAKE_DELAY_MAX:
            return
        at = self._world.now + delay
        self._effects.effect("wakes", "queue", lambda: self.waiting.append((at, wake)))


class MemoryClock:
    """`Clock` that reads the world's time; to sleep is to move it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> datetime:
        """See `firstline.ports.Clock`."""
        return self._world.now

    def sleep(self, duration: timedelta) -> None:
        """See `firstline.ports.Clock`."""
        self._world.now += duration


class MemoryDoor:
    """All ports over one world, each also by its own class for who must look inside."""

    def __init__(self, world: World, effects: Effects | None = None) -> None:
        effects = effects or ScenarioFaults(world)
        self.store = MemoryStore(effects)
        self.store.tables.switch = Switch(paused=world.scenario.paused, why="the scenario says so")
        self.pager = MemoryPager(world, effects)
        self.wakes = MemoryWakes(world, effects)
        self.ports = Ports(
            store=self.store,
            fleet=MemoryFleet(world, effects),
            hosts=MemoryHosts(world, effects),
            pager=self.pager,
            wakes=self.wakes,
            clock=MemoryClock(world),
        )


def _answer(status: str, output: str, *, look: bool) -> Answer:
    if status == "InProgress":
        return Pending()
    report: HostReport | Unknown = Unknown(f"the command ended as {status}")
    if look and status == "Success":
        report = msgspec.json.decode(output, type=HostReport)
    return Answered(success=status == "Success", detail=status, report=report)
