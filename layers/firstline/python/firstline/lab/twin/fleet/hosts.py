"""The twin's hosts: what runs on each, since when, and what SSM documents do to it.

Timings are typical figures, not promises. A world in real time has shorter ones.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from firstline.adapters.aws.ssm_results import REFUSED
from firstline.diagnosis.evidence import (
    EnclaveObstacle,
    EnclaveState,
    LogCounts,
    NatsState,
    UnitState,
)
from firstline.diagnosis.failure_domains import CONNECTION_DOMAINS, NATS_DOMAINS, Domain
from firstline.lab.twin.fleet import systemd
from firstline.lab.twin.fleet.systemd import History
from firstline.lab.twin.scenario import HostPlan

ANSWER_AFTER = timedelta(seconds=2)
ENCLAVE_RESTART_TAKES = timedelta(seconds=12)
PARENT_RESTART_TAKES = timedelta(seconds=3)
HEALTH_CHECK_LAG = timedelta(seconds=20)
MINUTE = timedelta(minutes=1)
DOWN_BEFORE_START = timedelta(minutes=4)
RESTART_LIMIT = timedelta(seconds=49)
"""The script's timeout for a restart."""
ENCLAVE_FAILS_AFTER = timedelta(seconds=1)
"""The time until nitro-cli reports that no enclave can start."""
ENCLAVE_ENDS_AFTER = timedelta(seconds=5)
"""The time for which a stopped enclave is still listed."""


class Timings(NamedTuple):
    """Durations; a load balancer believes a change after ``health_check_lag``.

    ``minute`` is that of the alarms and of the probe.
    """

    answer_after: timedelta = ANSWER_AFTER
    enclave_restart: timedelta = ENCLAVE_RESTART_TAKES
    parent_restart: timedelta = PARENT_RESTART_TAKES
    health_check_lag: timedelta = HEALTH_CHECK_LAG
    minute: timedelta = MINUTE


TYPICAL = Timings()


@dataclass(frozen=True)
class Invocation:
    """One host's answer to a command: SSM's ``status`` and the script's ``output`` line."""

    status: str
    output: str

    @property
    def refused(self) -> bool:
        """True if its script refused before it did anything."""
        return self.status == "Failed" and json.loads(self.output)["result"] in REFUSED


class Host:
    """One host: its enclave and parent, whether they answer, and its age."""

    def __init__(
        self,
        plan: HostPlan,
        start: datetime,
        launched_at: datetime | None,
        timings: Timings = TYPICAL,
        begun_at: datetime | None = None,
    ) -> None:
        self.plan = plan
        self._timings = timings
        self._start = start
        self.launched_at = launched_at
        self.begun_at = begun_at
        self.terminated_at: datetime | None = None
        self.tokens: set[str] = set()
        since = launched_at or start - DOWN_BEFORE_START
        self.enclave = History(first=launched_at is None)
        self.unit: History[UnitState] = History(first="active")
        self.parent = History(first=launched_at is None)
        self.answers = History(first=launched_at is None)
        self.enclave.turn(since, holds=plan.enclave != "down")
        self.parent.turn(since, holds=plan.parent == "up")
        self.answers.turn(since, holds=plan.enclave != "hung" and plan.nats == "connected")
        self._go_on(start)

    def _go_on(self, start: datetime) -> None:
        """Schedule what happens to its enclave by itself, or by a person's hand."""
        for at_seconds, up in (
            (self.plan.dies_at_seconds, False),
            (self.plan.recovers_at_seconds, True),
        ):
            if at_seconds is not None:
                self.enclave.turn(start + timedelta(seconds=at_seconds), holds=up)
        if self.plan.restarted_by_hand_at_seconds is not None:
            self._restart_enclave(start + timedelta(seconds=self.plan.restarted_by_hand_at_seconds))
        if self.plan.stopped_by_hand_at_seconds is not None:
            self._stop_enclave(start + timedelta(seconds=self.plan.stopped_by_hand_at_seconds))

    def in_service(self, at: datetime) -> bool:
        """True if it is in service in its group at *at*."""
        launched = self.launched_at is None or self.launched_at <= at
        return launched and (self.terminated_at is None or at < self.terminated_at)

    def boots(self, at: datetime) -> bool:
        """True if its group lists it as Pending at *at*."""
        begun, launched = self.begun_at, self.launched_at
        return begun is not None and launched is not None and begun <= at < launched

    def serves(self, at: datetime) -> bool:
        """True if a request through it is answered at *at*."""
        works = self.enclave.at(at) and self.parent.at(at) and self.answers.at(at)
        return works and self.in_service(at)

    def run(
        self,
        document: str,
        parameters: dict[str, str],
        now: datetime,
        broken: frozenset[Domain] = frozenset(),
        nats: NatsState = "answering",
    ) -> tuple[datetime, Invocation]:
        """Run one of the SSM documents; return when it is answered, and how.

        No command reaches a host whose connection to SSM is *broken*.
        """
        if not self.plan.reachable or broken & CONNECTION_DOMAINS:
            return now + timedelta(seconds=60), Invocation("Undeliverable", "")
        at = now + self._timings.answer_after
        if document == "look_host":
            return at, Invocation("Success", json.dumps(self.report(at, broken, nats)))
        result, takes = self._restart(document, parameters, at)
        if takes > RESTART_LIMIT:
            result, takes = "timed-out", RESTART_LIMIT  # systemd goes on with it
        status = "Success" if result == "restarted" else "Failed"
        output = json.dumps({"schema": 1, "result": result, "unit": parameters["Unit"]})
        return at + takes, Invocation(status, output)

    def nats_connected(self, at: datetime) -> bool:
        """True if the parent runs and is connected, as far as the host is concerned."""
        return self.parent.at(at) and (self.plan.nats == "connected" or self.answers.at(at))

    def status(self, at: datetime) -> str:
        """Return EC2's status checks at *at*: a host that serves passes them."""
        lost = not self.plan.reachable and self.plan.enclave == "down" and not self.serves(at)
        return self.plan.ec2 or ("impaired" if lost else "ok")

    def report(
        self, at: datetime, broken: frozenset[Domain] = frozenset(), nats: NatsState = "answering"
    ) -> dict[str, object]:
        """Return the output of ``look_host.sh``: the unit is active even without its enclave.

        A parent is disconnected if its path to NATS is *broken*, or *nats* hangs; a server that
        refuses new clients keeps its existing ones.
        """
        runs, parent = self.enclave.at(at), self.parent.at(at)
        cut_off = bool(broken & NATS_DOMAINS) or nats == "hung"
        connected = self.nats_connected(at) and not cut_off
        reachable = self.plan.nats != "unreachable" and nats == "answering"
        return {
            "schema": 1,
            **systemd.enclave_unit(self.unit, at, masked=self.plan.masked),
            **systemd.parent_unit(
                self.unit.at(at),
                lambda: self._uptime_seconds(at),
                runs=parent,
                loops=self.plan.parent == "looping",
            ),
            "enclave_state": self._enclave_state(at),
            "enclave_memory_mib": 12288 if runs else None,
            "enclave_cpus": 6 if runs else None,
            "enclave_pcr0": self.plan.pcr0 if runs else None,
            "enclave_debug": self.plan.debug if runs else None,
            "enclave_obstacle": self._obstacle(at),
            "parent_healthy": connected if parent else None,
            "parent_nats_connected": connected if parent else None,
            "nats_reachable": reachable,
            "nats_state": "unreachable" if self.plan.nats == "unreachable" else nats,
            "credentials_expire_in_hours": self.plan.credentials_expire_in_hours,
            "restart_blockers": self.plan.restart_blockers,
            "log_counts": self._log_counts(at),
            "enclave_errors_recent": self._recent_errors(at),
            "memory_available_mib": 2048,
            "uptime_seconds": self._uptime_seconds(at),
        }

    def _enclave_state(self, at: datetime) -> EnclaveState:
        """Return nitro-cli's state, which is none before an enclave has booted."""
        if self.enclave.at(at):
            return "RUNNING"
        stops = self.unit.at(at) == "deactivating"
        ends = stops and at - self.unit.since(at) < ENCLAVE_ENDS_AFTER
        return "TERMINATING" if ends else "none"

    def _obstacle(self, at: datetime) -> EnclaveObstacle | None:
        """Return why none can start; an enclave that runs holds the pool's pages itself."""
        held = self.enclave.at(at) or systemd.changes(self.unit, at)
        return None if held else self.plan.obstacle

    def _uptime_seconds(self, at: datetime) -> int:
        """Return its uptime: a day at the start, or the time in service."""
        since = self.launched_at or self._start - timedelta(days=1)
        return max(0, int((at - since).total_seconds()))

    def _recent_errors(self, at: datetime) -> int:
        """Return the errors of a parent that drops messages while its enclave hangs."""
        hangs = self.plan.enclave == "hung" and self.enclave.at(at) and not self.answers.at(at)
        return 40 if hangs and self.parent.at(at) else 0

    def _log_counts(self, at: datetime) -> dict[str, int]:
        """Return the log's counts: dropped messages of a hung enclave, and planned lines."""
        counts = dict.fromkeys(LogCounts.__struct_fields__, 0)
        if self.plan.nats == "lost" and not self.answers.at(at):
            counts["nats_closed"] = 1
        if self.plan.enclave == "hung":
            counts["backlog_dropped"] = 40
        return counts | self.plan.log_counts

    def _restart(
        self, document: str, parameters: dict[str, str], at: datetime
    ) -> tuple[str, timedelta]:
        """Restart as the script does: first the deadline, then the token, then the restart."""
        if at.timestamp() > int(parameters["NotAfter"]):
            return "refused-late", timedelta(0)
        if parameters["Token"] in self.tokens:
            return "refused-repeat", timedelta(0)
        self.tokens.add(parameters["Token"])
        if self.plan.masked and document == "restart_enclave":
            return "masked", timedelta(0)
        if systemd.changes(self.unit, at):
            return "refused-job", timedelta(0)
        if document == "restart_parent":
            return "restarted", self._restart_parent(at)
        takes = self._restart_enclave(at)
        return "failed" if self.plan.obstacle else "restarted", takes

    def _restart_parent(self, at: datetime) -> timedelta:
        """Restart the parent; it answers if it finds NATS and its enclave again."""
        takes = self._timings.parent_restart
        back = at + takes
        self.parent.turn(at, holds=False)
        self.parent.turn(back, holds=self.plan.parent_restart_helps or self.plan.parent == "up")
        self._answer_again(back, helps=self.plan.parent_restart_helps)
        return takes

    def _restart_enclave(self, at: datetime) -> timedelta:
        """Restart enclave and parent; systemd leaves the parent stopped on a failure."""
        if self.plan.obstacle:
            self._turn(at, at + ENCLAVE_FAILS_AFTER, "activating", "failed")
            return ENCLAVE_FAILS_AFTER
        takes, helps = self._timings.enclave_restart, self.plan.restart_helps
        if self.plan.enclave_start_seconds is not None:
            takes = timedelta(seconds=self.plan.enclave_start_seconds)
        back = at + takes
        self._turn(at, back, "activating", "active")
        for each in (self.enclave, self.parent):
            each.turn(back, holds=helps or self.plan.enclave == "hung")
        self._answer_again(back, helps=helps)
        if self.plan.relapses_after_seconds is not None:
            again = back + timedelta(seconds=self.plan.relapses_after_seconds)
            self.enclave.turn(again, holds=False)
        return takes

    def _stop_enclave(self, at: datetime) -> None:
        """Stop enclave and parent; systemd starts neither again by itself."""
        end = at + timedelta(seconds=self.plan.enclave_stop_seconds)
        self._turn(at, end, "deactivating", "inactive")

    def _turn(self, at: datetime, end: datetime, during: UnitState, after: UnitState) -> None:
        """Run a job of the enclave's unit, in which neither enclave nor parent runs."""
        self.unit.turn(at, holds=during)
        self.unit.turn(end, holds=after)
        for each in (self.enclave, self.parent):
            each.turn(at, holds=False)

    def _answer_again(self, at: datetime, *, helps: bool) -> None:
        if helps and self.plan.nats != "unreachable":
            self.answers.turn(at, holds=True)
