"""An account in which firstline is deployed, for commands dispatched as a person would.

The functions' own handlers and adapters run on the twin; DynamoDB, S3, STS, CloudWatch and the bus
are moto's, which the commands' own sessions find. CloudFormation and the operator URL are served on
loopback. Time is the world's: `sleep` delivers its events.
"""

import copy
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event as Over
from typing import NamedTuple
from xml.sax.saxutils import escape

from boto3.session import Session

import firstline
from firstline.adapters import wiring
from firstline.adapters.aws import dynamo_items as items
from firstline.config import fleet_file as profiles
from firstline.config.settings import Home
from firstline.controller.system import System
from firstline.diagnosis.evidence import AlarmState
from firstline.ids import IncidentId, InstanceId
from firstline.incidents.demotion import ActionTrackRecord, Demotion
from firstline.lab.twin import alarm_events, resources
from firstline.lab.twin.aws import TwinAws
from firstline.lab.twin.clock import WorldClock
from firstline.lab.twin.function_runs import RunRecorder
from firstline.lab.twin.pager.pagerduty import PagerDutyServer
from firstline.lab.twin.replay import MINUTE, Run
from firstline.lab.twin.scenario import HostPlan, Scenario, ruled
from firstline.lab.twin.world import World
from firstline.remediation.limits import Lease
from functions import operator
from tests.adapters.loopback import Loopback, http, request_of

HOME = Home("123456789012", "us-east-1")
"""moto's own account: a command's session knows no other."""
ALARM = "firstline-vettid-app-Detectionhealthyhosts0A1B2C3D-X1Y2Z3"
ARN = f"arn:aws:cloudwatch:{HOME.region}:{HOME.account}:alarm:{ALARM}"
CALLER = f"arn:aws:sts::{HOME.account}:assumed-role/on-call/alice"
PROFILE = Path(firstline.__file__).parent / "profiles" / "runbook.toml"
STACK = """<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
<DescribeStacksResult><Stacks><member><StackName>x</StackName><Outputs>{}</Outputs></member>
</Stacks></DescribeStacksResult></DescribeStacksResponse>"""
MEMBER = "<member><OutputKey>{}</OutputKey><OutputValue>{}</OutputValue></member>"
HOST = InstanceId("i-0a1b2c3d4e5f60711")


class Deployed(Run):
    """The system at work, as far as time passes."""

    def hear(self, state: AlarmState, reason: str) -> None:
        """The alarm turned, for that reason."""
        at = self._world.now
        event = json.loads(
            alarm_events.alarm_event("healthy-hosts", state, at, self.system.profile, HOME)
        )
        event["resources"] = [ARN]
        event["detail"]["alarmName"] = ALARM
        event["detail"]["state"]["reason"] = reason
        self._deliver(json.dumps(event).encode(), at)

    def until(self, at: datetime) -> None:
        """Deliver whatever is due by then."""
        while (due := min(self._next_sweep, self.deliveries.next_at or self._next_sweep)) <= at:
            self._pass(due)
            while self.deliveries.deliver(self._world.now):
                self._take_wakes()
            if self._world.now >= self._next_sweep:
                self._sweep()
        self._pass(at)

    def _pass(self, at: datetime) -> None:
        for body in self._world.advance(at):
            self._deliver(body, at)


class Clock:
    """A command's clock: it delivers alarm states that were set, and the system's work."""

    def __init__(self, world: World, run: Deployed) -> None:
        self._world = world
        self._run = run
        self._state = "OK"

    def now(self) -> datetime:
        """See `firstline.controller.ports.messaging.Clock`."""
        return self._world.now

    def sleep(self, duration: timedelta) -> None:
        """See `firstline.controller.ports.messaging.Clock`."""
        alarms = Session().client("cloudwatch")
        (shown,) = alarms.describe_alarms(AlarmNames=[ALARM])["MetricAlarms"]
        if shown["StateValue"] != self._state:
            self._state = shown["StateValue"]
            self._run.hear(AlarmState(self._state), shown["StateReason"])
        self._run.until(self.now() + duration)


class Account(NamedTuple):
    """The account for a test; ``incident`` waits for an approval of ``plan``, where one does."""

    run: Deployed
    clock: Clock
    incident: str
    plan: str


@contextmanager
def waiting(env: Callable[[str, str], None]) -> Iterator[Account]:
    """A deployment with an incident that waits for approval, and a demoted action."""
    asks = Scenario(
        name="waits", hosts=(HostPlan(id=HOST),), autonomy={"restart_enclave": "approve"}
    )
    with _deployed(asks, env) as (run, clock):
        run.hear(AlarmState.ALARM, "Threshold Crossed")
        run.until(clock.now() + 2 * MINUTE)
        store = run.system.ports.store
        (due,) = store.due(clock.now() + timedelta(days=1))
        loaded = store.load(due.incident)
        assert loaded is not None
        _demote(run.system, due.incident, clock.now())
        yield Account(run, clock, due.incident, loaded.incident.proposals[-1].plan)


@contextmanager
def quiet(env: Callable[[str, str], None]) -> Iterator[Account]:
    """A deployment that may fix, in which nothing is wrong."""
    well = Scenario(name="quiet", hosts=(HostPlan(id=HOST, enclave="up"),))
    with _deployed(well, env) as (run, clock):
        yield Account(run, clock, "", "")


@contextmanager
def _deployed(
    scenario: Scenario, env: Callable[[str, str], None]
) -> Iterator[tuple[Deployed, Clock]]:
    # the caller's clock sets an operator command's end, so it must be today here too
    profile = profiles.parse(ruled(profiles.read(PROFILE), scenario), "runbook.toml")
    world = World(scenario, datetime.now(UTC).replace(microsecond=0), profile.fleet.group)
    world.watch(
        ARN,
        alarm_events.alarm_event("healthy-hosts", AlarmState.OK, world.now, profile, HOME),
        None,
    )
    world.alarms[ARN].turn(AlarmState.OK, world.now)
    clock, tally = WorldClock(world), RunRecorder()
    pager = PagerDutyServer(lambda: world.now, lambda: None)
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        env(f"AWS_{name}", "x")
    env("AWS_DEFAULT_REGION", HOME.region)
    with TwinAws(world, clock.sleep, HOME) as aws, pager:
        settings = aws.settings(profiles.read(PROFILE), "enforce", pager.url)
        settings = copy.replace(settings, alarms={**settings.alarms, ARN: "healthy-hosts"})
        system = copy.replace(wiring.system(settings, aws.session, clock), profile=profile)
        operator_url = Loopback(_operator_url(system))
        _alarm()
        with operator_url, Loopback(_outputs(operator_url.url)) as stacks:
            env("AWS_ENDPOINT_URL_CLOUDFORMATION", stacks.url)
            run = Deployed(world, aws, system, tally)
            yield run, Clock(world, run)


def _alarm() -> None:
    """The alarm that the stack made, and the bucket of the archive, in moto."""
    session = Session()
    session.client("cloudwatch").put_metric_alarm(
        AlarmName=ALARM,
        MetricName="HealthyHostCount",
        Namespace="AWS/ApplicationELB",
        ComparisonOperator="LessThanThreshold",
        EvaluationPeriods=1,
        Threshold=1,
        Period=60,
        Statistic="Minimum",
    )
    session.client("cloudwatch").set_alarm_state(
        AlarmName=ALARM, StateValue="OK", StateReason="well"
    )
    session.client("s3").create_bucket(Bucket="archive", ObjectLockEnabledForBucket=True)


def _outputs(url: str) -> bytes:
    """CloudFormation's answers for both stacks."""
    output = {
        "IncidentsTable": resources.INCIDENTS,
        "LedgerTable": resources.LEDGER,
        "ArchiveBucket": "archive",
        "Mode": "enforce",
        "OperatorUrl": url,
    }
    members = "".join(MEMBER.format(key, escape(value)) for key, value in output.items())
    return http("200 OK", STACK.format(members).encode(), "Content-Type: text/xml")


def _operator_url(system: System) -> Callable[[socket.socket, Over], None]:
    """The operator URL; IAM has named the caller."""

    def answer(line: socket.socket, over: Over) -> None:
        del over
        body = request_of(line).partition(b"\r\n\r\n")[2].decode()
        event = {"requestContext": {"authorizer": {"iam": {"userArn": CALLER}}}, "body": body}
        output = operator.handler(event, None, system)
        line.sendall(http(f"{output['statusCode']} X", str(output["body"]).encode()))

    return answer


def _demote(system: System, incident: IncidentId, at: datetime) -> None:
    """An action that failed too often."""
    demoted = ActionTrackRecord(
        action="restart_enclave", failed=3, demoted=Demotion(at, 3, incident)
    )
    lease = Lease(group=system.profile.fleet.group, fence=1, trusts=(demoted,))
    item = items.lease_item(lease)
    Session().client("dynamodb").put_item(TableName=resources.INCIDENTS, Item=item)
