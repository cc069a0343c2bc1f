"""The twin's world: one fleet with its hosts, commands and alarms, in virtual time.

It answers every call about them through two doors: ``memory.py`` (the ports) and ``aws.py``
(boto3). Nothing in it sleeps or draws lots: what it says follows from the scenario, from what
was done to it, and from `World.now`, which its driver moves.

Timings are typical figures, not promises: a command is answered in 2 s, a restart takes 12 s,
a load balancer believes a change after two checks 10 s apart.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from firstline.evidence import AlarmState
from firstline.ids import CommandId, InstanceId, digest
from firstline.twin.scenario import HostPlan, Scenario

ANSWER_AFTER = timedelta(seconds=2)
RESTART_TAKES = timedelta(seconds=12)
HEALTH_CHECK_LAG = timedelta(seconds=20)
DOWN_BEFORE_START = timedelta(minutes=4)


@dataclass
class Host:
    """One host and the history of its enclave: ``running`` holds (since, up) in order."""

    plan: HostPlan
    running: list[tuple[datetime, bool]]
    tokens: set[str] = field(default_factory=set)

    def up(self, at: datetime) -> bool:
        """Whether its enclave runs at *at*."""
        return next((up for since, up in reversed(self.running) if since <= at), True)

    def restart(self, at: datetime) -> None:
        """Restart the enclave's unit: it is gone at once, and back if a restart helps."""
        self.running += [(at, False), (at + RESTART_TAKES, self.plan.restart_helps)]


@dataclass(frozen=True)
class Invocation:
    """One host's answer to a command; ``status`` is SSM's word, ``output`` the script's line."""

    status: str
    output: str


@dataclass(frozen=True)
class Command:
    """A command as SSM keeps it. ``answers`` holds each host's answer and when it is there."""

    id: CommandId
    document: str
    comment: str
    sent_at: datetime
    answers: dict[InstanceId, tuple[datetime, Invocation]]


class Alarm(msgspec.Struct, kw_only=True):
    """One alarm over the number of hosts that the load balancer finds healthy or unhealthy.

    ``counts`` names which; an alarm over anything else (None) keeps the state that it has.
    """

    arn: str
    envelope: bytes
    counts: str | None
    state: AlarmState
    evaluated_at: datetime


class Unregistered(Exception):
    """SSM does not know one of the targets (``InvalidInstanceId``), and refuses them all."""


class World:
    """The fleet of one scenario. Its driver moves `now` by `advance`, never backwards."""

    def __init__(self, scenario: Scenario, start: datetime, group: str) -> None:
        self.scenario = scenario
        self.start = start
        self.now = start
        self.group_name = group
        self.hosts = {plan.id: _host(plan, start) for plan in scenario.hosts}
        self.commands: dict[CommandId, Command] = {}
        self.alarms: dict[str, Alarm] = {}
        self._deletions: list[tuple[datetime, str]] = []

    # --- time --------------------------------------------------------------------------------

    def advance(self, to: datetime) -> list[bytes]:
        """Move to *to*; returns the envelopes of the alarms that changed state on the way."""
        envelopes = [event for alarm in self.alarms.values() for event in self._evaluate(alarm, to)]
        self.now = max(self.now, to)
        for at, arn in self._deletions:
            if at <= self.now:
                self.alarms.pop(arn, None)
        return envelopes

    @property
    def elapsed(self) -> timedelta:
        """Virtual time since the start."""
        return self.now - self.start

    # --- the load balancer and the alarms ----------------------------------------------------

    def target_states(self) -> dict[InstanceId, str]:
        """What the load balancer says now."""
        return {
            id_: "healthy" if self._believed(host, self.now) else "unhealthy"
            for id_, host in self.hosts.items()
        }

    def watch(
        self,
        arn: str,
        envelope: bytes,
        counts: str | None,
        state: AlarmState = AlarmState.ALARM,
    ) -> None:
        """Put an alarm behind the envelope that announced it, in that state from the start."""
        self.alarms[arn] = Alarm(
            arn=arn, envelope=envelope, counts=counts, state=state, evaluated_at=self.start
        )

    def delete_alarm(self, arn: str, at: datetime) -> None:
        """Somebody deletes the alarm at that time."""
        self._deletions.append((at, arn))

    def _believed(self, host: Host, at: datetime) -> bool:
        return host.up(at - HEALTH_CHECK_LAG) and host.up(at)

    def _evaluate(self, alarm: Alarm, to: datetime) -> list[bytes]:
        """Once a minute: ALARM after three breaching minutes, OK after one that is not."""
        events = []
        while alarm.counts is not None and alarm.evaluated_at + timedelta(minutes=1) <= to:
            alarm.evaluated_at += timedelta(minutes=1)
            breaching = [
                self._breaches(alarm.counts, alarm.evaluated_at - timedelta(minutes=n))
                for n in range(3)
            ]
            state = AlarmState.ALARM if all(breaching) else AlarmState.OK
            if state is AlarmState.ALARM or not breaching[0]:
                events += self._turn(alarm, state)
        return events

    def _breaches(self, counts: str, at: datetime) -> bool:
        healthy = sum(self._believed(host, at) for host in self.hosts.values())
        return healthy < 1 if counts == "healthy" else healthy < len(self.hosts)

    def _turn(self, alarm: Alarm, state: AlarmState) -> list[bytes]:
        if alarm.state is state:
            return []
        alarm.state = state
        return [announce(alarm.envelope, state, alarm.evaluated_at)]

    # --- SSM ---------------------------------------------------------------------------------

    def send(
        self, document: str, targets: list[InstanceId], parameters: dict[str, str], comment: str
    ) -> CommandId:
        """Run one of our documents on *targets* and remember what each will answer, and when.

        Raises `Unregistered` when SSM does not know one of them, and then runs nothing.
        """
        if not all(each in self.hosts and self.hosts[each].plan.registered for each in targets):
            raise Unregistered
        seed = f"{comment}:{len(self.commands)}".encode()
        text = digest(seed)
        id_ = CommandId(f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:32]}")
        answers = {each: self._run(self.hosts[each], document, parameters) for each in targets}
        self.commands[id_] = Command(id_, document, comment, self.now, answers)
        return id_

    def invocations(self, command: CommandId) -> dict[InstanceId, Invocation]:
        """Each host's answer now; one that has not answered yet is ``InProgress``."""
        return {
            id_: answer if at <= self.now else Invocation("InProgress", "")
            for id_, (at, answer) in self.commands[command].answers.items()
        }

    def _run(
        self, host: Host, document: str, parameters: dict[str, str]
    ) -> tuple[datetime, Invocation]:
        if not host.plan.reachable:
            return self.now + timedelta(seconds=60), Invocation("Undeliverable", "")
        at = self.now + ANSWER_AFTER
        if document == "look_host":
            return at, Invocation("Success", json.dumps(_report(up=host.up(at))))
        result = self._restart(host, parameters, at)
        status = "Success" if result == "restarted" else "Failed"
        output = json.dumps({"schema": 1, "result": result, "unit": parameters["Unit"]})
        return at + RESTART_TAKES, Invocation(status, output)

    def _restart(self, host: Host, parameters: dict[str, str], at: datetime) -> str:
        """As ``restart_enclave.sh`` does: late first, then the token, then the restart."""
        if at.timestamp() > int(parameters["NotAfter"]):
            return "refused-late"
        if parameters["Token"] in host.tokens:
            return "refused-repeat"
        host.tokens.add(parameters["Token"])
        host.restart(at)
        return "restarted"


def announce(envelope: bytes, state: AlarmState, at: datetime) -> bytes:
    """The alarm's state-change event as EventBridge would send it, made from an earlier one."""
    event = json.loads(envelope)
    stamp = at.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    event["id"] = digest(f"{event['id']}{state}{stamp}".encode())[:32]
    event["time"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    event["detail"]["previousState"] = event["detail"]["state"]
    event["detail"]["state"] = {
        "value": state.value,
        "reason": f"Threshold Crossed: the alarm turned to {state.value}.",
        "timestamp": stamp,
    }
    return json.dumps(event).encode()


def _host(plan: HostPlan, start: datetime) -> Host:
    down = [] if plan.enclave == "up" else [(start - DOWN_BEFORE_START, False)]
    return Host(plan=plan, running=down)


def _report(*, up: bool) -> dict[str, object]:
    """What ``look_host.sh`` prints: the unit says active even when its enclave is gone."""
    return {
        "schema": 1,
        "enclave_unit": "active",
        "enclave_unit_restarts": 0,
        "enclave_state": "RUNNING" if up else "none",
        "enclave_memory_mib": 12288 if up else None,
        "enclave_cpus": 6 if up else None,
        "parent_unit": "active",
        "parent_unit_restarts": 0,
        "parent_healthy": True,
        "parent_nats_connected": True,
        "nats_reachable": True,
        "memory_available_mib": 2048,
    }
