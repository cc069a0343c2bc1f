"""Parts of the guards' situations: each changes one fact, and guards are asked about it."""

import copy
from datetime import datetime

from firstline.actions.action import Autonomy
from firstline.config.profile import ActionPolicy
from firstline.diagnosis.diagnose import Diagnosis, HostDiagnosis
from firstline.diagnosis.evidence import (
    AlarmFact,
    HostEvidence,
    Instance,
    InstanceStatus,
    InstanceStatuses,
    LogCounts,
    Refresh,
    Refreshes,
    Unknown,
)
from firstline.diagnosis.external_events import OVERFLOW, EventSort, ExternalEvent, ExternalEvents
from firstline.diagnosis.health_checks import FailureMode, HostHealth
from firstline.diagnosis.preflight import Deployment, Deployments, Image, KeyState, PreflightFacts
from firstline.ids import GroupName, InstanceId
from firstline.incidents.approvals import Approval
from firstline.incidents.incident import Incident, Outcome
from firstline.redaction import redact
from firstline.remediation.guards.guard import Denial
from firstline.remediation.guards.reason import Reason
from firstline.remediation.kill_switch import KillSwitch
from firstline.remediation.limits import Limits
from firstline.remediation.plan import Plan
from firstline.remediation.situation import Situation
from firstline.signal import Component
from tests.builders import (
    ALARM_ARN,
    FLEET,
    NOW,
    PROFILE,
    A,
    B,
    C,
    ago,
    attempt,
    balancer,
    evidence,
    group,
    host,
    incident,
    report,
)
from tests.remediation.situations import (
    limits,
    proposal,
    situation,
)

UNREAD = Unknown("throttled")
DEAD = HostDiagnosis(HostHealth.DEAD)
FAILED = attempt(outcome=Outcome.FAILED, answered_at=ago(900), helped=False)
OF_ANOTHER = copy.replace(FAILED, action="reboot")
HELPED = attempt(target=B, outcome=Outcome.DONE, answered_at=ago(900), helped=True)


OVERLAPPING = copy.replace(
    PROFILE, fleet=copy.replace(PROFILE.fleet, concurrent_instances_safe=True)
)
FAILED_ELSEWHERE = copy.replace(FAILED, target=B)
OTHER_HOST = InstanceId("i-0f9f9f9f9f9f9f9f9")
ONE_SERVES = {"diagnosis": Diagnosis({A: DEAD, B: DEAD, C: HostDiagnosis(HostHealth.SERVING)})}


def diagnosis(alive: int) -> Diagnosis:
    """The last *alive* hosts are not known to be dead."""
    unknown = FLEET[len(FLEET) - alive :]
    return Diagnosis(
        {each: HostDiagnosis(HostHealth.UNKNOWN) if each in unknown else DEAD for each in FLEET}
    )


def refresh(min_healthy: int) -> Plan:
    """A refresh of the whole fleet."""
    return Plan(
        action="refresh_fleet",
        target=GroupName(PROFILE.fleet.group),
        hosts=FLEET,
        parameters={"MinHealthyPercentage": str(min_healthy)},
        facts=("two readers agree",),
    )


def around(*known: tuple[EventSort, str, float]) -> Limits:
    """The limits, with external events so many seconds ago."""
    result = (ExternalEvent(sort, about, about, ago(age)) for sort, about, age in known)
    return copy.replace(limits(), circumstances=ExternalEvents(known=tuple(result)))


def silenced(*alarms: AlarmFact, muted: str = "", until: datetime | None = None) -> Situation:
    """These alarms stand behind the incident, the first as its lead; one may be muted."""
    arns = (ALARM_ARN, *(f"{ALARM_ARN}-{number}" for number in range(1, len(alarms))))
    mute = ExternalEvent("mute", redact(muted), redact(muted), NOW, until=until)
    known = ExternalEvents(known=(mute,) if muted else ())
    read = dict(zip(arns, alarms, strict=True))
    return situation(
        evidence=evidence(alarm=alarms[0], alarms=read),
        limits=copy.replace(limits(), circumstances=known),
    )


def lost(sort: EventSort) -> Limits:
    """The limits, with more of that sort than can be kept."""
    full = ExternalEvents(known=(ExternalEvent(sort, OVERFLOW, OVERFLOW, NOW),))
    return copy.replace(limits(), circumstances=full)


def deployed(age: float, *, busy: bool = False) -> Deployments:
    """One deployment."""
    return Deployments((Deployment("it", ago(age), busy),))


ALL_DEAD = Diagnosis(dict.fromkeys(FLEET, DEAD))
STOPS = HostDiagnosis(HostHealth.DEAD, failure=FailureMode.PARENT_DOWN)
GONE = HostDiagnosis(HostHealth.DEAD, failure=FailureMode.ENCLAVE_GONE)
DEPENDENT = situation(diagnosis=Diagnosis(dict.fromkeys(FLEET, STOPS), dependency=Component.NATS))
UNSAVED = Denial(
    Reason.VAULTS_UNKNOWN,
    f"cannot verify that {A} has no unsaved vaults",
    approvable=True,
    unknown=True,
)
FRAGILE = copy.replace(PROFILE, fleet=copy.replace(PROFILE.fleet, restarts_can_lose_vaults=True))


def holding(blockers: int | None) -> Incident:
    """`A` runs its enclave, and has logged so many lines that say it could not store."""
    return incident(hosts={A: HostEvidence(report(up=True, restart_blockers=blockers), NOW)})


def rebooted() -> Incident:
    """`A` has booted half an hour ago, and no enclave has started since."""
    found = report(restart_blockers=None, uptime_seconds=1800)
    return incident(hosts={A: HostEvidence(found, NOW)})


THEIRS = Refreshes((Refresh("refresh-9", "Baking", ago(60)),))
OVER = Refreshes((Refresh("refresh-8", "Successful", ago(60)),))
CALM = PreflightFacts(refreshes=Refreshes(), key=KeyState("Enabled"))
ENDED = copy.replace(CALM, refreshes=OVER)


def autonomy(*named: ActionPolicy) -> Situation:
    return situation(profile=copy.replace(PROFILE, actions=named))


def only(health: str = "unhealthy", **fields: object) -> Situation:
    """The situation with other evidence; the diagnosis follows from it."""
    return situation(evidence=evidence(target_health=balancer(health), **fields))


NEW = "a" * 96
OLD = "b" * 96
NO_COUNTS = LogCounts(**dict.fromkeys(LogCounts.__struct_fields__, 0))
PROTECTED = copy.replace(
    group(*FLEET), instances=(Instance(A, "InService", "Healthy", protected=True),)
)


def throttled(times: int) -> Incident:
    """A host, not the target, whose parent was throttled by KMS so many times."""
    counts = copy.replace(NO_COUNTS, kms_throttled=times)
    there = incident()
    return copy.replace(
        there, hosts=there.hosts | {B: HostEvidence(report(log_counts=counts), NOW)}
    )


def running(pcr0: str | None, **fields: object) -> Incident:
    """The target's enclave runs this image."""
    return incident(hosts={A: HostEvidence(report(up=True, enclave_pcr0=pcr0, **fields), NOW)})


def silent(state: str) -> dict[str, object]:
    """`A` gave no report, and EC2 says that its instance is in this state."""
    known = InstanceStatuses({A: InstanceStatus(state)})
    return {
        "profile": FRAGILE,
        "diagnosis": ALL_DEAD,
        "incident": incident(hosts={A: host(found=UNREAD)}),
        "evidence": evidence(instance_statuses=known),
    }


def uncounted(id_: InstanceId) -> Incident:
    """The log of this host's parent cannot be read."""
    there = incident()
    return copy.replace(
        there, hosts=there.hosts | {id_: HostEvidence(report(log_counts=None), NOW)}
    )


THROTTLED = situation(incident=throttled(3))
APPROVING = autonomy(ActionPolicy(name="restart_enclave", autonomy="approve"))


def proposed(
    said: Approval | None = None,
    *,
    autonomy: Autonomy = "approve",
    times: int = 1,
    **fields: object,
) -> Situation:
    """The restart was proposed, and got this answer."""
    action = ActionPolicy(name="restart_enclave", autonomy=autonomy)
    held = incident(proposals=(proposal(said, **fields),) * times)  # type: ignore[arg-type]
    return situation(profile=copy.replace(PROFILE, actions=(action,)), incident=held)


def thrown(kill: KillSwitch) -> Limits:
    """The limits with the kill switch so."""
    return copy.replace(limits(), switch=kill)


def paused(scope: str) -> Denial:
    """The denial of the pause of *scope*."""
    why = f"{scope} is paused until 2026-03-11T05:20:00+00:00 by arn:of:alice: a drill"
    return Denial(Reason.FIXES_PAUSED, why, retry_at=ago(-3600), held=True)


def published(held: Incident) -> Situation:
    """The published image is `NEW`, and the key's policy allows it alone."""
    image = copy.replace(CALM, image=Image(NEW, (NEW,)))
    return situation(incident=held, diagnosis=ALL_DEAD, surroundings=image)
