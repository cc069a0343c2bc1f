"""One incident and its world as values with defaults: a complete outage that a restart mends."""

import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import firstline
from firstline.config import fleet_file as profiles
from firstline.config import recipients
from firstline.config.settings import Home
from firstline.diagnosis.evidence import (
    AlarmReading,
    AlarmState,
    Evidence,
    Group,
    HostEvidence,
    HostReport,
    Instance,
    InstanceStatus,
    InstanceStatuses,
    LogCounts,
    TargetHealth,
    Unknown,
)
from firstline.ids import (
    CommandId,
    CorrelationKey,
    Digest,
    IncidentId,
    InstanceId,
    SignalKey,
    Token,
)
from firstline.incidents.incident import Attempt, Incident, Look, Outcome, Status, Target
from firstline.lab.nowhere import nowhere
from firstline.ledger.chain import Provenance
from firstline.remediation.execution import Answered
from firstline.signal import Component, Condition, Severity, Signal, SignalKind

NOW = datetime(2026, 3, 11, 4, 20, tzinfo=UTC)
HOME = Home(account="111122223333", region="us-east-1")
A, B, C = (InstanceId(f"i-0a1b2c3d4e5f6071{n}") for n in (1, 2, 3))
FLEET = (A, B, C)
ID = IncidentId("inc-0123456789abcdef0123")
OTHER = IncidentId("inc-ffffffffffffffffffff")
ALARM_NAME = "vettid-prod-enclave-healthy-hosts"
ALARM_ARN = f"arn:aws:cloudwatch:us-east-1:111122223333:alarm:{ALARM_NAME}"
BY = Provenance(policy=Digest("p" * 64), code="code")
PROFILE_FILE = Path(firstline.__file__).parent / "profiles" / "runbook.toml"
FLEET_TEXT = PROFILE_FILE.read_text().rpartition("[deployment]\n")[0]
"""The shipped example, to which a test adds how it is deployed."""
PROFILE = profiles.load(PROFILE_FILE)
SETTINGS = copy.replace(nowhere(HOME, "code"), mode="enforce", hash_key="a test's")
ALARM, OK = AlarmReading(AlarmState.ALARM), AlarmReading(AlarmState.OK)
AGE_MAX = timedelta(seconds=PROFILE.policy.evidence_age_max_seconds)

QUIET_LOG = LogCounts(**dict.fromkeys(LogCounts.__struct_fields__, 0))


def deployable(text: str) -> str:
    """*text*, a fleet file without ``[deployment]``, with topics that others subscribe to."""
    emails = "".join(f'{key} = ""\n' for key in recipients.KEYS)
    return f"{text}\n[deployment]\n{emails}"


def ago(seconds: float) -> datetime:
    """The instant that many seconds before `NOW`."""
    return NOW - timedelta(seconds=seconds)


def report(*, up: bool = False, **fields: object) -> HostReport:
    """What a look found: the unit says active whether or not its enclave runs."""
    values: dict[str, Any] = {
        "schema": 1,
        "enclave_unit": "active",
        "enclave_state": "RUNNING" if up else "none",
        "parent_unit": "active",
        "parent_healthy": True,
        "log_counts": QUIET_LOG,
    }
    return HostReport(**values | fields)


def saying(found: HostReport | Unknown, detail: str = "Success") -> Answered:
    """A host's answer; *detail* is SSM's word for how its command ended."""
    return Answered(success=detail == "Success", detail=detail, report=found)


def host(*, up: bool = False, age: float = 0, found: Unknown | None = None) -> HostEvidence:
    """A host's report, *age* seconds old, or why there is none."""
    return HostEvidence(found or report(up=up), ago(age))


def hosts(*ids: InstanceId, up: bool = False, age: float = 0) -> dict[InstanceId, HostEvidence]:
    """The same report of each of *ids*."""
    return {each: host(up=up, age=age) for each in ids}


def group(*ids: InstanceId, lifecycle: str = "InService", health: str = "Healthy") -> Group:
    """A group of *ids*, all alike."""
    return Group(desired=3, instances=tuple(Instance(each, lifecycle, health) for each in ids))


def balancer(state: str = "unhealthy", *ids: InstanceId) -> TargetHealth:
    """The load balancer's word on *ids*, or on the whole fleet."""
    return TargetHealth(dict.fromkeys(ids or FLEET, state))


def impaired(*ids: InstanceId) -> InstanceStatuses:
    """EC2's status checks fail for *ids*, or for the whole fleet."""
    status = InstanceStatus("running", {"system": "ok", "instance": "impaired"})
    return InstanceStatuses(dict.fromkeys(ids or FLEET, status))


def evidence(**fields: object) -> Evidence:
    """The alarm fires, all hosts are in service and unhealthy, and none was looked at."""
    values: dict[str, Any] = {
        "at": NOW,
        "alarm": ALARM,
        "alarms": {ALARM_ARN: fields.get("alarm", ALARM)},
        "group": group(*FLEET),
        "target_health": balancer(),
        "hosts": {},
    }
    return Evidence(**values | fields)


def target(id_: InstanceId = A, *, verified: float | None = None, **fields: object) -> Target:
    """One target, verified so many seconds ago or not at all."""
    values: dict[str, Any] = {"verified_at": None if verified is None else ago(verified)}
    return Target(id_, **values | fields)


def targets(*ids: InstanceId, **fields: Any) -> tuple[Target, ...]:  # noqa: ANN401 - as `target`
    """*ids*, or the whole fleet, all alike."""
    return tuple(target(each, **fields) for each in ids or FLEET)


def attempt(**fields: object) -> Attempt:
    """A restart of `A`, sent ten seconds ago and not answered."""
    values: dict[str, Any] = {
        "token": Token("a" * 32),
        "action": "restart_enclave",
        "target": A,
        "hosts": (fields.get("target", A),),
        "plan": Digest("b" * 64),
        "fence": 1,
        "intended_at": ago(10),
        "not_after": ago(-50),
        "lease_until": ago(-140),
        "command": CommandId("command-1"),
    }
    return Attempt(**values | fields)


def answered(seconds: float, **fields: object) -> Attempt:
    """The same, answered so many seconds ago and not judged."""
    return attempt(**{"outcome": Outcome.DONE, "answered_at": ago(seconds)} | fields)


def look(*ids: InstanceId, until: float = -80, **fields: object) -> Look:
    """A look at *ids* that was sent ten seconds ago; it may take *until*."""
    values: dict[str, Any] = {"command": CommandId("command-2"), "intended_at": ago(10)}
    return Look(token=Token("c" * 32), targets=ids or FLEET, until=ago(until), **values | fields)


def signal(**fields: object) -> Signal:
    """The alarm of a complete outage, a minute ago."""
    values: dict[str, Any] = {
        "key": SignalKey(f"{ALARM_ARN}|-|ALARM|{ago(62).isoformat()}"),
        "kind": SignalKind.ALARM,
        "source": "cloudwatch.alarm",
        "subject": "healthy-hosts",
        "state": "ALARM",
        "at": ago(62),
        "account": HOME.account,
        "region": HOME.region,
        "arn": ALARM_ARN,
    }
    return Signal(**values | fields)


def incident(**fields: object) -> Incident:
    """A complete outage, a minute old, whose three hosts were all found dead just now."""
    values: dict[str, Any] = {
        "id": ID,
        "correlation_key": CorrelationKey("vettid#service"),
        "condition": Condition.COMPLETE_OUTAGE,
        "severity": Severity.P1,
        "component": Component.FLEET,
        "rule": "all vaults inaccessible",
        "alarm": "healthy-hosts",
        "alarm_arn": ALARM_ARN,
        "alarms": (ALARM_ARN,),
        "opening": SignalKey(f"{ALARM_ARN}|-|ALARM|{ago(62).isoformat()}"),
        "signalled_at": ago(62),
        "opened_at": ago(60),
        "joined_at": ago(60),
        "targets": targets(),
        "hosts": hosts(*FLEET),
    }
    return Incident(**values | fields)


def remediating(current: Attempt | None = None, **fields: object) -> Incident:
    """The same with a fix that has no answer yet."""
    attempts = (current or attempt(),)
    return incident(**{"status": Status.REMEDIATING, "attempts": attempts} | fields)


def verifying(current: Attempt, **fields: object) -> Incident:
    """The same with a fix that was answered and has no verdict yet."""
    return incident(**{"status": Status.VERIFYING, "attempts": (current,)} | fields)
