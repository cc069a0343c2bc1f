"""A delivery of the fix to a host of these tests, and what its answer must be made of."""

import json
from datetime import UTC, datetime, timedelta

from infra.documents import content
from tests.infra.documents.host import Ran

DOCUMENT = content.restart_parent(units=("vettid-enclave", "vettid-parent"))
ENCLAVE = content.restart_enclave(units=("vettid-enclave",), parents=("vettid-parent",))
INCIDENT = "inc-0123456789abcdef0123"
TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 - a fence, not a secret


def after(seconds: int) -> str:
    """Give the Unix time so many seconds from now."""
    return str(int((datetime.now(UTC) + timedelta(seconds=seconds)).timestamp()))


def values(**changed: str) -> dict[str, str]:
    """Give the parameters of a delivery in time."""
    action = {"Incident": INCIDENT, "Action": "restart_parent", "AllowanceSeconds": "600"}
    return {"Unit": "vettid-enclave", "Token": TOKEN, "NotAfter": after(120)} | action | changed


def both(**changed: str) -> dict[str, str]:
    """Give the parameters of a delivery in time, with the parent's unit."""
    return values(ParentUnit="vettid-parent", Action="restart_enclave") | changed


def answer(ran: Ran) -> tuple[int, str, str | None]:
    """Give exit status, result and unit; the output must be that one object and nothing else."""
    assert ran.err == ""
    assert ran.out.count("\n") == 1
    text = json.loads(ran.out)
    assert list(text) == ["schema", "result", "unit"]
    assert text["schema"] == 1
    return ran.status, text["result"], text["unit"]
