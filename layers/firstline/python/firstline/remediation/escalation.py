"""Escalation: the context for the person who takes over, and the runbook's next steps.

It uses the words of firstline's checks, guards and intents; no text of a host, of a log or of an
event is in it. The steps' ids are those of the runbook.
"""

from firstline.actions.catalogue import UNDO_RESULTS
from firstline.diagnosis.diagnose import Diagnosis
from firstline.diagnosis.health_checks import FailureMode
from firstline.incidents.incident import Attempt, Incident, Outcome
from firstline.remediation import support_case
from firstline.remediation.decision import Decision
from firstline.signal import Condition

LISTED_MAX = 10
"""Hosts and attempts that are listed by name; an event for the pager has a size limit."""

R13 = "R13 check the AWS Health dashboard for the Region"
R14 = "R14 bring instances of the group into service"
R17 = "R17 restart the services that do not run"
R18 = "R18 replace the instances that stay unhealthy"
R19 = "R19 find the affected component: NATS, enclave or parent"
R21 = "R21 review the recent deployments"
R36 = "R36 check the health of the NATS cluster"
R37 = "R37 check the security groups between host and NATS"
R38 = "R38 check the VPC peering and its routes"
R45 = "R45 inform the security team"
R46 = "R46 open a case with AWS Support"

BY_CONDITION: dict[Condition, tuple[str, ...]] = {
    Condition.COMPLETE_OUTAGE: (R13, R14, R17, R18),
    Condition.ENCLAVE_DOWN: (R17, R18),
    Condition.PARENT_DOWN: (R19, R17, R18),
    Condition.DEGRADED_LATENCY: (R19, "R20 compare the metrics around the start", R21),
    Condition.API_ERRORS: (R19, "R20 compare the metrics around the start", R21),
    Condition.NATS_DISCONNECTED: (R36, R37, R38),
    Condition.NATS_BACKLOG: (R36, R19),
    Condition.MEMORY_PRESSURE: (
        "R28 check the vaults for leaks",
        "R22 consider scaling out",
        "R29 consider a larger instance type",
        "R30 review the LRU eviction policy",
    ),
    Condition.KMS_THROTTLING: (
        "R32 reduce the attestation frequency",
        "R33 request a higher KMS quota",
        "R34 enable key caching in the supervisor",
    ),
    Condition.USER_AFFECTED: (
        "R24 check whether the user's vault runs: its process lives inside the enclave",
        "R25 read the vault manager's log for the user",
        "R26 a stuck vault is evicted when memory is short, the least recently used first",
        "R26 no automatic fix of one vault is safe, so none exists",
    ),
    Condition.SECURITY_FINDING: (R45,),
    Condition.AWS_HEALTH: (R13, R46),
    Condition.CAPACITY: (R14, R46),
    Condition.DRILL: (R13, R46),  # its alarm stays, which is a fault of CloudWatch
    Condition.UNCLASSIFIED: (R19, R21),
}
"""The runbook's next steps; every condition has some."""

BY_FAILURE: dict[FailureMode, tuple[str, ...]] = {
    FailureMode.IMAGE_MISMATCH: (
        "R21 compare the enclave's PCR0 with the published one and the key's policy",
        "R21 do not restart before they agree",
        R45,
    ),
    FailureMode.KMS_REFUSES: ("R31 check the state and the policy of the enclaves' KMS key", R45),
    FailureMode.CREDENTIALS_ENDED: (
        "R36 renew the parent's NATS credentials, and only then replace the host",
    ),
    FailureMode.HOST_LOST: (R18, R46),
}
"""Steps that come first where the failure mode is known."""


def escalation_details(
    incident: Incident,
    diagnosis: Diagnosis,
    decision: Decision,
    background: tuple[str, ...] = (),
) -> dict[str, str]:
    """The page of an escalation: observations, attempts, denials, and next steps.

    *background* are the lines of the investigation.
    """
    diagnosed = describe_diagnosis(diagnosis)
    tried = "; ".join(map(describe_attempt, incident.attempts[-LISTED_MAX:])) or "nothing"
    verified = [each.id for each in incident.targets if each.verified][:LISTED_MAX]
    steps = next_steps(incident, diagnosis)
    denied = [f"{each.guard}: {each.denial.why}" for each in decision.answers if each.denial]
    details = {
        "why": decision.why,
        "diagnosis": diagnosed,
        "investigation": "; ".join(background) or "not collected",
        "tried": tried,
        "denied": "; ".join(denied) or "nothing",
        "verified": ", ".join(verified) or "no host",
        "next": "; ".join(steps),
    }
    if R46 in steps:
        details["support_case"] = support_case.prepare(incident, diagnosed, tried)
    return details


def describe_diagnosis(diagnosis: Diagnosis) -> str:
    """The diagnosis in words, and the facts for and against each host."""
    hosts = list(diagnosis.hosts.items())[:LISTED_MAX]
    facts = [
        f"{id_} {verdict.health}: {', '.join((*verdict.dead, *verdict.serving)) or 'no evidence'}"
        for id_, verdict in hosts
    ]
    return "; ".join((diagnosis.cause, *facts))


def next_steps(incident: Incident, diagnosis: Diagnosis) -> tuple[str, ...]:
    """The runbook's next steps: of the failures, then of the condition, each once."""
    failures = {verdict.failure for verdict in diagnosis.hosts.values()}
    known = (step for each in FailureMode if each in failures for step in BY_FAILURE.get(each, ()))
    depends = (R36, R37, R38) if diagnosis.dependency is not None else ()
    return tuple(dict.fromkeys((*known, *depends, *BY_CONDITION[incident.condition])))


def describe_attempt(attempt: Attempt) -> str:
    """A fix and its result."""
    done = UNDO_RESULTS.get(attempt.action, "helped")
    verdicts = {None: "no verdict yet", True: done, False: "did not help"}
    ends = {
        Outcome.NOT_SENT: "was not sent",
        Outcome.REFUSED: "was refused by its host",
        Outcome.TARGET_LEFT: "its host left the group",
        Outcome.ANOTHER: f"conflicted with another refresh, {attempt.command}",
    }
    what = ends.get(attempt.outcome) if attempt.outcome is not None else None
    return f"{attempt.action} on {attempt.target}: {what or verdicts[attempt.helped]}"
