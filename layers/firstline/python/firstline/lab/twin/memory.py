"""The in-memory backend: the ports over the twin's world, for tests and simulation.

Every method goes through `Effects.effect`, where a scheduler may switch workers, inject a fault or
crash one; by default it applies the scenario's faults.
"""

from datetime import datetime, timedelta

import msgspec

from firstline.adapters.aws import alarm_types
from firstline.adapters.aws.sns_notifier import SnsNotifier, Topic
from firstline.adapters.pagerduty.notifier import Api, PagerDutyNotifier
from firstline.config.channels import Routes
from firstline.controller.ports import Ports
from firstline.controller.ports.messaging import Notifier, Wake
from firstline.diagnosis.evidence import (
    AlarmReading,
    Alarms,
    AlarmState,
    Answering,
    Connections,
    DeletedAlarm,
    FiringAlarm,
    Group,
    HostReport,
    Instance,
    InstanceStatus,
    InstanceStatuses,
    TargetHealth,
    Unknown,
)
from firstline.diagnosis.probe_outcome import ProbeOutcome
from firstline.errors import DependencyUnavailable
from firstline.ids import CommandId, InstanceId, Token
from firstline.lab.twin import unreadable_incidents
from firstline.lab.twin.clock import WorldClock
from firstline.lab.twin.effects import Effects, ScenarioFaults
from firstline.lab.twin.fleet.hosts import Invocation
from firstline.lab.twin.fleet.investigation import MemoryInvestigation
from firstline.lab.twin.fleet.scaling import MemoryScaling
from firstline.lab.twin.pager.alerts import Alerts
from firstline.lab.twin.preflight import MemoryPreflight
from firstline.lab.twin.store import MemoryStore
from firstline.lab.twin.world import Command, Mutation, UnregisteredInstance, World
from firstline.notifications.delivery import Accepted, Delivery, NotYet
from firstline.remediation.execution import (
    COMMAND_SEARCH_MARGIN,
    Answer,
    Answered,
    FixOrder,
    LookOrder,
    Pending,
    Refused,
    Sending,
    Sent,
    Unsettled,
)

CHECKS = ("system", "instance", "attached EBS")
ROUTING_KEY = "0" * 32
WAKE_DELAY_MAX = timedelta(minutes=15)
"""SQS's longest delay; the sweep wakes what is due later."""


class MemoryFleet:
    """`Fleet` over the world."""

    def __init__(self, world: World, effects: Effects) -> None:
        self._world = world
        self._effects = effects

    def group(self) -> Group:
        """See `firstline.controller.ports.readers.Fleet`."""
        return self._effects.effect("fleet", "fleet.group", self._group)

    def target_health(self) -> TargetHealth | Unknown:
        """See `firstline.controller.ports.readers.Fleet`."""
        world = self._world
        return self._effects.effect(
            "fleet",
            "fleet.target_health",
            lambda: TargetHealth(world.target_states(), world.target_reasons()),
        )

    def alarms(self, arns: tuple[str, ...]) -> Alarms:
        """See `firstline.controller.ports.readers.Fleet`."""
        return self._effects.effect(
            "fleet", "fleet.alarms", lambda: {arn: self._alarm(arn) for arn in arns}
        )

    def firing(self, arns: tuple[str, ...]) -> tuple[FiringAlarm, ...]:
        """See `firstline.controller.ports.readers.Fleet`."""
        return self._effects.effect("fleet", "fleet.firing", lambda: self._firing(arns))

    def muted(self, arn: str) -> bool:
        """See `firstline.controller.ports.readers.Fleet`."""
        return self._effects.effect("fleet", "fleet.muted", lambda: self._world.muted(arn))

    def _firing(self, arns: tuple[str, ...]) -> tuple[FiringAlarm, ...]:
        described = (self._world.described(each) for each in arns if each in self._world.alarms)
        firing = [each for each in described if each["StateValue"] == AlarmState.ALARM]
        return tuple(map(alarm_types.firing_alarm, firing))

    def _group(self) -> Group:
        group = self._world.group
        instances = tuple(
            Instance(
                each.plan.id,
                lifecycle,
                self._world.group_health(each),
                protected=each.plan.protected,
            )
            for each, lifecycle in group.listed(self._world.now)
        )
        return Group(
            desired=group.desired,
            instances=instances,
            most=2 * len(group.scenario.hosts),
            suspended=group.scenario.suspended,
        )

    def answering(self) -> Answering | Unknown:
        """See `firstline.controller.ports.readers.Fleet`."""
        return self._effects.effect("fleet", "fleet.answering", self._answering)

    def _answering(self) -> Answering:
        at, outcome = self._world.probed()
        return Answering(answers=outcome is ProbeOutcome.ANSWERED, at=at, outcome=outcome)

    def statuses(self, hosts: tuple[InstanceId, ...]) -> InstanceStatuses:
        """See `firstline.controller.ports.readers.Fleet`."""
        return self._effects.effect("fleet", "fleet.statuses", lambda: self._statuses(hosts))

    def _statuses(self, hosts: tuple[InstanceId, ...]) -> InstanceStatuses:
        found = self._world.statuses(hosts).items()
        running = {id_: InstanceStatus("running", dict.fromkeys(CHECKS, it)) for id_, it in found}
        return InstanceStatuses(running)

    def _alarm(self, arn: str) -> AlarmReading | DeletedAlarm:
        found = self._world.alarms.get(arn)
        if found is None:
            return DeletedAlarm()
        why = alarm_types.suppression_reason(self._world.alarm_actions(arn))
        return AlarmReading(found.state_at(self._world.now), why)


class MemoryHosts:
    """`Hosts` over the world; a mutation that may have succeeded is unsettled."""

    def __init__(self, world: World, effects: Effects) -> None:
        self._world = world
        self._effects = effects

    def look(self, order: LookOrder) -> Sending:
        """See `firstline.controller.ports.executors.Hosts`."""
        return self._send("hosts.look", order)

    def fix(self, order: FixOrder) -> Sending:
        """See `firstline.controller.ports.executors.Hosts`."""
        return self._send("hosts.fix", order)

    def connections(self, hosts: tuple[InstanceId, ...]) -> Connections:
        """See `firstline.controller.ports.executors.Hosts`."""
        return self._effects.effect("hosts", "hosts.connections", lambda: self._connections(hosts))

    def _connections(self, hosts: tuple[InstanceId, ...]) -> Connections:
        connections = ((each, self._world.connection(each)) for each in hosts)
        return Connections({id_: state for id_, state in connections if state is not None})

    def answers(self, command: CommandId) -> dict[InstanceId, Answer]:
        """See `firstline.controller.ports.executors.Hosts`."""
        return self._effects.effect("hosts", "hosts.answers", lambda: self._answers(command))

    def find(self, order: FixOrder, since: datetime) -> CommandId | None:
        """See `firstline.controller.ports.executors.Hosts`."""
        return self._effects.effect("hosts", "hosts.find", lambda: self._find(order.token, since))

    def _send(self, method: str, order: LookOrder | FixOrder) -> Sending:
        try:
            command = self._effects.effect("hosts", method, lambda: self._run(order))
        except UnregisteredInstance:
            return Refused("InvalidInstanceId")
        except DependencyUnavailable as error:
            return Unsettled(str(error))
        return Sent(command)

    def _run(self, order: LookOrder | FixOrder) -> CommandId:
        if isinstance(order, LookOrder):
            return self._world.send("look_host", list(order.targets), {}, order.token)
        parameters = {
            "Unit": order.action.removeprefix("restart_"),
            "Token": order.token,
            "NotAfter": str(int(order.not_after.timestamp())),
        }
        target = InstanceId(order.target)
        command = self._world.send(order.action, [target], parameters, order.token)
        _, answer = self._world.commands[command].answers[target]
        reached = () if answer.status == "Undeliverable" else (target,)
        now = self._world.now
        done = Mutation(now, order.token, order.action, reached, parameters)
        self._world.mutations.append(done)
        return command

    def _answers(self, command: CommandId) -> dict[InstanceId, Answer]:
        look = self._world.commands[command].document == "look_host"
        return {
            id_: _answer(each, look=look) for id_, each in self._world.invocations(command).items()
        }

    def _find(self, token: Token, since: datetime) -> CommandId | None:
        def bears(each: Command) -> bool:
            return (
                each.comment == token
                and since - COMMAND_SEARCH_MARGIN <= each.sent_at <= self._world.now
            )

        return next((each.id for each in self._world.commands.values() if bears(each)), None)


class MemoryPager:
    """`firstline.adapters.pagerduty.notifier.Api` on PagerDuty's rules, without HTTP."""

    def __init__(self, world: World, effects: Effects) -> None:
        self.alerts = Alerts()
        self._world = world
        self._effects = effects

    def routing_key(self) -> str:
        """See `firstline.adapters.pagerduty.notifier.Api`."""
        return self._effects.effect("secrets", "pager.routing_key", lambda: ROUTING_KEY)

    def change(self, routing_key: str, body: dict[str, object]) -> Delivery:
        """See `firstline.adapters.pagerduty.notifier.Api`."""
        event = {"routing_key": routing_key, **body}
        now = self._world.now
        try:
            return self._effects.effect(
                "pagerduty", "pager.change", lambda: self.alerts.change(event, now)
            )
        except DependencyUnavailable as error:
            return NotYet(str(error))

    def note(self, alert: str, content: str) -> Delivery:
        """See `firstline.adapters.pagerduty.notifier.Api`."""
        now = self._world.now

        def act() -> Delivery:
            found = self.alerts.by_key.get(alert)
            if found is None:
                return NotYet("PagerDuty has no incident of that key")
            self.alerts.note(found.id, content, now)
            return Accepted()

        try:
            return self._effects.effect("pagerduty", "pager.note", act)
        except DependencyUnavailable as error:
            return NotYet(str(error))

    def post(self, routing_key: str, body: dict[str, object]) -> Delivery:
        """See `firstline.adapters.pagerduty.notifier.Api`."""
        event = {"routing_key": routing_key, **body}
        now = self._world.now
        try:
            return self._effects.effect(
                "pagerduty", "pager.post", lambda: self.alerts.receive(event, now)
            )
        except DependencyUnavailable as error:
            return NotYet(str(error))


class MemoryTopic:
    """`firstline.adapters.aws.sns_notifier.Topic` as a list of notices."""

    def __init__(self, world: World, effects: Effects) -> None:
        self._world = world
        self._effects = effects

    def publish(self, subject: str, message: str) -> Delivery:
        """See `firstline.adapters.aws.sns_notifier.Topic`."""
        notice = (self._world.now, subject, message)
        try:
            self._effects.effect("team", "team.publish", lambda: self._world.notices.append(notice))
        except DependencyUnavailable as error:
            return NotYet(str(error))
        return Accepted()


class MemoryWakes:
    """`Wakes` as a list of (when, wake); the world's driver takes them out."""

    def __init__(self, world: World, effects: Effects) -> None:
        self.waiting: list[tuple[datetime, Wake]] = []
        self._world = world
        self._effects = effects

    def queue(self, wake: Wake, delay: timedelta) -> None:
        """See `firstline.controller.ports.messaging.Wakes`."""
        if delay > WAKE_DELAY_MAX:
            return
        at = self._world.now + delay
        self._effects.effect("wakes", "wakes.queue", lambda: self.waiting.append((at, wake)))


class MemoryBackend:
    """All ports over one world, some also by their own class for inspection."""

    def __init__(
        self, world: World, effects: Effects | None = None, routes: Routes | None = None
    ) -> None:
        effects = effects or ScenarioFaults(world)
        self.store = MemoryStore(effects, unreadable_incidents.stored_text(world))
        self.store.tables.switch = world.scenario.switch(world.start)
        self.pager = MemoryPager(world, effects)
        self.wakes = MemoryWakes(world, effects)
        self.ports = Ports(
            store=self.store,
            fleet=MemoryFleet(world, effects),
            hosts=MemoryHosts(world, effects),
            scaling=MemoryScaling(world, effects),
            preflight=MemoryPreflight(world, effects),
            investigation=MemoryInvestigation(world, effects),
            notifiers=_notifiers(self.pager, MemoryTopic(world, effects), routes),
            wakes=self.wakes,
            clock=WorldClock(world),
        )


def _notifiers(api: Api, topic: Topic, routes: Routes | None) -> dict[str, Notifier]:
    """The shipped notifiers in memory; any other of *routes* publishes to the topic."""
    others = dict.fromkeys((routes or Routes()).notifiers, SnsNotifier(topic))
    return {**others, "pagerduty": PagerDutyNotifier(api)}


def _answer(invocation: Invocation, *, look: bool) -> Answer:
    status = invocation.status
    if status == "InProgress":
        return Pending()
    report: HostReport | Unknown = Unknown(f"the command ended as {status}")
    if look and status == "Success":
        report = msgspec.json.decode(invocation.output, type=HostReport)
    refused = not look and invocation.refused
    return Answered(success=status == "Success", detail=status, report=report, refused=refused)
