"""The twin's world: one fleet with its hosts, commands and alarms, in virtual time.

It answers every call about them through two doors: ``memory.py`` (the ports) and ``aws.py``
(boto3). Nothing in it sleeps or draws lots: what it says follows from the scenario, from what
was done to it, and from `World.now`, which its driver moves. A load balancer believes a change
after two checks 10 s apart.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from firstline.diagnosis.evidence import AlarmState, NatsState
from firstline.diagnosis.failure_domains import CONNECTION_DOMAINS, NATS_DOMAINS, Domain
from firstline.diagnosis.probe_outcome import ProbeOutcome, is_answering
from firstline.ids import CommandId, InstanceId, digest
from firstline.lab.twin.fleet.alarms import CROSSED, Alarm, MuteWindow
from firstline.lab.twin.fleet.group import AutoScaling
from firstline.lab.twin.fleet.hosts import TYPICAL, Host, Invocation, Timings
from firstline.lab.twin.scenario import BreakPlan, Scenario

if TYPE_CHECKING:
    from firstline.config.profile import MadeAlarm

MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)
"""When the alarms were made."""
PAGE_NEEDS = NATS_DOMAINS | {Domain.LOAD_BALANCER}
"""What the health page needs that the load balancer asks, beside its host."""
NATS_STATES: dict[str, NatsState] = {"up": "answering", "hung": "hung", "refusing": "refusing"}
"""What a host finds where the server is so."""
NATS_FAILS = {"hung": ProbeOutcome.SERVER_SILENT, "refusing": ProbeOutcome.SERVER_FULL}
"""What the probe finds."""


@dataclass(frozen=True)
class Command:
    """A command as SSM keeps it. ``answers`` holds each host's answer and when it is there."""

    id: CommandId
    document: str
    comment: str
    sent_at: datetime
    answers: dict[InstanceId, tuple[datetime, Invocation]]

    @property
    def refused(self) -> bool:
        """Whether each of its hosts refused it, and did nothing."""
        return all(answer.refused for _, answer in self.answers.values())


@dataclass(frozen=True)
class Mutation:
    """What was done to the fleet, and to which of its hosts; ``token`` names the intent."""

    at: datetime
    token: str
    action: str
    hosts: tuple[InstanceId, ...]
    parameters: dict[str, str]


class Unregistered(Exception):
    """SSM does not know one of the targets (``InvalidInstanceId``), and refuses them all."""


class World:
    """The fleet of one scenario. Its driver moves `now` by `advance`, never backwards."""

    def __init__(
        self, scenario: Scenario, start: datetime, group: str, timings: Timings = TYPICAL
    ) -> None:
        self.scenario = scenario
        self.timings = timings
        self.start = start
        self.now = start
        self.group_name = group
        self.group = AutoScaling(scenario, start, lambda: self.now, timings)
        self.commands: dict[CommandId, Command] = {}
        self.mutations: list[Mutation] = []
        self.alarms: dict[str, Alarm] = {}
        self.made: tuple[MadeAlarm, ...] = ()  # whose metrics CloudWatch is asked for
        self.notices: list[tuple[datetime, str, str]] = []
        self.breaks: list[BreakPlan] = list(scenario.breaks)
        self._disabled: list[tuple[datetime, str]] = []
        self.mutes: list[MuteWindow] = []
        self._deletions: list[tuple[datetime, str]] = []
        self._told: list[tuple[datetime, str, AlarmState]] = []

    # --- time --------------------------------------------------------------------------------

    def advance(self, to: datetime) -> list[bytes]:
        """Move to *to*; returns the envelopes of the alarms that changed state on the way."""
        self.group.advance(to)
        envelopes = [event for alarm in self.alarms.values() for event in self._evaluate(alarm, to)]
        self.now = max(self.now, to)
        for at, arn, state in self._told:
            if at <= self.now and arn in self.alarms and self.alarms[arn].counts is None:
                self.alarms[arn].turn(state, at)
        for at, arn in self._deletions:
            if at <= self.now:
                self.alarms.pop(arn, None)
        return envelopes

    @property
    def hosts(self) -> dict[InstanceId, Host]:
        """Every host that ever was in the group."""
        return self.group.hosts

    @property
    def elapsed(self) -> timedelta:
        """Virtual time since the start."""
        return self.now - self.start

    # --- the load balancer and the alarms ----------------------------------------------------

    def broken(self, at: datetime) -> frozenset[Domain]:
        """The failure domains that are broken at *at*: hosts are well behind them."""
        seconds = (at - self.start).total_seconds()
        return frozenset(
            each.domain for each in self.breaks if each.from_seconds <= seconds < each.until_seconds
        )

    def target_states(self) -> dict[InstanceId, str]:
        """What the load balancer says now."""
        return {
            host.plan.id: "healthy" if self._believed(host, self.now) else "unhealthy"
            for host in self.group.in_service(self.now)
        }

    def target_reasons(self) -> dict[InstanceId, str]:
        """Why it says so; of a healthy target it says nothing."""
        states = self.target_states().items()
        return {id_: "Target.Timeout" for id_, state in states if state != "healthy"}

    def probed(self) -> tuple[datetime, ProbeOutcome]:
        """The probe's last end-to-end request: the minute that it asked in, and its outcome."""
        minute = self.timings.minute
        at = self.start + (self.now - self.start) // minute * minute
        return at, self._outcome(at)

    def _outcome(self, at: datetime) -> ProbeOutcome:
        broken = self.broken(at)
        if self.scenario.nats_server != "up":
            return NATS_FAILS[self.scenario.nats_server]
        if broken & {Domain.NATS, Domain.PATH}:
            return ProbeOutcome.TIMEOUT
        if Domain.EGRESS in broken:
            return ProbeOutcome.NO_RESPONDERS
        there = self.group.in_service(at)
        if any(host.serves(at) for host in there):
            return ProbeOutcome.ANSWERED
        subscribed = any(host.nats_connected(at) for host in there)
        return ProbeOutcome.TIMEOUT if subscribed else ProbeOutcome.NO_RESPONDERS

    def statuses(self, hosts: tuple[InstanceId, ...]) -> dict[InstanceId, str]:
        """What EC2's status checks say of each of *hosts* that it knows."""
        broken = Domain.EC2 in self.broken(self.now)
        known = (self.hosts[each] for each in hosts if each in self.hosts)
        return {each.plan.id: "impaired" if broken else each.status(self.now) for each in known}

    def group_health(self, host: Host) -> str:
        """What the group says of it: EC2's status checks, and the load balancer's where it asks."""
        asked = self.scenario.health_check_type == "ELB"
        unhealthy = asked and host.in_service(self.now) and not self._believed(host, self.now)
        return "Unhealthy" if unhealthy or host.status(self.now) == "impaired" else "Healthy"

    def watch(
        self,
        arn: str,
        envelope: bytes,
        counts: str | None,
        state: AlarmState = AlarmState.ALARM,
        since: datetime | None = None,
    ) -> None:
        """Put an alarm behind the envelope that announced it.

        It is in that state from the start on, or *since* another time; before a later one it is OK.
        """
        began = since or self.start
        self.alarms[arn] = Alarm(
            arn=arn,
            envelope=envelope,
            counts=counts,
            state=state,
            began=min(began, self.start),
            evaluated_at=self.start,
            turned=[(began, AlarmState.OK)] if began > self.start else [],
        )

    def tell(self, arn: str, state: AlarmState, at: datetime) -> None:
        """An event tells, at that time, of an alarm that follows nothing in this world."""
        self._told.append((at, arn, state))

    def muted(self, arn: str) -> bool:
        """Whether a mute window of the alarm lasts."""
        return any(each.arn == arn and each.starts <= self.now < each.ends for each in self.mutes)

    def described(self, arn: str) -> dict[str, object]:
        """What DescribeAlarms shows of the alarm now."""
        return self.alarms[arn].described(self.now) | self.alarm_actions(arn)

    def disable_actions(self, arn: str, at: datetime) -> None:
        """Somebody disables the alarm's actions at that time."""
        self._disabled.append((at, arn))

    def alarm_actions(self, arn: str) -> dict[str, object]:
        """What DescribeAlarms shows of its actions, and when that was changed last."""
        changes = [at for at, each in self._disabled if each == arn and at <= self.now]
        by_all = self.scenario.actions_disabled_at_seconds
        if by_all is not None and self.elapsed.total_seconds() >= by_all:
            changes.append(self.start + timedelta(seconds=by_all))
        return {
            "ActionsEnabled": not changes,
            "AlarmConfigurationUpdatedTimestamp": min(changes, default=MADE_AT),
        }

    def delete_alarm(self, arn: str, at: datetime) -> None:
        """Somebody deletes the alarm at that time."""
        self._deletions.append((at, arn))

    def _believed(self, host: Host, at: datetime) -> bool:
        if self.broken(at) & PAGE_NEEDS or self.scenario.nats_server == "hung":
            return False
        return host.serves(at - self.timings.health_check_lag) and host.serves(at)

    def _evaluate(self, alarm: Alarm, to: datetime) -> list[bytes]:
        """Once a minute: ALARM after three breaching minutes, OK after one that is not.

        A minute without a value changes nothing.
        """
        events, minute = [], self.timings.minute
        while alarm.counts is not None and alarm.evaluated_at + minute <= to:
            alarm.evaluated_at += minute
            breaching = [
                self._breaches(alarm.counts, alarm.evaluated_at - n * minute) for n in range(3)
            ]
            if all(breaching):
                events += self._turn(alarm, AlarmState.ALARM)
            elif breaching[0] is False:
                events += self._turn(alarm, AlarmState.OK)
        return events

    def _breaches(self, counts: str, at: datetime) -> bool | None:
        if counts == "answering":
            answers = is_answering(self._outcome(at))
            return None if answers is None else not answers
        there = self.group.in_service(at)
        healthy = sum(self._believed(host, at) for host in there)
        return healthy < 1 if counts == "healthy" else healthy < len(there)

    def _turn(self, alarm: Alarm, state: AlarmState) -> list[bytes]:
        if alarm.state is state:
            return []
        alarm.turn(state, alarm.evaluated_at)
        return [announce(alarm.envelope, state, alarm.evaluated_at)]

    # --- SSM ---------------------------------------------------------------------------------

    def send(
        self, document: str, targets: list[InstanceId], parameters: dict[str, str], comment: str
    ) -> CommandId:
        """Run one of our documents on *targets* and remember what each will answer, and when.

        Raises `Unregistered` when SSM does not know one of them, and then runs nothing.
        """
        if not all(map(self.connection, targets)):
            raise Unregistered
        seed = f"{comment}:{len(self.commands)}".encode()
        text = digest(seed)
        id_ = CommandId(f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:32]}")
        answers = {each: self._run(each, document, parameters) for each in targets}
        self.commands[id_] = Command(id_, document, comment, self.now, answers)
        return id_

    def _run(
        self, id_: InstanceId, document: str, parameters: dict[str, str]
    ) -> tuple[datetime, Invocation]:
        host, broken = self.hosts[id_], self.broken(self.now)
        return host.run(
            document, parameters, self.now, broken, NATS_STATES[self.scenario.nats_server]
        )

    def invocations(self, command: CommandId) -> dict[InstanceId, Invocation]:
        """Each host's answer now; one that has not answered yet is ``InProgress``."""
        return {
            id_: answer if at <= self.now else Invocation("InProgress", "")
            for id_, (at, answer) in self.commands[command].answers.items()
        }

    def connection(self, id_: InstanceId) -> str | None:
        """What SSM says of the agent there; None of an instance that it does not know."""
        host = self.hosts.get(id_)
        if host is None or not host.plan.registered or not host.in_service(self.now):
            return None
        lost = not host.plan.reachable or self.broken(self.now) & CONNECTION_DOMAINS
        return "ConnectionLost" if lost else "Online"


def announce(envelope: bytes, state: AlarmState, at: datetime) -> bytes:
    """The alarm's state-change event as EventBridge would send it, made from an earlier one."""
    event = json.loads(envelope)
    stamp = at.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    event["id"] = digest(f"{event.get('id')}{state}{stamp}".encode())[:32]
    event["time"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    event["detail"]["previousState"] = event["detail"]["state"]
    event["detail"]["state"] = {
        "value": state.value,
        "reason": f"{CROSSED}: the alarm turned to {state.value}.",
        "timestamp": stamp,
    }
    return json.dumps(event).encode()
