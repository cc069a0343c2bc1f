"""The twin's world: one fleet with its hosts, commands and alarms, in virtual time.

Two backends read it: ``memory.py`` (the ports) and ``aws.py`` (boto3). It is deterministic and
never sleeps: its answers follow from the scenario, from the changes made, and from `World.now`,
which its driver moves. A load balancer believes a change after two checks 10 s apart.
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
    from firstline.config.profile import AlarmDefinition

ALARMS_CREATED_AT = datetime(2026, 1, 1, tzinfo=UTC)
"""The creation date of the alarms."""
PAGE_NEEDS = NATS_DOMAINS | {Domain.LOAD_BALANCER}
"""What the health page requires that the load balancer requests, in addition to its host."""
NATS_STATES: dict[str, NatsState] = {"up": "answering", "hung": "hung", "refusing": "refusing"}
"""A host's view of the server's state."""
NATS_FAILS = {"hung": ProbeOutcome.SERVER_SILENT, "refusing": ProbeOutcome.SERVER_FULL}
"""The probe's outcome by the server's state."""


@dataclass(frozen=True)
class Command:
    """A command as SSM keeps it; ``answers`` has each host's answer and its instant."""

    id: CommandId
    document: str
    comment: str
    sent_at: datetime
    answers: dict[InstanceId, tuple[datetime, Invocation]]

    @property
    def refused(self) -> bool:
        """True if each of its hosts refused it, and did nothing."""
        return all(answer.refused for _, answer in self.answers.values())


@dataclass(frozen=True)
class Mutation:
    """A change of the fleet and its hosts; ``token`` names the intent."""

    at: datetime
    token: str
    action: str
    hosts: tuple[InstanceId, ...]
    parameters: dict[str, str]


class UnregisteredInstance(Exception):
    """SSM does not know a target (``InvalidInstanceId``), and refuses them all."""


class World:
    """The fleet of one scenario; its driver moves `now` by `advance`, never backwards."""

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
        self.made: tuple[AlarmDefinition, ...] = ()  # the alarms whose metrics CloudWatch has
        self.notices: list[tuple[datetime, str, str]] = []
        self.breaks: list[BreakPlan] = list(scenario.breaks)
        self._disabled: list[tuple[datetime, str]] = []
        self.mutes: list[MuteWindow] = []
        self._deletions: list[tuple[datetime, str]] = []
        self._scheduled: list[tuple[datetime, str, AlarmState]] = []

    # --- time --------------------------------------------------------------------------------

    def advance(self, to: datetime) -> list[bytes]:
        """Advance to *to*; return the envelopes of the alarms that changed state."""
        self.group.advance(to)
        envelopes = [event for alarm in self.alarms.values() for event in self._evaluate(alarm, to)]
        self.now = max(self.now, to)
        for at, arn, state in self._scheduled:
            if at <= self.now and arn in self.alarms and self.alarms[arn].counts is None:
                self.alarms[arn].turn(state, at)
        for at, arn in self._deletions:
            if at <= self.now:
                self.alarms.pop(arn, None)
        return envelopes

    @property
    def hosts(self) -> dict[InstanceId, Host]:
        """Return every host that ever was in the group."""
        return self.group.hosts

    @property
    def elapsed(self) -> timedelta:
        """Return the virtual time since the start."""
        return self.now - self.start

    # --- the load balancer and the alarms ----------------------------------------------------

    def broken(self, at: datetime) -> frozenset[Domain]:
        """Return the failure domains that are broken at *at*; their hosts may be healthy."""
        seconds = (at - self.start).total_seconds()
        return frozenset(
            each.domain for each in self.breaks if each.from_seconds <= seconds < each.until_seconds
        )

    def target_states(self) -> dict[InstanceId, str]:
        """Return the load balancer's states of the targets."""
        return {
            host.plan.id: "healthy" if self._believed(host, self.now) else "unhealthy"
            for host in self.group.in_service(self.now)
        }

    def target_reasons(self) -> dict[InstanceId, str]:
        """Return the reasons of the unhealthy targets."""
        states = self.target_states().items()
        return {id_: "Target.Timeout" for id_, state in states if state != "healthy"}

    def probed(self) -> tuple[datetime, ProbeOutcome]:
        """Return the minute and the outcome of the probe's last end-to-end request."""
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
        """Return EC2's status checks of each known host of *hosts*."""
        broken = Domain.EC2 in self.broken(self.now)
        known = (self.hosts[each] for each in hosts if each in self.hosts)
        return {each.plan.id: "impaired" if broken else each.status(self.now) for each in known}

    def group_health(self, host: Host) -> str:
        """Return the group's verdict: EC2's checks, and the load balancer's if configured."""
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
        """Add an alarm with the envelope that announced it.

        It is in *state* from the start on, or from *since* on; before a later *since* it is OK.
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

    def schedule_state(self, arn: str, state: AlarmState, at: datetime) -> None:
        """Schedule the state of an alarm that follows nothing in this world, by its event."""
        self._scheduled.append((at, arn, state))

    def muted(self, arn: str) -> bool:
        """True if a mute window of the alarm is open."""
        return any(each.arn == arn and each.starts <= self.now < each.ends for each in self.mutes)

    def described(self, arn: str) -> dict[str, object]:
        """Return what DescribeAlarms shows of the alarm now."""
        return self.alarms[arn].described(self.now) | self.alarm_actions(arn)

    def disable_actions(self, arn: str, at: datetime) -> None:
        """Disable the alarm's actions at that time."""
        self._disabled.append((at, arn))

    def alarm_actions(self, arn: str) -> dict[str, object]:
        """Return what DescribeAlarms shows of its actions, and their last change."""
        changes = [at for at, each in self._disabled if each == arn and at <= self.now]
        by_all = self.scenario.actions_disabled_at_seconds
        if by_all is not None and self.elapsed.total_seconds() >= by_all:
            changes.append(self.start + timedelta(seconds=by_all))
        return {
            "ActionsEnabled": not changes,
            "AlarmConfigurationUpdatedTimestamp": min(changes, default=ALARMS_CREATED_AT),
        }

    def delete_alarm(self, arn: str, at: datetime) -> None:
        """Delete the alarm at that time."""
        self._deletions.append((at, arn))

    def _believed(self, host: Host, at: datetime) -> bool:
        if self.broken(at) & PAGE_NEEDS or self.scenario.nats_server == "hung":
            return False
        return host.serves(at - self.timings.health_check_lag) and host.serves(at)

    def _evaluate(self, alarm: Alarm, to: datetime) -> list[bytes]:
        """Evaluate the alarm once a minute: ALARM after three breaches, OK after none in one.

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
        return [state_change_event(alarm.envelope, state, alarm.evaluated_at)]

    # --- SSM ---------------------------------------------------------------------------------

    def send(
        self, document: str, targets: list[InstanceId], parameters: dict[str, str], comment: str
    ) -> CommandId:
        """Run a document on *targets*, and store each one's answer and its instant.

        Raises `UnregisteredInstance` if SSM does not know a target; nothing runs then.
        """
        if not all(map(self.connection, targets)):
            raise UnregisteredInstance
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
        """Return each host's answer; ``InProgress`` if it has not answered yet."""
        return {
            id_: answer if at <= self.now else Invocation("InProgress", "")
            for id_, (at, answer) in self.commands[command].answers.items()
        }

    def connection(self, id_: InstanceId) -> str | None:
        """Return SSM's status of the agent; None for an unknown instance."""
        host = self.hosts.get(id_)
        if host is None or not host.plan.registered or not host.in_service(self.now):
            return None
        lost = not host.plan.reachable or self.broken(self.now) & CONNECTION_DOMAINS
        return "ConnectionLost" if lost else "Online"


def state_change_event(envelope: bytes, state: AlarmState, at: datetime) -> bytes:
    """Return the alarm's state-change event as EventBridge sends it, from an earlier one."""
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
