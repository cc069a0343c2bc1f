"""A look at a host of these tests: what it is asked, and what its answer must be made of."""

import json
from typing import Any

from firstline.diagnosis.evidence import LogCounts
from infra.documents import content
from tests.infra.documents.host import PCR0, Door, Host, Ran

DOCUMENT = content.look_host(enclave_units=("vettid-enclave",), parent_units=("vettid-parent",))
RUNS = {
    "load": "loaded",
    "sub": "running",
    "result": "success",
    "job": False,
    "starting_seconds": None,
    "stopped": False,
}
ALL_WELL = {
    "schema": 1,
    "enclave_unit": "active",
    "enclave_unit_restarts": 0,
    "enclave_state": "RUNNING",
    "enclave_memory_mib": 12288,
    "enclave_cpus": 6,
    "enclave_pcr0": PCR0,
    "parent_unit": "active",
    "parent_unit_restarts": 2,
    "parent_healthy": True,
    "parent_nats_connected": True,
    "parent_enclave_connected": True,
    "nats_reachable": True,
    "credentials_expire_in_hours": None,
    "vault_processes": 0,
    "restart_blockers": 0,
    "log_counts": dict.fromkeys(LogCounts.__struct_fields__, 0),
    "enclave_errors_recent": 0,
    "enclave_unit_detail": RUNS,
    "parent_unit_detail": RUNS,
    "enclave_debug": False,
    "enclave_obstacle": None,
    "nats_state": "answering",
    "uptime_seconds": 3600,
}
UNIT_STATES = {"active", "inactive", "failed", "activating", "deactivating", "not-found", "unknown"}
ENCLAVE_STATES = {"RUNNING", "TERMINATING", "EMPTY", "none", "unknown"}
NOT_LOOKED_AT = {
    "schema": 1,
    "nats_reachable": None,
    "credentials_expire_in_hours": None,
    "vault_processes": None,
    "restart_blockers": None,
    "log_counts": ALL_WELL["log_counts"],
    "enclave_errors_recent": 0,
    "enclave_unit_detail": None,
    "parent_unit_detail": None,
    "enclave_obstacle": None,
    "nats_state": None,
    "uptime_seconds": 3600,
}
NATS_UNREAD: dict[str, Any] = {"nats_reachable": None, "nats_state": None}
NO_LOGS = {"log_counts": None, "enclave_errors_recent": None, "restart_blockers": None}
NO_ENCLAVE = {
    "enclave_state": "unknown",
    "enclave_memory_mib": None,
    "enclave_cpus": None,
    "enclave_pcr0": None,
    "enclave_debug": None,
}
NO_PARENT = {
    "parent_healthy": None,
    "parent_nats_connected": None,
    "parent_enclave_connected": None,
}


def values(port: int | str = "") -> dict[str, str]:
    """Give the parameters of a look; without a port NATS is not looked at."""
    names = {"EnclaveUnit": "vettid-enclave", "ParentUnit": "vettid-parent"}
    return names | {"NatsHost": "127.0.0.1" if port else "", "NatsPort": str(port or 4222)}


def look(host: Host, port: int | str = "", door: Door = "environment") -> dict[str, Any]:
    """Look at a host as it is asked to be looked at."""
    return seen(host.send(DOCUMENT, door, **values(port)))


def seen(ran: Ran) -> dict[str, Any]:
    """Give the facts, the memory apart; the output must be the one object that was promised."""
    assert (ran.status, ran.err) == (0, "")
    assert len(ran.out.encode()) <= 2_400
    assert ran.out.count("\n") == 1
    text: dict[str, Any] = json.loads(ran.out)
    memory = text.pop("memory_available_mib")
    assert list(text) == list(ALL_WELL)
    assert type(memory) is int
    assert memory > 0
    assert {text["enclave_unit"], text["parent_unit"]} <= UNIT_STATES
    assert text["enclave_state"] in ENCLAVE_STATES
    for name in ("enclave_unit_restarts", "enclave_memory_mib", "enclave_cpus"):
        assert text[name] is None or type(text[name]) is int
    for name in ("parent_healthy", "parent_nats_connected", "nats_reachable"):
        assert text[name] in (True, False, None)
    return text
