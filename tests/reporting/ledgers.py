"""Chains of entries as a reader of the ledger finds them."""

from datetime import timedelta
from typing import NamedTuple

from firstline.ids import IncidentId
from firstline.ledger.chain import Chain, Data, Kind, append
from firstline.ledger.export import DecodedEntry, decode_entry
from tests.builders import BY, ID, NOW, A


class Said(NamedTuple):
    """An entry: its kind, what it says, and how many seconds after `NOW`."""

    kind: Kind
    data: Data
    seconds: float = 0


def chain(*said: Said, incident: IncidentId = ID, days: int = 0) -> list[DecodedEntry]:
    """The entries of one incident, in order; all so many days later."""
    held, entries = Chain(), []
    for each in said:
        at = NOW + timedelta(days=days, seconds=each.seconds)
        held, entry = append(held, incident, each.kind, at, BY, each.data)
        entries.append(decode_entry(entry))
    return entries


def heard(
    seconds: float = 0,
    *,
    severity: str | None = "P1",
    condition: str = "enclave-down",
    **more: object,
) -> Said:
    """The signal that opens an incident; it is of the second that it comes in, by default."""
    data: Data = {
        "disposition": "incident",
        "severity": severity,
        "condition": condition,
        "subject": "healthy-hosts",
        "signalled_at": NOW.isoformat(),
    }
    return Said(Kind.SIGNAL, data | more, seconds)


def joined(seconds: float, *dispositions: str, **leads: str) -> Said:
    """Signals that joined an incident."""
    return Said(
        Kind.SIGNAL,
        {"joined": [{"disposition": each} for each in dispositions], "leads": leads or None},
        seconds,
    )


def paged(seconds: float, **more: object) -> Said:
    """A page that was taken."""
    data: Data = {"channel": "pager", "action": "trigger", "outcome": "accepted"}
    return Said(Kind.PAGE, data | more, seconds)


def decided(step: str, seconds: float = 0, *no: str, action: str = "restart_enclave") -> Said:
    """A decision about a fix of `A`, and the guards that denied it."""
    guards = [{"guard": "mode_enforces", "denial": None}]
    guards += [{"guard": each, "denial": {"why": "so"}} for each in no]  # type: ignore[dict-item]
    plan = {"action": action, "targets": [A], "hash": "p1"}
    return Said(Kind.DECISION, {"step": {"type": step}, "plan": plan, "guards": guards}, seconds)


def fixed(
    seconds: float,
    token: str,
    *,
    helped: bool | None = True,
    action: str = "restart_enclave",
    plan: str = "p1",
) -> tuple[Said, ...]:
    """A fix of `A` from its intent to its verdict, a minute later; None: no verdict."""
    named: Data = {"action": action, "token": token}
    intent = named | {"targets": [A], "hosts": [A], "fence": 1, "plan": plan}
    verdict = Said(Kind.VERIFICATION, named | {"target": A, "helped": helped}, seconds + 60)
    return (
        Said(Kind.INTENT, intent, seconds),
        Said(Kind.OUTCOME, named | {"target": A, "outcome": "done"}, seconds + 5),
        *(() if helped is None else (verdict,)),
    )


def closed(seconds: float, recovered: float | None = None) -> Said:
    """The decision that it is over, after a window that began at *recovered* if it was watched."""
    step: Data = {"type": "close"}
    if recovered is not None:
        step["recovered_at"] = (NOW + timedelta(seconds=recovered)).isoformat()
    return Said(Kind.DECISION, {"step": step}, seconds)
