"""Chains of entries for reports: what each kind of entry says, with defaults."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from firstline.ledger.chain import Chain, Entry, Kind, Provenance, append
from tests.builders import BY, ID, NOW, A

type Words = Mapping[str, object]
type Said = tuple[float, Kind, Words]

TOKEN, OTHER_TOKEN, LOOK = "a" * 32, "b" * 32, "c" * 32
GROUP = {
    "type": "group",
    "desired": 1,
    "instances": [{"id": A, "lifecycle": "InService", "health": "Healthy"}],
}
UNHEALTHY = {"type": "target-health", "states": {A: "unhealthy"}}
HEALTHY = {"type": "target-health", "states": {A: "healthy"}}
REPORT: dict[str, object] = {
    "type": "report",
    "schema": 1,
    "enclave_unit": "active",
    "enclave_state": "RUNNING",
    "parent_unit": "active",
    "nats_reachable": True,
    "vault_processes": 40,
    "memory_available_mib": 2000,
}
GONE = REPORT | {"enclave_state": "none"}


def at(seconds: float) -> datetime:
    """So long after the opening signal."""
    return NOW + timedelta(seconds=seconds)


def chain(*said: Said, by: Provenance = BY) -> tuple[Entry, ...]:
    """The chain whose entries say this, under that policy."""
    held, entries = Chain(), []
    for seconds, kind, data in said:
        held, entry = append(held, ID, kind, at(seconds), by, dict(data))
        entries.append(entry)
    return tuple(entries)


def opening(seconds: float = 0, **other: object) -> Said:
    """The alarm of a complete outage."""
    return (
        seconds,
        Kind.SIGNAL,
        {
            "owner": "firstline",
            "disposition": "incident",
            "severity": "P1",
            "condition": "complete-outage",
            "rule": "all vaults inaccessible",
            "subject": "healthy-hosts",
            "state": "ALARM",
            "why": "a rule fits",
            "signalled_at": at(0).isoformat(),
        }
        | other,
    )


def page(seconds: float, **other: object) -> Said:
    """A page that PagerDuty took."""
    text: dict[str, object] = {
        "channel": "pager",
        "action": "trigger",
        "key": ID,
        "outcome": "accepted",
    }
    return seconds, Kind.PAGE, text | {"severity": "P1", "tries": 1, "why": ""} | other


def decision(seconds: float, step: str, rule: str = "NextFix", **other: object) -> Said:
    """A decision; ``observed`` where it is given."""
    text: dict[str, object] = {"step": {"type": step}, "rule": rule, "why": f"{rule}: so it is"}
    text |= {"facts": [], "plan": plan() if step == "fix" else None, "guards": []}
    return seconds, Kind.DECISION, text | other


def seen(health: Words = UNHEALTHY, **other: object) -> dict[str, object]:
    """A decision's evidence."""
    return {"group": GROUP, "target_health": health} | other


def plan(action: str = "restart_enclave", target: str = A) -> dict[str, object]:
    """A plan, in a decision's form."""
    return {"action": action, "targets": [target], "hash": "d" * 64, "hosts": [target]}


def looked(seconds: float, reports: Mapping[Any, Words], token: str = LOOK) -> Said:
    """A look's answers."""
    return seconds, Kind.OUTCOME, {"action": "look_host", "token": token, "hosts": reports}


def intent(
    seconds: float, action: str = "restart_enclave", target: str = A, token: str = TOKEN
) -> Said:
    """A fix that is about to be done."""
    text: dict[str, object] = {
        "action": action,
        "token": token,
        "targets": [target],
        "hosts": [target],
    }
    return seconds, Kind.INTENT, text | {"fence": 1, "facts": ["no enclave"]}


def outcome(seconds: float, came: str = "done", token: str = TOKEN, target: str = A) -> Said:
    """The tool's result of a fix."""
    text: dict[str, object] = {"action": "restart_enclave", "token": token, "target": target}
    return seconds, Kind.OUTCOME, text | {"outcome": came, "detail": "Success: restarted"}


def verdict(seconds: float, *, helped: bool, token: str = TOKEN, target: str = A) -> Said:
    """The verdict on a fix."""
    text: dict[str, object] = {"action": "restart_enclave", "target": target, "token": token}
    return seconds, Kind.VERIFICATION, text | {"helped": helped}


def handed_over(seconds: float, **other: object) -> Said:
    """A person has it."""
    text: dict[str, object] = {
        "owner": "on-call",
        "why": "it was tried twice",
        "diagnosis": "1 hosts: 1 dead; its enclave is gone (confidence full); i-1 dead: no enclave",
        "investigation": "R13 AWS Health has no open issue in the Region; "
        "R21 the stack changed 5 min before the start; R20 the metrics cannot be read: denied",
        "next": "R17 restart the services that do not run; R18 replace the instances",
    }
    return seconds, Kind.ESCALATION, text | other


def outage(*, helped: bool = True) -> tuple[Said, ...]:
    """A whole incident: one dead host, one fix, and its end."""
    end = (
        (decision(100, "close", "Recovered", observed=seen(HEALTHY)),)
        if helped
        else (decision(100, "escalate", observed=seen()), handed_over(100))
    )
    return (
        opening(),
        page(1),
        decision(2, "look", "LookAtHosts", observed=seen()),
        (2, Kind.INTENT, {"action": "look_host", "token": LOOK, "targets": [A]}),
        (
            2,
            Kind.OUTCOME,
            {"action": "look_host", "token": LOOK, "outcome": "sent", "targets": [A]},
        ),
        looked(5, {A: GONE}),
        decision(
            5,
            "fix",
            plan=plan(),
            facts=["no enclave"],
            guards=[{"guard": "mode_enforces", "denial": None}],
            observed=seen(),
        ),
        intent(5),
        outcome(5, "sent"),
        outcome(20),
        decision(20, "wait", "VerifyFix", observed=seen()),
        decision(30, "look", "VerifyFix", observed=seen(HEALTHY)),
        looked(60, {A: REPORT}),
        verdict(80, helped=helped),
        *end,
    )
