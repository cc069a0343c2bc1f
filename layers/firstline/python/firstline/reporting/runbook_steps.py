"""The runbook's steps by their codes, such as R13.

This is the one table of them: reports explain the codes that they contain, and
``tools/docs/runbook.toml`` lists what firstline does for each.
"""

import re
from collections.abc import Iterable

STEPS: dict[str, tuple[str, str]] = {
    "R01": (
        "Classification",
        'P1: complete outage ("all vaults inaccessible"), response immediate',
    ),
    "R02": (
        "Classification",
        'P2: degraded service ("intermittent failures, high latency"), response < 15 min',
    ),
    "R03": ("Classification", 'P3: minor ("single user affected, non-blocking"), response < 1 h'),
    "R04": (
        "Classification",
        'P4: informational ("warnings, capacity concerns"), next business day',
    ),
    "R05": ("Detection", "CloudWatch alarm on TargetResponseTime"),
    "R06": ("Detection", "CloudWatch alarm on HealthyHostCount"),
    "R07": ("Detection", "NATS monitoring: connection failures"),
    "R08": ("Detection", "NATS monitoring: message backlogs"),
    "R09": ("Detection", "API Gateway 5xx error rate"),
    "R10": ("Detection, manual checks", "vault health endpoint answers and says healthy"),
    "R11": ("Detection, manual checks", "ASG instances with id and health status"),
    "R12": (
        "P1, immediate",
        "acknowledge the incident (own it, with a time; a person's page stays unacknowledged)",
    ),
    "R13": ("P1, immediate", "AWS Health: regional issue?"),
    "R14": ("P1, immediate", "the ASG has running instances"),
    "R15": ("P1, diagnosis", "enclave unit status on each instance, over SSM"),
    "R16": ("P1, diagnosis", "NATS connectivity from each instance, over SSM"),
    "R17": ("P1, recovery", "enclave not running: restart it, over SSM"),
    "R18": ("P1, recovery", "instance unhealthy: instance refresh"),
    "R19": ("P2", "identify the affected component: NATS, enclave, or parent process"),
    "R20": ("P2", "CloudWatch metrics: anomalies around the start of the incident"),
    "R21": ("P2", "recent deployments"),
    "R22": ("P2", "memory pressure: consider scaling out"),
    "R23": ("P3", "collect the user's GUID and error details"),
    "R24": ("P3", "is the vault process running for that user"),
    "R25": ("P3", "vault-manager logs for that user"),
    "R26": ("P3", "stuck vault: it will be evicted after the inactivity timeout"),
    "R27": ("High memory", "detect from the memory utilisation metric of the ASG"),
    "R28": ("High memory", "check for vault memory leaks"),
    "R29": ("High memory", "consider a larger instance type"),
    "R30": ("High memory", "review the LRU eviction policy"),
    "R31": ("KMS throttling", "detect from metrics"),
    "R32": ("KMS throttling", "reduce attestation frequency"),
    "R33": ("KMS throttling", "request a limit increase"),
    "R34": ("KMS throttling", "enable key caching in the supervisor"),
    "R35": ("NATS disconnection", "detect: the parent's logs show reconnection attempts"),
    "R36": ("NATS disconnection", "NATS cluster health"),
    "R37": ("NATS disconnection", "security group rules"),
    "R38": ("NATS disconnection", "VPC peering connectivity"),
    "R39": ("Post-incident", "document timeline and actions taken"),
    "R40": ("Post-incident", "identify the root cause"),
    "R41": ("Post-incident", "follow-up tasks to prevent recurrence"),
    "R42": ("Post-incident", "update runbooks if needed"),
    "R43": ("Post-incident", "schedule a post-mortem for P1 and P2"),
    "R44": ("Escalation", "on-call engineer through PagerDuty for every P1 and P2"),
    "R45": ("Escalation", "the security team for security incidents"),
    "R46": ("Escalation", "AWS Support for infrastructure issues"),
}
"""The runbook's section and the task of each step."""
_CODE = re.compile(r"\bR[0-9]{2}\b", re.ASCII)


def step_text(code: str) -> str:
    """The task of *code*; empty for an unknown code."""
    return STEPS.get(code, ("", ""))[1]


def mentioned_steps(texts: Iterable[str]) -> tuple[str, ...]:
    """The codes in *texts*, each once, in the runbook's order."""
    mentioned = {code for each in texts for code in _CODE.findall(each)}
    return tuple(code for code in STEPS if code in mentioned)
